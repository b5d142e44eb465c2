use std::time::{Duration, SystemTime};

use http::HeaderValue;

use crate::fault_matrix::model::Range;

/// A `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    Absent,
    Text(&'static str),
    /// Bytes that are not text.
    Bytes(&'static [u8]),
    /// The date of so many seconds from now.
    In(u64),
    /// The date of so many seconds ago.
    Ago(u64),
}

impl Hint {
    pub(crate) const COMMON: [Self; 8] = [
        Self::Absent,
        Self::Text("0"),
        Self::Text("7"),
        Self::Text("86400"),
        Self::In(300),
        Self::Ago(300),
        Self::Text("soon"),
        Self::Text("-5"),
    ];

    pub(crate) const RARE: [Self; 12] = [
        Self::Text(""),
        Self::Text("1"),
        Self::Text("007"),
        Self::Text("18446744073709551615"),
        Self::Text("7.5"),
        Self::Text("7s"),
        Self::Text("7, 8"),
        Self::Text("1e3"),
        Self::Text("+7"),
        Self::Text("Sun Nov  6 08:49:37 1994"),
        Self::In(2_000_000_000),
        Self::Bytes(b"\xff7"),
    ];

    pub(crate) fn header(self) -> Option<HeaderValue> {
        let now = SystemTime::now();
        let date = |time: SystemTime| HeaderValue::try_from(httpdate::fmt_http_date(time)).unwrap();
        match self {
            Self::Absent => None,
            Self::Text(text) => Some(HeaderValue::from_static(text)),
            Self::Bytes(bytes) => Some(HeaderValue::from_bytes(bytes).unwrap()),
            Self::In(seconds) => Some(date(now + Duration::from_secs(seconds))),
            Self::Ago(seconds) => Some(date(now - Duration::from_secs(seconds))),
        }
    }

    /// The requested delay. SPEC 32: seconds, rounded up, or a date; 0, past dates and garbage are ignored.
    pub(crate) fn wish(self) -> Range {
        match self {
            Self::Text(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Range::exactly(Duration::from_secs(text.parse().unwrap()))
            }
            Self::Text("7.5") => Range::exactly(Duration::from_secs(8)),
            // A date has no fraction of a second, a call takes some time, and the server's `Date` may be a second old.
            Self::In(seconds) => {
                Range::new(Duration::from_secs(seconds - 20), Duration::from_secs(seconds + 1))
            }
            Self::Absent | Self::Text(_) | Self::Bytes(_) | Self::Ago(_) => Range::ZERO,
        }
    }
}
