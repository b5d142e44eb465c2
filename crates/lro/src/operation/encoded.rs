//! A message `google.protobuf.Any` in its binary encoding.

use super::type_url::PREFIX;
use crate::message::wire::{self, Value, WireType, write_bytes, write_key, write_varint};

/// An encoded `google.protobuf.Any` whose structure was checked.
#[derive(Clone, PartialEq)]
pub(super) struct Encoded(Box<[u8]>);

/// The fields of a `google.protobuf.Any`. An absent field is empty.
#[derive(Default)]
struct Fields<'a> {
    type_url: &'a str,
    value: &'a [u8],
}

impl Encoded {
    /// Checks the structure. The value itself is not parsed.
    pub(super) fn parse(bytes: Box<[u8]>) -> Result<Self, &'static str> {
        fields(&bytes)?;
        Ok(Self(bytes))
    }

    /// Encodes a message of this type. An empty value is omitted, as proto3 does.
    pub(super) fn pack(type_name: &str, value: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(PREFIX.len() + type_name.len() + value.len() + 2 * LONGEST_HEAD);
        write_key(TYPE_URL, WireType::Bytes, &mut bytes);
        write_varint((PREFIX.len() + type_name.len()) as u64, &mut bytes);
        bytes.extend_from_slice(PREFIX.as_bytes());
        bytes.extend_from_slice(type_name.as_bytes());
        if !value.is_empty() {
            write_key(VALUE, WireType::Bytes, &mut bytes);
            write_bytes(value, &mut bytes);
        }
        Self(bytes.into_boxed_slice())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn type_url(&self) -> &str {
        self.fields().type_url
    }

    pub(super) fn value(&self) -> &[u8] {
        self.fields().value
    }

    fn fields(&self) -> Fields<'_> {
        fields(&self.0).unwrap_or_default()
    }
}

/// Reads the fields of a `google.protobuf.Any`.
///
/// The last of duplicate fields counts, and unknown fields are skipped, as in every parser of protobuf.
fn fields(bytes: &[u8]) -> Result<Fields<'_>, &'static str> {
    let mut fields = Fields::default();
    let mut encoded = wire::Fields::new(bytes);
    while let Some(field) = encoded.next()? {
        match field {
            (TYPE_URL, Value::Bytes(url)) => {
                fields.type_url = std::str::from_utf8(url).map_err(|_| "the type is not UTF-8")?;
            }
            (VALUE, Value::Bytes(value)) => fields.value = value,
            (TYPE_URL, _) => return Err("the type is not a string"),
            (VALUE, _) => return Err("the value is not bytes"),
            _ => {}
        }
    }
    Ok(fields)
}

/// The fields of `google.protobuf.Any`, from `google/protobuf/any.proto`.
const TYPE_URL: u32 = 1;
const VALUE: u32 = 2;

/// A key of one byte and a varint of 64 bits.
const LONGEST_HEAD: usize = 11;
