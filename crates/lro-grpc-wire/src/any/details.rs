//! The ten standard details, from `google/rpc/error_details.proto`. Their fields are those of [`lro::details`].

use std::collections::BTreeMap;

use lro::{Any, details, message::Message as _, message::proto3};
use prost::Message;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::messages::Duration;

/// Converts the value of a detail. Returns `None` if the type is no standard detail or the value does not decode.
pub(super) fn to_json(name: &str, value: &[u8]) -> Option<Any> {
    macro_rules! of_type {
        ($($detail:ident)*) => {
            match name {
                $(details::$detail::TYPE_NAME => read::<$detail, details::$detail>(value),)*
                _ => None,
            }
        };
    }
    of_type!(ErrorInfo RetryInfo DebugInfo QuotaFailure PreconditionFailure BadRequest RequestInfo ResourceInfo Help LocalizedMessage)
}

/// Converts a detail to its value. Returns `None` if the type is no standard detail or the JSON does not fit.
pub(super) fn to_protobuf(name: &str, any: &Any) -> Option<Vec<u8>> {
    macro_rules! of_type {
        ($($detail:ident)*) => {
            match name {
                $(details::$detail::TYPE_NAME => write::<$detail, details::$detail>(any),)*
                _ => None,
            }
        };
    }
    of_type!(ErrorInfo RetryInfo DebugInfo QuotaFailure PreconditionFailure BadRequest RequestInfo ResourceInfo Help LocalizedMessage)
}

/// Both forms of a message have the same JSON.
fn read<P, J>(value: &[u8]) -> Option<Any>
where
    P: Message + Default + Serialize,
    J: lro::message::Message + Serialize + DeserializeOwned,
{
    let message: J = serde_json::from_value(serde_json::to_value(P::decode(value).ok()?).ok()?).ok()?;
    Any::pack(&message).ok()
}

fn write<P, J>(any: &Any) -> Option<Vec<u8>>
where
    P: Message + DeserializeOwned,
    J: lro::message::Message + Serialize + DeserializeOwned,
{
    let json = serde_json::to_value(any.decode::<J>().ok()?).ok()?;
    Some(serde_json::from_value::<P>(json).ok()?.encode_to_vec())
}

/// Declares messages whose JSON has the names of the fields in `lowerCamelCase`.
macro_rules! messages {
    ($(struct $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            #[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
            #[serde(rename_all = "camelCase", default)]
            struct $name { $($(#[$attribute])* $field: $type,)* }
        )*
    };
}

messages! {
    struct ErrorInfo {
        #[prost(string, tag = "1")]
        reason: String,
        #[prost(string, tag = "2")]
        domain: String,
        #[prost(btree_map = "string, string", tag = "3")]
        metadata: BTreeMap<String, String>,
    }

    struct RetryInfo {
        #[prost(message, optional, tag = "1")]
        #[serde(with = "duration")]
        retry_delay: Option<Duration>,
    }

    struct DebugInfo {
        #[prost(string, repeated, tag = "1")]
        stack_entries: Vec<String>,
        #[prost(string, tag = "2")]
        detail: String,
    }

    struct QuotaFailure {
        #[prost(message, repeated, tag = "1")]
        violations: Vec<QuotaViolation>,
    }

    struct QuotaViolation {
        #[prost(string, tag = "1")]
        subject: String,
        #[prost(string, tag = "2")]
        description: String,
        #[prost(string, tag = "3")]
        api_service: String,
        #[prost(string, tag = "4")]
        quota_metric: String,
        #[prost(string, tag = "5")]
        quota_id: String,
        #[prost(btree_map = "string, string", tag = "6")]
        quota_dimensions: BTreeMap<String, String>,
        #[prost(int64, tag = "7")]
        #[serde(with = "proto3")]
        quota_value: i64,
        #[prost(int64, optional, tag = "8")]
        #[serde(with = "proto3")]
        future_quota_value: Option<i64>,
    }

    struct PreconditionFailure {
        #[prost(message, repeated, tag = "1")]
        violations: Vec<PreconditionViolation>,
    }

    struct PreconditionViolation {
        #[prost(string, tag = "1")]
        r#type: String,
        #[prost(string, tag = "2")]
        subject: String,
        #[prost(string, tag = "3")]
        description: String,
    }

    struct BadRequest {
        #[prost(message, repeated, tag = "1")]
        field_violations: Vec<FieldViolation>,
    }

    struct FieldViolation {
        #[prost(string, tag = "1")]
        field: String,
        #[prost(string, tag = "2")]
        description: String,
        #[prost(string, tag = "3")]
        reason: String,
        #[prost(message, optional, tag = "4")]
        localized_message: Option<LocalizedMessage>,
    }

    struct RequestInfo {
        #[prost(string, tag = "1")]
        request_id: String,
        #[prost(string, tag = "2")]
        serving_data: String,
    }

    struct ResourceInfo {
        #[prost(string, tag = "1")]
        resource_type: String,
        #[prost(string, tag = "2")]
        resource_name: String,
        #[prost(string, tag = "3")]
        owner: String,
        #[prost(string, tag = "4")]
        description: String,
    }

    struct Help {
        #[prost(message, repeated, tag = "1")]
        links: Vec<HelpLink>,
    }

    struct HelpLink {
        #[prost(string, tag = "1")]
        description: String,
        #[prost(string, tag = "2")]
        url: String,
    }

    struct LocalizedMessage {
        #[prost(string, tag = "1")]
        locale: String,
        #[prost(string, tag = "2")]
        message: String,
    }
}

/// A duration as the string that proto3 JSON has for it.
mod duration {
    use lro::wkt;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error};

    use crate::messages::Duration;

    pub(super) fn serialize<S: Serializer>(value: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        let text = value.map(wkt::Duration::try_from).transpose();
        text.map_err(|status| S::Error::custom(status.message()))?.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<wkt::Duration>::deserialize(from)?.map(Duration::from))
    }
}
