//! The reply to a call: its body, its `Retry-After`, and the status of a failed call.

mod body;
pub(crate) mod failure;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, header};
use lro::Status;

pub(crate) use self::body::Encoding;

/// A successful reply with its whole body.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) body: Bytes,
    pub(crate) retry_after: Option<Duration>,
}

/// Reads `Retry-After`: seconds or an HTTP date. A delay of zero, a past date and other text are ignored.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let is_seconds = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let delay = if is_seconds {
        // Digits fail to parse only if the number is too large.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::now()).ok()?
    };
    (!delay.is_zero()).then_some(delay)
}

/// Adds the delay of `Retry-After` to a status.
pub(crate) fn hinted(status: Status, retry_after: Option<Duration>) -> Status {
    retry_after.into_iter().fold(status, Status::with_retry_after)
}
