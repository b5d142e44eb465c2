use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer, Serializer,
    de::{self, Visitor},
};

/// An enum value that this version does not know, kept as it came.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UnknownValue {
    /// It came by name.
    Name(Box<str>),
    /// It came by number.
    Number(i32),
}

/// What an enumeration knows of itself. Implemented by [`enumeration!`](crate::enumeration!).
pub trait Enumeration: Default + PartialEq + Sized {
    /// The value of a name.
    fn from_name(name: &str) -> Option<Self>;
    /// The value of a number.
    fn from_number(number: i32) -> Option<Self>;
    /// A value that is not known.
    fn from_unknown(value: UnknownValue) -> Self;
    /// The name on the wire, or what came instead of one that is known.
    fn to_wire(&self) -> Result<&'static str, &UnknownValue>;
}

/// Reads a value of an enumeration by name or by number.
pub fn read_enumeration<'de, T: Enumeration, D: Deserializer<'de>>(value: D) -> Result<T, D::Error> {
    value.deserialize_any(EnumerationVisitor(PhantomData))
}

/// Writes a value of an enumeration, one that is not known as it came.
pub fn write_enumeration<T: Enumeration, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    match value.to_wire() {
        Ok(name) => serializer.serialize_str(name),
        Err(UnknownValue::Name(name)) => serializer.serialize_str(name),
        Err(UnknownValue::Number(number)) => serializer.serialize_i32(*number),
    }
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

/// Declares enumerations: `"WIRE_NAME" = number => Variant`, the default first. A value that is not listed is read
/// as `Unknown` and written as it came.
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
            /// A value newer than this list, kept as it came.
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
