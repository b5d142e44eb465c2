//! The reply to a call: its body, its `Retry-After`, and the status of a failed call.

pub(crate) mod body;
mod echo;
pub(crate) mod failure;

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use lro::Status;
use serde::{Deserialize, de::IgnoredAny};

pub(crate) use self::{body::Encoding, echo::without_echo};
use crate::Token;

/// A successful reply with its whole body.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) body: Bytes,
    /// Whether the HTTP status is 202.
    pub(crate) is_accepted: bool,
    pub(crate) retry_after: Option<Duration>,
    /// The token that the call carried.
    pub(crate) token: Option<Token>,
}

/// Adds the delay of `Retry-After` to a status.
pub(crate) fn hinted(status: Status, retry_after: Option<Duration>) -> Status {
    retry_after.into_iter().fold(status, Status::with_retry_after)
}

/// Returns whether a body is an object with an error and nothing else, or an array of one such object.
///
/// Other objects with an error may be resources, such as a job that failed.
pub(crate) fn is_only_error(body: &[u8]) -> bool {
    // Most bodies begin with another member, and are not parsed twice.
    let is_filler = |byte: &u8| byte.is_ascii_whitespace() || b"\xEF\xBB\xBF[{".contains(byte);
    let start = body.iter().position(|byte| !is_filler(byte)).unwrap_or_default();
    if !body[start..].starts_with(b"\"error") {
        return false;
    }
    let members =
        lro::from_json::<Members>(body).or_else(|_| lro::from_json(body).map(|[only]: [_; 1]| only));
    members.is_ok_and(|members| !members.contains_key(&Member::Other))
}

type Members = BTreeMap<Member, IgnoredAny>;

/// A member of a reply that is an error, in Google's and in OAuth's form, or another one. The names of the others are not kept.
#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(field_identifier)]
enum Member {
    #[serde(rename = "error", alias = "error_description", alias = "error_uri")]
    Error,
    #[serde(other)]
    Other,
}
