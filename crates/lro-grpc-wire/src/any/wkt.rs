//! The well-known types of `google.protobuf`.

use base64::{Engine, prelude::BASE64_STANDARD};
use lro::{
    Any,
    message::Field,
    wkt::{self, FieldMask},
};
use prost::Message;
use serde_json::Value;

use super::json::{self, ListValue, Struct};
use crate::messages::Duration;

/// `google.protobuf.Struct`.
pub(super) const STRUCT: &str = "google.protobuf.Struct";

/// Converts the JSON of a well-known type to its encoded message.
///
/// Returns `None` if the type is not known here or the JSON does not fit.
pub(super) fn to_protobuf(name: &str, any: &str) -> Option<Vec<u8>> {
    let name = name.strip_prefix("google.protobuf.")?;
    if name == "Empty" {
        return Some(Vec::new());
    }
    let Value::Object(mut members) = serde_json::from_str(any).ok()? else {
        return None;
    };
    let value = members.remove("value")?;
    Some(match name {
        "Duration" => Duration::from(field::<wkt::Duration>(value)?).encode_to_vec(),
        "Timestamp" => Timestamp::from(field::<wkt::Timestamp>(value)?).encode_to_vec(),
        "FieldMask" => Paths { paths: field::<FieldMask>(value)?.paths }.encode_to_vec(),
        "Struct" => serde_json::from_value::<Struct>(value).ok()?.encode_to_vec(),
        "Value" => serde_json::from_value::<json::Value>(value).ok()?.encode_to_vec(),
        "ListValue" => serde_json::from_value::<ListValue>(value).ok()?.encode_to_vec(),
        // prost has the wrappers as messages of their content.
        "StringValue" => field::<String>(value)?.encode_to_vec(),
        "BytesValue" => BASE64_STANDARD.decode(value.as_str()?).ok()?.encode_to_vec(),
        "BoolValue" => field::<bool>(value)?.encode_to_vec(),
        "Int32Value" => field::<i32>(value)?.encode_to_vec(),
        "Int64Value" => field::<i64>(value)?.encode_to_vec(),
        "UInt32Value" => field::<u32>(value)?.encode_to_vec(),
        "UInt64Value" => field::<u64>(value)?.encode_to_vec(),
        "DoubleValue" => field::<f64>(value)?.encode_to_vec(),
        "FloatValue" => (field::<f64>(value)? as f32).encode_to_vec(),
        _ => return None,
    })
}

/// Converts an encoded message of a well-known type to JSON.
///
/// Returns `None` if the type is not known here or the value does not decode.
pub(super) fn to_json(name: &str, value: &[u8]) -> Option<Any> {
    let json = match name.strip_prefix("google.protobuf.")? {
        "Empty" => <()>::decode(value).ok().map(|()| Value::Object(serde_json::Map::default()))?,
        "Duration" => written(&wkt::Duration::try_from(Duration::decode(value).ok()?).ok()?)?,
        "Timestamp" => written(&wkt::Timestamp::try_from(Timestamp::decode(value).ok()?).ok()?)?,
        "FieldMask" => written(&FieldMask::new(Paths::decode(value).ok()?.paths))?,
        "Struct" => serde_json::to_value(Struct::decode(value).ok()?).ok()?,
        "Value" => serde_json::to_value(json::Value::decode(value).ok()?).ok()?,
        "ListValue" => serde_json::to_value(ListValue::decode(value).ok()?).ok()?,
        "StringValue" => written(&String::decode(value).ok()?)?,
        "BytesValue" => BASE64_STANDARD.encode(Vec::<u8>::decode(value).ok()?).into(),
        "BoolValue" => written(&bool::decode(value).ok()?)?,
        "Int32Value" => written(&i32::decode(value).ok()?)?,
        "Int64Value" => written(&i64::decode(value).ok()?)?,
        "UInt32Value" => written(&u32::decode(value).ok()?)?,
        "UInt64Value" => written(&u64::decode(value).ok()?)?,
        "DoubleValue" => written(&f64::decode(value).ok()?)?,
        "FloatValue" => written(&f64::from(f32::decode(value).ok()?))?,
        _ => return None,
    };
    Any::pack_as(name, &json).ok()
}

/// Reads a field of proto3 JSON.
fn field<T: Field>(json: Value) -> Option<T> {
    T::read(json).ok()
}

/// Writes a field of proto3 JSON.
fn written(field: &impl Field) -> Option<Value> {
    field.write(serde_json::value::Serializer).ok()
}

/// `google.protobuf.Timestamp`.
#[derive(Clone, PartialEq, Message)]
struct Timestamp {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

impl From<wkt::Timestamp> for Timestamp {
    fn from(time: wkt::Timestamp) -> Self {
        // There are less than a billion.
        Self { seconds: time.seconds(), nanos: time.subsec_nanos() as i32 }
    }
}

impl TryFrom<Timestamp> for wkt::Timestamp {
    type Error = ();

    fn try_from(time: Timestamp) -> Result<Self, ()> {
        Self::new(time.seconds, time.nanos.try_into().map_err(|_| ())?).map_err(|_| ())
    }
}

/// `google.protobuf.FieldMask`.
#[derive(Clone, PartialEq, Message)]
struct Paths {
    #[prost(string, repeated, tag = "1")]
    paths: Vec<String>,
}
