//! The ten standard details, whose messages have both forms.

use lro::{
    Any, details,
    message::{Message, encode},
};

/// Decodes a detail by its type name, and converts the message. `None` if the type is no standard detail or it does not decode.
macro_rules! converted {
    ($name:expr, $any:expr, $convert:path) => {
        converted!($name, $any, $convert: ErrorInfo RetryInfo DebugInfo QuotaFailure PreconditionFailure BadRequest
            RequestInfo ResourceInfo Help LocalizedMessage)
    };
    ($name:expr, $any:expr, $convert:path: $($detail:ident)*) => {
        match $name {
            $(details::$detail::TYPE_NAME => {
                $any.decode::<details::$detail>().and_then(|detail| $convert(&detail)).ok()
            })*
            _ => None,
        }
    };
}

/// Converts a detail in protobuf to JSON. Returns `None` if the type is no standard detail or the value does not decode.
pub(super) fn to_json(name: &str, any: &Any) -> Option<Any> {
    converted!(name, any, Any::pack)
}

/// Converts a detail in JSON to its value. Returns `None` if the type is no standard detail or the JSON does not fit.
pub(super) fn to_protobuf(name: &str, any: &Any) -> Option<Vec<u8>> {
    converted!(name, any, encode)
}
