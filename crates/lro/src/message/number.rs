use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer, Serializer,
    de::{self, Visitor},
};

use super::wire::{OTHER_TYPE, Value, Wire, WireError, WireType, write_varint};
use crate::message::Field;

/// An integer in proto3 JSON: a number or a decimal string. It is never parsed by way of a float, which could round it.
trait Integer: Copy + Default + PartialEq + std::str::FromStr + TryFrom<i64> + TryFrom<u64> {
    const EXPECTED: &'static str;
}

struct IntegerVisitor<T>(PhantomData<T>);

impl<T: Integer> Visitor<'_> for IntegerVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<T, E> {
        T::try_from(value).map_err(|_| E::invalid_value(de::Unexpected::Signed(value), &self))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<T, E> {
        T::try_from(value).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
    }

    /// Accepts integers such as `1.0` and `1e2`. Rejects values that a double cannot hold exactly.
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<T, E> {
        if value.fract() != 0.0 || value.abs() >= EXACT {
            return Err(E::invalid_value(de::Unexpected::Float(value), &self));
        }
        self.visit_i64(value as i64)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<T, E> {
        value.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(value), &self))
    }
}

/// A float in proto3 JSON: a number, a number in a string, `"NaN"`, `"Infinity"` or `"-Infinity"`.
struct DoubleVisitor;

impl Visitor<'_> for DoubleVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a number in a string")
    }

    fn visit_f64<E>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_u64<E>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<f64, E> {
        match value {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            // Rust also parses words such as `inf`, which proto3 JSON does not allow.
            _ => match value.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(number),
                _ => Err(E::invalid_value(de::Unexpected::Str(value), &self)),
            },
        }
    }
}

macro_rules! integers {
    ($($kind:ident $expected:literal $write:ident;)*) => { $(
        impl Integer for $kind {
            const EXPECTED: &'static str = $expected;
        }

        impl Field for $kind {
            fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
                value.deserialize_any(IntegerVisitor(PhantomData))
            }

            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $write(*self, serializer)
            }

            fn is_absent(&self) -> bool {
                *self == 0
            }

            const WIRE_TYPE: WireType = WireType::Varint;

            /// Keeps the low bits, as the parsers of protobuf do.
            fn read_wire(&mut self, value: Wire<'_>) -> Result<(), WireError> {
                *self = value.varint()? as Self;
                Ok(())
            }

            /// Negative numbers are written with 64 bits.
            fn write_value(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
                write_varint(*self as u64, out);
                Ok(())
            }
        }
    )* };
}

integers! {
    i32 "a 32-bit integer, as a number or a string" as_number;
    u32 "an unsigned 32-bit integer, as a number or a string" as_number;
    i64 "a 64-bit integer, as a number or a string" as_string;
    u64 "an unsigned 64-bit integer, as a number or a string" as_string;
}

fn as_number<S: Serializer>(value: impl Into<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(value.into())
}

/// proto3 JSON writes 64-bit integers as strings, because JavaScript rounds them.
fn as_string<S: Serializer>(value: impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&value)
}

impl Field for f64 {
    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_any(DoubleVisitor)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            value if value.is_finite() => serializer.serialize_f64(value),
            value if value.is_nan() => serializer.serialize_str("NaN"),
            value if value > 0.0 => serializer.serialize_str("Infinity"),
            _ => serializer.serialize_str("-Infinity"),
        }
    }

    fn is_absent(&self) -> bool {
        // Minus zero differs from the default value.
        self.to_bits() == 0
    }

    const WIRE_TYPE: WireType = WireType::Fixed64;

    fn read_wire(&mut self, value: Wire<'_>) -> Result<(), WireError> {
        let Value::Fixed64(bytes) = value.value else {
            return Err(WireError::new(OTHER_TYPE));
        };
        *self = Self::from_le_bytes(bytes);
        Ok(())
    }

    fn write_value(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        out.extend_from_slice(&self.to_le_bytes());
        Ok(())
    }
}

impl Field for f32 {
    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        let wide = f64::read(value)?;
        let narrow = wide as Self;
        if wide.is_finite() && narrow.is_infinite() {
            return Err(de::Error::invalid_value(de::Unexpected::Float(wide), &"a 32-bit float"));
        }
        Ok(narrow)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_finite() { serializer.serialize_f32(*self) } else { f64::from(*self).write(serializer) }
    }

    fn is_absent(&self) -> bool {
        self.to_bits() == 0
    }

    const WIRE_TYPE: WireType = WireType::Fixed32;

    fn read_wire(&mut self, value: Wire<'_>) -> Result<(), WireError> {
        let Value::Fixed32(bytes) = value.value else {
            return Err(WireError::new(OTHER_TYPE));
        };
        *self = Self::from_le_bytes(bytes);
        Ok(())
    }

    fn write_value(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        out.extend_from_slice(&self.to_le_bytes());
        Ok(())
    }
}

/// 2^53: every integer of a smaller magnitude has an exact double. Above it a double may be a rounded integer.
const EXACT: f64 = 9_007_199_254_740_992.0;
