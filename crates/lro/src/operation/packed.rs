use serde::{
    Deserializer,
    de::{
        self, DeserializeSeed, SeqAccess, Visitor,
        value::{BorrowedBytesDeserializer, BorrowedStrDeserializer},
    },
    forward_to_deserialize_any,
};

use super::{
    any::ANY,
    encoded::Encoded,
    type_url::after_slash,
    typed::{EMPTY, NoFields, check},
};
use crate::{
    message::{READS_WIRE, json::short_name},
    protobuf::TUPLE,
};

/// A deserializer for a message that came as protobuf.
///
/// It answers a request for the tuple struct [`TUPLE`]. `Option` and newtype structs around it pass through. `()` and
/// `Empty` accept only an `Empty`. Every other type reads JSON and is an error.
pub(super) struct Packed<'de> {
    encoded: &'de Encoded,
    awaited: &'static str,
}

impl<'de> Packed<'de> {
    /// Wraps a message that is decoded as the Rust type of this name.
    pub(super) fn new(encoded: &'de Encoded, awaited: &'static str) -> Self {
        Self { encoded, awaited }
    }

    fn type_name(&self) -> &'de str {
        after_slash(self.encoded.type_url())
    }

    fn check<E: de::Error>(&self, wanted: &str) -> Result<(), E> {
        check(Some(self.type_name()).filter(|name| !name.is_empty()).unwrap_or("no type"), wanted)
    }

    fn reads_json<E: de::Error>(&self, name: &str) -> E {
        let awaited = if name.contains('.') { name.replace('|', " or ") } else { short_name(self.awaited) };
        E::custom(format!(
            "it came as protobuf, and {awaited} is awaited, which reads JSON: await Proto<T> of its prost message"
        ))
    }
}

impl<'de> Deserializer<'de> for Packed<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(self.reads_json(""))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if name == TUPLE {
            return visitor.visit_seq(Parts::new(self.type_name(), self.encoded.value()));
        }
        Err(self.reads_json(name))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if name == ANY {
            return visitor.visit_borrowed_bytes(self.encoded.as_bytes());
        }
        // `RawValue` requests JSON text by this name.
        if name.starts_with("$serde_json") {
            return Err(self.reads_json(""));
        }
        self.check(name)?;
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    /// `()` accepts only an `Empty`.
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.check(EMPTY)?;
        visitor.visit_unit()
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if name == EMPTY {
            self.check(EMPTY)?;
            return visitor.visit_map(NoFields);
        }
        if fields == READS_WIRE {
            self.check(name)?;
            return visitor.visit_borrowed_bytes(self.encoded.value());
        }
        Err(self.reads_json(name))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        Err(self.reads_json(name))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf seq tuple unit_struct map
        identifier
    }
}

/// The elements of [`TUPLE`].
pub(super) struct Parts<'de> {
    type_name: Option<&'de str>,
    value: Option<&'de [u8]>,
}

impl<'de> Parts<'de> {
    pub(super) fn new(type_name: &'de str, value: &'de [u8]) -> Self {
        Self { type_name: Some(type_name), value: Some(value) }
    }
}

impl<'de> SeqAccess<'de> for Parts<'de> {
    type Error = serde_json::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Self::Error> {
        match (self.type_name.take(), &mut self.value) {
            (Some(name), _) => seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some),
            (None, value) => {
                value.take().map(|value| seed.deserialize(BorrowedBytesDeserializer::new(value))).transpose()
            }
        }
    }
}
