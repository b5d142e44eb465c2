//! Messages as JSON.

use bytes::Bytes;
use lro::{
    Code, Status,
    wkt::{Duration, Timestamp},
};
use serde::Serialize;
use serde_json::Value;

/// Encodes a message as a body; `INTERNAL` if JSON cannot express it.
pub(crate) fn encode(message: &impl Serialize) -> Result<Bytes, Status> {
    serde_json::to_vec(message)
        .map(Bytes::from)
        .map_err(|error| Status::new(Code::Internal, format!("cannot write the reply: {error}")))
}

/// Removes the members that proto3 JSON leaves out: those that are absent or have their defaults. The members with these names have
/// presence: they stay if they are not null.
pub(crate) fn without_defaults(message: Value, with_presence: &[&str]) -> Value {
    match message {
        Value::Object(members) => members
            .into_iter()
            .filter(|(name, value)| {
                !value.is_null() && (with_presence.contains(&name.as_str()) || !is_default(value))
            })
            .map(|(name, value)| (name, without_defaults(value, with_presence)))
            .collect(),
        Value::Array(values) => {
            values.into_iter().map(|value| without_defaults(value, with_presence)).collect()
        }
        other => other,
    }
}

/// Seconds as a `google.protobuf.Duration`, or null if they are too many.
pub(crate) fn duration(seconds: i64) -> Value {
    Duration::from_seconds(seconds).map_or(Value::Null, |duration| duration.to_string().into())
}

/// Seconds since 1970 as a `google.protobuf.Timestamp`, or null if there is no such date.
pub(crate) fn timestamp(seconds: i64) -> Value {
    Timestamp::new(seconds, 0).map_or(Value::Null, |time| time.to_string().into())
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// The `content-type` of every body of the services.
pub(crate) const CONTENT_TYPE: &str = "application/json; charset=UTF-8";
