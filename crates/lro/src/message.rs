//! Messages in proto3 JSON and in protobuf, declared by [`message!`](crate::message!) and [`enumeration!`](crate::enumeration!).
//!
//! The reader accepts `lowerCamelCase` and `snake_case` names. It accepts `null` for an absent field, and a string for a
//! number. It ignores unknown fields. A value of a wrong type is an error.
//!
//! The writer uses `lowerCamelCase` names. It omits fields that have their default value.
//!
//! A message whose fields have numbers also has the binary form of protobuf. [`Any::decode`](crate::Any::decode) then reads it
//! from either, and [`encode`] writes the binary form.

mod declare;
mod enumeration;
mod field;
mod first;
pub(crate) mod json;
mod number;
pub mod proto3;
pub(crate) mod wire;
pub mod wkt;

use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer, Serialize, Serializer,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor},
    ser::SerializeMap,
};

#[doc(hidden)]
pub use self::declare::{camel_bytes, camel_len, snake_case};
pub(crate) use self::first::First;
pub use self::{
    enumeration::{
        Enumeration, UnknownValue, read_enumeration, read_enumeration_wire, write_enumeration,
        write_enumeration_wire,
    },
    field::{Field, Written, read_nullable},
    wire::{Wire, WireError, WireType, encode},
};

/// A message of named fields.
///
/// [`message!`](crate::message!) implements this trait.
pub trait Message: Default {
    /// The full name, such as `google.rpc.ErrorInfo`.
    const TYPE_NAME: &'static str;
    /// Every full name of the message, joined by `|`. [`TYPE_NAME`](Self::TYPE_NAME) comes first.
    const TYPE_NAMES: &'static str;
    /// The `snake_case` and the `lowerCamelCase` name of every field, in the order of the declaration.
    const FIELDS: &'static [(&'static str, &'static str)];

    /// The number of every field in the binary form, in the same order. 0 if the declaration has none.
    const NUMBERS: &'static [u32];

    /// Reads a value into the field at this index of [`FIELDS`](Self::FIELDS).
    fn read_field<'de, D: Deserializer<'de>>(&mut self, index: usize, value: D) -> Result<(), D::Error>;

    /// Writes every field that is not absent. The field whose `snake_case` name is `but` is skipped.
    fn write_fields<M: SerializeMap>(&self, but: Option<&str>, map: &mut M) -> Result<(), M::Error>;

    /// Reads a value of the binary form into the field at this index.
    ///
    /// # Errors
    ///
    /// If the value is not one of the field's type.
    fn read_wire_field(&mut self, index: usize, value: Wire<'_>) -> Result<(), WireError>;

    /// Writes every field that is not absent in the binary form.
    ///
    /// # Errors
    ///
    /// If a value has no binary form.
    fn write_wire_fields(&self, out: &mut Vec<u8>) -> Result<(), WireError>;
}

/// A message that serializes without one of its fields: the body of a request whose URL path has that field.
#[derive(Debug)]
pub struct Without<'a, M> {
    message: &'a M,
    field: &'static str,
}

impl<'a, M: Message> Without<'a, M> {
    /// Omits the field of this `snake_case` name.
    pub fn new(message: &'a M, field: &'static str) -> Self {
        Self { message, field }
    }
}

impl<M: Message> Serialize for Without<'_, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.message.write_fields(Some(self.field), &mut map)?;
        map.end()
    }
}

/// Reads a message. The deserializer receives the full names as the name of a struct.
pub fn read<'de, M: Message, D: Deserializer<'de>>(deserializer: D) -> Result<M, D::Error> {
    deserializer.deserialize_struct(M::TYPE_NAMES, READS_WIRE, MessageVisitor(PhantomData))
}

/// The fields that a message of [`message!`](crate::message!) names to its deserializer, which may then return the binary form.
pub(crate) const READS_WIRE: &[&str] = &["$lro::message"];

/// Writes the length and the fields of a message in the binary form.
#[doc(hidden)]
pub fn write_message_value<M: Message>(message: &M, out: &mut Vec<u8>) -> Result<(), WireError> {
    let mut fields = Vec::new();
    wire::write_message(message, &mut fields)?;
    wire::write_bytes(&fields, out);
    Ok(())
}

/// Writes a message.
pub fn write<M: Message, S: Serializer>(message: &M, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    message.write_fields(None, &mut map)?;
    map.end()
}

struct MessageVisitor<M>(PhantomData<M>);

impl<'de, M: Message> Visitor<'de> for MessageVisitor<M> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object, {}", M::TYPE_NAME)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<M, A::Error> {
        let mut message = M::default();
        let mut next = 0;
        while let Some(index) = map.next_key_seed(FieldNames { fields: M::FIELDS, next })? {
            if let Some(index) = index {
                map.next_value_seed(FieldValue { message: &mut message, index })?;
                next = index + 1;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(message)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<M, E> {
        let mut message = M::default();
        wire::merge(&mut message, bytes, 0).map_err(E::custom)?;
        Ok(message)
    }
}

/// Finds the index of a field by its name.
///
/// The search starts after the previous field, because writers keep the order of the declaration.
struct FieldNames {
    fields: &'static [(&'static str, &'static str)],
    next: usize,
}

impl<'de> DeserializeSeed<'de> for FieldNames {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for FieldNames {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        let (before, after) = self.fields.split_at(self.next.min(self.fields.len()));
        // Forms of equal length are equal, so one comparison is enough.
        let is_key =
            |(snake, camel): &(&str, &str)| key == *camel || (snake.len() != camel.len() && key == *snake);
        let later = after.iter().position(is_key).map(|index| index + before.len());
        Ok(later.or_else(|| before.iter().position(is_key)))
    }
}

struct FieldValue<'a, M> {
    message: &'a mut M,
    index: usize,
}

impl<'de, M: Message> DeserializeSeed<'de> for FieldValue<'_, M> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        self.message.read_field(self.index, value)
    }
}
