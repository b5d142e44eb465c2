//! The well-known types of `google.protobuf` with a special JSON form.

mod duration;
mod empty;
mod field_mask;
mod parts;
mod timestamp;

pub use self::{duration::Duration, empty::Empty, field_mask::FieldMask, timestamp::Timestamp};

/// Implements `Deserialize`, `Serialize` and `Field` for a type whose JSON is a string, by `FromStr` and `Display`.
macro_rules! json_string {
    ($name:ident, $type_name:literal, $parts:ty) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;

                impl<'de> serde::de::Visitor<'de> for Text {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("a string, ", $type_name))
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        // Callers remove the value from an `invalid_value` error. It may be a secret of the caller.
                        let refused =
                            |_: crate::Status| E::invalid_value(serde::de::Unexpected::Str(text), &self);
                        text.parse().map_err(refused)
                    }

                    fn visit_newtype_struct<D: serde::Deserializer<'de>>(
                        self,
                        text: D,
                    ) -> Result<$name, D::Error> {
                        text.deserialize_str(self)
                    }
                }
                // Passes the full name, which an `Any` compares with its type.
                deserializer.deserialize_newtype_struct($type_name, Text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl crate::message::Field for $name {
            fn read<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
                serde::Deserialize::deserialize(value)
            }

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }

            /// Always `false`. A field that can be absent is declared as an `Option`.
            fn is_absent(&self) -> bool {
                false
            }

            const WIRE_TYPE: crate::message::WireType = crate::message::WireType::Bytes;

            fn read_wire(
                &mut self,
                value: crate::message::Wire<'_>,
            ) -> Result<(), crate::message::WireError> {
                let mut parts = <$parts>::default();
                value.message(&mut parts)?;
                *self = parts.try_into()?;
                Ok(())
            }

            fn write_value(&self, out: &mut Vec<u8>) -> Result<(), crate::message::WireError> {
                crate::message::write_message_value(&<$parts>::from(self), out)
            }
        }
    };
}
use json_string;
