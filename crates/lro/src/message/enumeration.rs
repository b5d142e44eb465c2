use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer, Serializer,
    de::{self, Visitor},
};

use super::{
    Field,
    wire::{Wire, WireError},
};

/// An enum value that the declaration does not list, stored as it was received.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UnknownValue {
    /// The name of the value.
    Name(Box<str>),
    /// The number of the value.
    Number(i32),
}

/// An enum with a name and a number for each value.
///
/// [`enumeration!`](crate::enumeration!) implements this trait.
pub trait Enumeration: Default + PartialEq + Sized {
    /// Returns the value of a name.
    fn from_name(name: &str) -> Option<Self>;
    /// Returns the value of a number.
    fn from_number(number: i32) -> Option<Self>;
    /// Creates the variant for an unlisted value.
    fn from_unknown(value: UnknownValue) -> Self;
    /// Returns the name on the wire. Returns the received value as `Err` if it is not listed.
    fn to_wire(&self) -> Result<&'static str, &UnknownValue>;
    /// Returns the number. Returns `None` if only a name was received.
    fn number(&self) -> Option<i32>;
}

/// Reads a value of an enumeration from its name or its number.
pub fn read_enumeration<'de, T: Enumeration, D: Deserializer<'de>>(value: D) -> Result<T, D::Error> {
    value.deserialize_any(EnumerationVisitor(PhantomData))
}

/// Writes a value of an enumeration by name. An unlisted value is written as it was received.
pub fn write_enumeration<T: Enumeration, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    match value.to_wire() {
        Ok(name) => serializer.serialize_str(name),
        Err(UnknownValue::Name(name)) => serializer.serialize_str(name),
        Err(UnknownValue::Number(number)) => serializer.serialize_i32(*number),
    }
}

/// Reads a value of an enumeration from its number on the wire.
#[doc(hidden)]
pub fn read_enumeration_wire<T: Enumeration>(value: Wire<'_>) -> Result<T, WireError> {
    let number = value.varint()? as i32;
    Ok(T::from_number(number).unwrap_or_else(|| T::from_unknown(UnknownValue::Number(number))))
}

/// Writes the number of a value of an enumeration.
#[doc(hidden)]
pub fn write_enumeration_wire<T: Enumeration>(value: &T, out: &mut Vec<u8>) -> Result<(), WireError> {
    let number = value.number().ok_or_else(|| WireError::new("a value of an enumeration has a name only"))?;
    number.write_value(out)
}

struct EnumerationVisitor<T>(PhantomData<T>);

impl<T: Enumeration> EnumerationVisitor<T> {
    fn number<E: de::Error>(number: Option<i32>) -> Result<T, E> {
        let number = number.ok_or_else(|| E::custom("an enum number is a 32-bit integer"))?;
        Ok(T::from_number(number).unwrap_or_else(|| T::from_unknown(UnknownValue::Number(number))))
    }
}

impl<T: Enumeration> Visitor<'_> for EnumerationVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name or number of an enum value")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<T, E> {
        Ok(T::from_name(name).unwrap_or_else(|| T::from_unknown(UnknownValue::Name(name.into()))))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        Self::number(i32::try_from(number).ok())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        Self::number(i32::try_from(number).ok())
    }
}

/// Declares enumerations that are read and written as proto3 JSON.
///
/// Each value is declared as `"WIRE_NAME" = number => Variant`. The first is the default. An unlisted value is read as
/// `Unknown` and written as it was received.
///
/// ```
/// lro::enumeration! {
///     /// The size of the paper.
///     pub enum Paper {
///         /// The printer chooses.
///         "PAPER_UNSPECIFIED" = 0 => Unspecified,
///         /// 210 x 297 mm.
///         "A4" = 1 => A4,
///     }
/// }
///
/// assert_eq!(serde_json::from_str::<Paper>("1")?, Paper::A4);
/// assert_eq!(serde_json::to_string(&serde_json::from_str::<Paper>(r#""A5""#)?)?, r#""A5""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! enumeration {
    ($(
        $(#[$meta:meta])*
        pub enum $name:ident {
            $(#[$first_meta:meta])* $first_wire:literal = $first_number:literal => $first:ident,
            $( $(#[$variant_meta:meta])* $wire:literal = $number:literal => $variant:ident, )*
        }
    )+) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[$first_meta])* #[default] $first,
            $( $(#[$variant_meta])* $variant, )*
            /// A value that this version does not list, stored as it was received.
            Unknown($crate::message::UnknownValue),
        }

        impl $crate::message::Enumeration for $name {
            fn from_name(name: &str) -> ::core::option::Option<Self> {
                match name {
                    $first_wire => ::core::option::Option::Some(Self::$first),
                    $( $wire => ::core::option::Option::Some(Self::$variant), )*
                    _ => ::core::option::Option::None,
                }
            }

            fn from_number(number: i32) -> ::core::option::Option<Self> {
                match number {
                    $first_number => ::core::option::Option::Some(Self::$first),
                    $( $number => ::core::option::Option::Some(Self::$variant), )*
                    _ => ::core::option::Option::None,
                }
            }

            fn from_unknown(value: $crate::message::UnknownValue) -> Self {
                Self::Unknown(value)
            }

            fn to_wire(&self) -> ::core::result::Result<&'static str, &$crate::message::UnknownValue> {
                match self {
                    Self::$first => ::core::result::Result::Ok($first_wire),
                    $( Self::$variant => ::core::result::Result::Ok($wire), )*
                    Self::Unknown(value) => ::core::result::Result::Err(value),
                }
            }

            fn number(&self) -> ::core::option::Option<i32> {
                match self {
                    Self::$first => ::core::option::Option::Some($first_number),
                    $( Self::$variant => ::core::option::Option::Some($number), )*
                    Self::Unknown($crate::message::UnknownValue::Number(number)) => {
                        ::core::option::Option::Some(*number)
                    }
                    Self::Unknown($crate::message::UnknownValue::Name(_)) => ::core::option::Option::None,
                }
            }
        }

        impl $crate::message::Field for $name {
            fn read<'de, D: $crate::__serde::Deserializer<'de>>(
                value: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::message::read_enumeration(value)
            }

            fn write<S: $crate::__serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::message::write_enumeration(self, serializer)
            }

            fn is_absent(&self) -> bool {
                *self == Self::default()
            }

            const WIRE_TYPE: $crate::message::WireType = $crate::message::WireType::Varint;

            fn read_wire(
                &mut self,
                value: $crate::message::Wire<'_>,
            ) -> ::core::result::Result<(), $crate::message::WireError> {
                *self = $crate::message::read_enumeration_wire(value)?;
                ::core::result::Result::Ok(())
            }

            fn write_value(
                &self,
                out: &mut ::std::vec::Vec<u8>,
            ) -> ::core::result::Result<(), $crate::message::WireError> {
                $crate::message::write_enumeration_wire(self, out)
            }
        }

        impl<'de> $crate::__serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::message::read_enumeration(deserializer)
            }
        }

        impl $crate::__serde::Serialize for $name {
            fn serialize<S: $crate::__serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::message::write_enumeration(self, serializer)
            }
        }
    )+ };
}
