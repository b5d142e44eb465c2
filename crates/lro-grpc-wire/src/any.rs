//! `google.protobuf.Any` in JSON and in protobuf.
//!
//! An [`Any`] stays as it was received. Only the ten standard details of `google.rpc` and the well-known types of
//! `google.protobuf` are converted, because their fields are known here. The well-known types are `Empty`, `Duration`,
//! `Timestamp`, `FieldMask`, `Struct`, `Value`, `ListValue` and the wrappers such as `StringValue`.

mod details;
mod json;
mod wkt;

use lro::{Any, Code, Status};
use prost::Message;

pub(crate) use self::json::Struct;

/// Returns an `Any` as an encoded `google.protobuf.Any`.
///
/// JSON of a type that is not known here becomes a `google.protobuf.Struct` of all its members, `@type` included. Its numbers
/// are then doubles.
///
/// # Errors
///
/// `INTERNAL` if the JSON is nested too deeply, or has a number beyond the range of a double.
pub fn to_protobuf(any: &Any) -> Result<Vec<u8>, Status> {
    let Some(json) = any.as_json() else {
        return Ok(any.as_protobuf().unwrap_or_default().to_vec());
    };
    let name = any.type_name().unwrap_or_default();
    let known = details::to_protobuf(&name, any).or_else(|| wkt::to_protobuf(&name, json));
    let packed = match known {
        Some(value) => Any::pack_protobuf(&name, &value),
        None => {
            let members: Struct = serde_json::from_str(json).map_err(|error| {
                Status::new(Code::Internal, format!("cannot encode JSON as protobuf: {error}"))
            })?;
            Any::pack_protobuf(wkt::STRUCT, &members.encode_to_vec())
        }
    };
    Ok(packed.as_protobuf().unwrap_or_default().to_vec())
}

/// Returns the JSON form of an `Any` that came as protobuf.
///
/// Returns `None` if its type is not known here, if its value does not decode, and if it came as JSON.
pub fn to_json(any: &Any) -> Option<Any> {
    let (name, value) = (any.type_name()?, any.protobuf_value()?);
    details::to_json(&name, any).or_else(|| wkt::to_json(&name, value))
}
