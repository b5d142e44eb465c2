//! The header `grpc-timeout`: the time that the client gives a call.

use std::time::Duration;

use http::{HeaderName, HeaderValue};

/// The name of the header.
pub const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// Formats a timeout in the finest unit in which it has eight digits.
///
/// The value is rounded down and is at least 1: `0` is no valid timeout of some servers. It is at most 99,999,999 hours.
///
/// ```
/// use std::time::Duration;
/// use lro_grpc_wire::timeout;
///
/// assert_eq!(timeout::format(Duration::from_secs(30)), "30000000u");
/// ```
pub fn format(timeout: Duration) -> HeaderValue {
    let nanos = timeout.as_nanos();
    let fits = UNITS.into_iter().find(|(_, unit)| nanos / unit <= MOST);
    let (letter, unit) = fits.unwrap_or(UNITS[UNITS.len() - 1]);
    let value = (nanos / unit).clamp(1, MOST);
    // Digits and a letter are always valid in a header.
    HeaderValue::try_from(format!("{value}{letter}")).unwrap_or_else(|_| HeaderValue::from_static("1n"))
}

/// Parses a timeout. Returns `None` if the text has another form.
pub fn parse(text: &HeaderValue) -> Option<Duration> {
    let (digits, letter) = text.to_str().ok()?.split_at_checked(text.len().checked_sub(1)?)?;
    let (_, unit) = UNITS.into_iter().find(|(known, _)| letter == *known)?;
    let is_number = (1..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let value: u128 = digits.parse().ok().filter(|_| is_number)?;
    let nanos = value * unit;
    let seconds = u64::try_from(nanos / SECOND).ok()?;
    Some(Duration::new(seconds, (nanos % SECOND) as u32))
}

/// The largest value, which has the eight digits that the protocol allows.
const MOST: u128 = 99_999_999;

/// The units, the finest first, and their nanoseconds.
const UNITS: [(&str, u128); 6] =
    [("n", 1), ("u", 1_000), ("m", 1_000_000), ("S", SECOND), ("M", 60 * SECOND), ("H", 3_600 * SECOND)];

const SECOND: u128 = 1_000_000_000;
