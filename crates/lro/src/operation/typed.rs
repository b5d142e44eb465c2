use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor, value::MapAccessDeserializer},
    forward_to_deserialize_any,
};

use super::{key::Key, packed::Parts};
use crate::{protobuf::TUPLE, status::excerpt::Excerpt};

/// A deserializer for a message of a known type.
///
/// It hides `@type` and rejects a struct whose full name differs. A full name contains a dot. The name of a derived struct
/// has no dot and is not compared.
pub(crate) struct Typed<'a, D> {
    inner: D,
    type_name: &'a str,
    hides_type: bool,
}

impl<'a, D> Typed<'a, D> {
    /// Wraps an object that has `@type` among its fields.
    pub(crate) fn object(inner: D, type_name: &'a str) -> Self {
        Self { inner, type_name, hides_type: true }
    }

    /// Wraps the value of the key `value`.
    pub(crate) fn value(inner: D, type_name: &'a str) -> Self {
        Self { inner, type_name, hides_type: false }
    }

    fn check<E: de::Error>(&self, wanted: &str) -> Result<(), E> {
        check(Some(self.type_name).filter(|name| !name.is_empty()).unwrap_or("no @type"), wanted)
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Typed<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        if self.hides_type {
            self.inner.deserialize_map(WithoutType(visitor))
        } else {
            self.inner.deserialize_any(visitor)
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.check(name)?;
        self.deserialize_any(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if name == TUPLE {
            return Err(de::Error::custom(
                "it came as JSON, and a protobuf message is awaited: await a type of serde's, or ask over gRPC",
            ));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        // `RawValue` requests the text by this name.
        if name.starts_with("$serde_json") {
            return self.inner.deserialize_newtype_struct(name, visitor);
        }
        self.check(name)?;
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.check(name)?;
        if self.hides_type {
            self.inner.deserialize_map(VariantVisitor { name, variants, visitor })
        } else {
            self.inner.deserialize_enum(name, variants, visitor)
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        visitor.visit_some(self)
    }

    /// `()` accepts an `Empty`, and an object without a type: nothing says that it is another one.
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        if !self.type_name.is_empty() {
            self.check(EMPTY)?;
        }
        IgnoredAny::deserialize(self.inner)?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.check(name)?;
        IgnoredAny::deserialize(self.inner)?;
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_ignored_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf seq tuple map identifier
    }
}

/// A response that was not sent. Only `Empty` and `()` can be read from it, and a protobuf message as `Empty`.
pub(crate) struct NoResponse;

impl<'de> Deserializer<'de> for NoResponse {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("no response"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if name == EMPTY {
            return visitor.visit_map(NoFields);
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if name == TUPLE {
            return visitor.visit_seq(Parts::new(EMPTY, b""));
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf seq tuple map identifier option unit_struct newtype_struct enum ignored_any
    }
}

/// The fields of an `Empty`.
pub(super) struct NoFields;

impl<'de> MapAccess<'de> for NoFields {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, _: K) -> Result<Option<K::Value>, Self::Error> {
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("no value"))
    }
}

/// Forwards a map to the visitor without the entry `@type`.
struct WithoutType<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for WithoutType<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(FieldsOnly(map))
    }
}

/// Reads an enum from an object that has `@type` and one other entry.
struct VariantVisitor<V> {
    name: &'static str,
    variants: &'static [&'static str],
    visitor: V,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for VariantVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let mut fields = FieldsOnly(map);
        let variant = MapAccessDeserializer::new(&mut fields);
        let value = variant.deserialize_enum(self.name, self.variants, self.visitor)?;
        match fields.next_key::<IgnoredAny>()? {
            None => Ok(value),
            Some(_) => Err(de::Error::custom("more than one variant of an enum")),
        }
    }
}

struct FieldsOnly<A>(A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for FieldsOnly<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(Text(key)) = self.0.next_key()? {
            if key == "@type" {
                self.0.next_value::<IgnoredAny>()?;
                continue;
            }
            return seed.deserialize(Key(key)).map(Some).map_err(de::Error::custom);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}

/// A string that borrows from the input if it has no escapes.
pub(crate) struct Text<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor<'de>(PhantomData<&'de ()>);

        impl<'de> Visitor<'de> for TextVisitor<'de> {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor(PhantomData))
    }
}

/// Returns whether the name is in a list joined by `|`.
pub(crate) fn is_one_of(name: &str, names: &str) -> bool {
    names.split('|').any(|one| one == name)
}

/// Rejects a type that is none of these full names. A name without a dot accepts every type.
pub(super) fn check<E: de::Error>(found: &str, wanted: &str) -> Result<(), E> {
    if !wanted.contains('.') || is_one_of(found, wanted) {
        return Ok(());
    }
    let found = Excerpt::new(found, LONGEST_TYPE);
    Err(E::custom(format!("expected {}, found {found}", wanted.replace('|', " or "))))
}

/// The type of a response without content.
pub(crate) const EMPTY: &str = "google.protobuf.Empty";

/// The longest name of a type that is shown, in characters. Full names in use are shorter.
pub(crate) const LONGEST_TYPE: usize = 200;
