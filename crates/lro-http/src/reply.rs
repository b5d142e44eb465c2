//! A reply: its body, its hint when to ask again, and its failure.

mod body;
pub(crate) mod failure;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, header};
use lro::Status;

pub(crate) use self::body::Encoding;

/// A reply that was read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) body: Bytes,
    pub(crate) retry_after: Option<Duration>,
}

/// Seconds or an HTTP date; what is past, zero or garbage is no wish.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let wish = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let is_seconds = !wish.is_empty() && wish.bytes().all(|byte| byte.is_ascii_digit());
    let delay = if is_seconds {
        // Only what is too large to be told does not parse.
        Duration::from_secs(wish.parse().unwrap_or(u64::MAX))
    } else {
        httpdate::parse_http_date(wish).ok()?.duration_since(SystemTime::now()).ok()?
    };
    (!delay.is_zero()).then_some(delay)
}

/// A failed call, with what the server asked to wait.
pub(crate) fn hinted(status: Status, retry_after: Option<Duration>) -> Status {
    retry_after.into_iter().fold(status, Status::with_retry_after)
}
