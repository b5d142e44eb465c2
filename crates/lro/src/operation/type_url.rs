//! The type of an `Any`.

use std::{borrow::Cow, fmt};

use serde::{
    Deserializer,
    de::{self, IgnoredAny, MapAccess, Visitor},
};

use super::typed::Text;

/// Returns the value of `@type` in an object.
pub(super) fn find_type(json: &str) -> Option<Cow<'_, str>> {
    let mut found = None;
    // Stops at `@type`. Writers put it first, so the rest of the text is usually not parsed.
    let _ = serde_json::Deserializer::from_str(json).deserialize_map(FindType(&mut found));
    found
}

/// Stores the first `@type` in the slot, then returns an error to stop the parser.
struct FindType<'a, 'de>(&'a mut Option<Cow<'de, str>>);

impl<'de> Visitor<'de> for FindType<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text<'de>>()? {
            if key.0 == "@type" {
                *self.0 = Some(map.next_value::<Text<'de>>()?.0);
                return Err(de::Error::custom("found"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Returns whether the type has a special JSON form, which an `Any` stores under `value`.
pub(super) fn has_own_form(type_name: &str) -> bool {
    type_name.strip_prefix("google.protobuf.").is_some_and(|name| OWN_FORM.contains(&name))
}

pub(super) fn after_slash(url: &str) -> &str {
    url.rsplit_once('/').map_or(url, |(_, name)| name)
}

/// The prefix that `google/protobuf/any.proto` defines for packed messages.
pub(super) const PREFIX: &str = "type.googleapis.com/";

/// The types of `google.protobuf` that proto3 JSON does not map to an object of their fields.
const OWN_FORM: [&str; 17] = [
    "Any",
    "BoolValue",
    "BytesValue",
    "DoubleValue",
    "Duration",
    "Empty",
    "FieldMask",
    "FloatValue",
    "Int32Value",
    "Int64Value",
    "ListValue",
    "StringValue",
    "Struct",
    "Timestamp",
    "UInt32Value",
    "UInt64Value",
    "Value",
];
