//! The JSON in which an [`Any`] is stored.
//!
//! An `Any` that came as JSON is stored as its text. One that came as protobuf is stored as
//! `{"@type": <type URL>, "$lro.protobuf": <the encoded message in base64>}`. Its `@type` is for readers of the stored data.
//!
//! The peer decides on the text of a reply, so a text that has this form must not be read as protobuf. In a reply it is read
//! as any other JSON, and it is stored as `{"$lro.json": <text>}`.

use std::{borrow::Cow, cell::Cell, fmt};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{
    Deserializer, Serialize, Serializer,
    de::{self, IgnoredAny, MapAccess, Visitor},
    ser::SerializeMap,
};
use serde_json::value::RawValue;

use super::{
    any::{ANY, Any},
    encoded::Encoded,
    typed::Text,
};

/// Writes JSON as its text. A text that looks like a stored form is written in one.
pub(super) fn write_json<S: Serializer>(json: &RawValue, serializer: S) -> Result<S::Ok, S::Error> {
    match Mark::find(json.get()) {
        None => json.serialize(serializer),
        Some(_) => {
            serializer.serialize_newtype_struct(ANY, &Form { type_url: "", mark: JSON, content: json.get() })
        }
    }
}

/// Writes an encoded message.
pub(super) fn write_protobuf<S: Serializer>(encoded: &Encoded, serializer: S) -> Result<S::Ok, S::Error> {
    let content = BASE64_STANDARD.encode(encoded.as_bytes());
    let form = Form { type_url: encoded.type_url(), mark: PROTOBUF, content: &content };
    serializer.serialize_newtype_struct(ANY, &form)
}

/// Reads an `Any` from JSON. Returns `None` if it is not an object.
pub(super) fn read(json: Box<RawValue>) -> Result<Option<Any>, String> {
    let restored = if IN_REPLY.get() { None } else { restore(json.get()) };
    restored.map_or_else(|| Ok(Any::from_raw(json)), |restored| restored.map(Some))
}

/// Restores the `Any` from a stored form. Returns `None` if the text has no such form.
pub(super) fn restore(json: &str) -> Option<Result<Any, String>> {
    let Mark { name, content } = Mark::find(json)?;
    let restored = match content {
        None => Err(format!("{name} is not a string")),
        Some(text) if name == JSON => Any::from_json(text).map_err(|status| status.message().to_owned()),
        Some(base64) => BASE64_STANDARD
            .decode(&*base64)
            .map_err(|fault| format!("not base64: {fault}"))
            .and_then(|encoded| Any::from_protobuf(encoded).map_err(|status| status.message().to_owned())),
    };
    Some(restored.map_err(|fault| format!("a stored Any is damaged: {fault}")))
}

/// Runs the parser of a reply. An `Any` in it is JSON, whatever the peer wrote.
///
/// Deserializers have no context that could pass this to the `Any` inside a type of the caller, so it is a state of the
/// thread while the parser runs.
pub(crate) fn in_reply<T>(parse: impl FnOnce() -> T) -> T {
    struct Restore(bool);

    impl Drop for Restore {
        fn drop(&mut self) {
            IN_REPLY.set(self.0);
        }
    }
    let _restore = Restore(IN_REPLY.replace(true));
    parse()
}

thread_local! {
    static IN_REPLY: Cell<bool> = const { Cell::new(false) };
}

/// A stored form: an object with a mark.
struct Form<'a> {
    type_url: &'a str,
    mark: &'static str,
    content: &'a str,
}

impl Serialize for Form<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.type_url.is_empty() {
            map.serialize_entry("@type", self.type_url)?;
        }
        map.serialize_entry(self.mark, self.content)?;
        map.end()
    }
}

/// The key by which a stored form is recognized, and its value if that is a string.
///
/// Only `@type` comes before it, so that a long text is not parsed to the end.
struct Mark<'a> {
    name: &'static str,
    content: Option<Cow<'a, str>>,
}

impl<'a> Mark<'a> {
    fn find(json: &'a str) -> Option<Self> {
        let mut found = None;
        // The visitor stops by an error.
        let _ = serde_json::Deserializer::from_str(json).deserialize_map(FindMark(&mut found));
        found
    }
}

struct FindMark<'a, 'de>(&'a mut Option<Mark<'de>>);

impl<'de> Visitor<'de> for FindMark<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            if key == "@type" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if let Some(name) = [PROTOBUF, JSON].into_iter().find(|name| *name == key) {
                let content = map.next_value::<Text<'de>>().ok().map(|text| text.0);
                *self.0 = Some(Mark { name, content });
            }
            break;
        }
        Err(de::Error::custom("found"))
    }
}

const PROTOBUF: &str = "$lro.protobuf";
const JSON: &str = "$lro.json";
