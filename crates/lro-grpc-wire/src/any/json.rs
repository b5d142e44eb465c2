//! Any JSON as protobuf, from `google/protobuf/struct.proto`.

use std::collections::BTreeMap;

use prost::{Message, Oneof};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An object, `google.protobuf.Struct`.
#[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Struct {
    #[prost(btree_map = "string, message", tag = "1")]
    fields: BTreeMap<String, Value>,
}

/// An array, `google.protobuf.ListValue`.
#[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ListValue {
    #[prost(message, repeated, tag = "1")]
    values: Vec<Value>,
}

/// A value, `google.protobuf.Value`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Value {
    #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 6")]
    kind: Option<Kind>,
}

#[derive(Clone, PartialEq, Oneof, Serialize, Deserialize)]
#[serde(untagged)]
enum Kind {
    /// The number of `NULL_VALUE`, the only value of its enum.
    #[prost(int32, tag = "1")]
    Null(#[serde(with = "null")] i32),
    #[prost(double, tag = "2")]
    Number(#[serde(serialize_with = "write_number")] f64),
    #[prost(string, tag = "3")]
    Text(String),
    #[prost(bool, tag = "4")]
    Bool(bool),
    #[prost(message, tag = "5")]
    Object(Struct),
    #[prost(message, tag = "6")]
    Array(ListValue),
}

/// A value without a kind is written as null. JSON has neither NaN nor infinities: they are written as null too.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.kind.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Kind::deserialize(deserializer).map(|kind| Self { kind: Some(kind) })
    }
}

/// Writes a whole number without a fraction, so that it is read as an integer too.
fn write_number<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.fract() == 0.0 && number.abs() < EXACT {
        return serializer.serialize_i64(*number as i64);
    }
    serializer.serialize_f64(*number)
}

/// From 2^53 on, not every integer is a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

mod null {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(_: &i32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
        <()>::deserialize(deserializer).map(|()| 0)
    }
}
