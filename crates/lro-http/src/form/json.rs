//! Values in JSON text. Only what is asked for is parsed: a tree of the whole reply takes many times its length.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeOwned, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// Returns the value at a path. An empty path has none.
pub(super) fn field<'a>(from: &'a RawValue, path: &str) -> Option<&'a RawValue> {
    if path.is_empty() {
        return None;
    }
    let member = |from: &'a RawValue, name| {
        serde_json::Deserializer::from_str(from.get()).deserialize_map(Member(name)).ok()?
    };
    path.split('.').try_fold(from, member)
}

/// Returns the value at a path as a `T`. `None` if it is another value.
pub(super) fn read<T: DeserializeOwned>(from: &RawValue, path: &str) -> Option<T> {
    serde_json::from_str(field(from, path)?.get()).ok()
}

/// Returns the text at a path. `None` if it is another value.
pub(super) fn text(from: &RawValue, path: &str) -> Option<String> {
    read(from, path)
}

pub(super) fn is_object(value: &RawValue) -> bool {
    value.get().starts_with('{')
}

/// Returns the first items of a list. `None` if the value is no list.
pub(super) fn items(list: &RawValue, most: usize) -> Option<Vec<&RawValue>> {
    let mut items = Vec::new();
    // The visitor stops by an error.
    let _ = serde_json::Deserializer::from_str(list.get()).deserialize_seq(Items(&mut items, most));
    list.get().starts_with('[').then_some(items)
}

/// Finds a member by its name. The last of several counts.
struct Member<'a>(&'a str);

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<String>()? {
            if name == self.0 {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

struct Items<'a, 'de>(&'a mut Vec<&'de RawValue>, usize);

impl<'de> Visitor<'de> for Items<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while self.0.len() < self.1
            && let Some(item) = list.next_element()?
        {
            self.0.push(item);
        }
        Err(A::Error::custom("found"))
    }
}
