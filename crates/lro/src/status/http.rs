//! Replies to HTTP calls, for transports over any HTTP client.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

use super::{
    Status,
    failed::{Failed, by_line},
};

impl Status {
    /// Reads the reply to a failed HTTP call.
    ///
    /// The name in `error.status` takes precedence over the status line. The body may have Google's form
    /// (`{"error": {"code", "message", "status", "details"}}`), this form in an array of one element, OAuth's
    /// `"error": "name"`, the legacy `errors[]`, or a `message`, `title` or `detail` of its own (RFC 9457). For any other body the status line decides.
    ///
    /// A rate limit reads as `RESOURCE_EXHAUSTED` under any status line. A quota that is spent, and a redirect, are final
    /// ([`with_transient`](Self::with_transient)). `Retry-After` is read by [`retry_after`].
    ///
    /// ```
    /// use http::{HeaderMap, StatusCode};
    /// use lro::{Code, Status};
    ///
    /// let body = br#"{"error": {"code": 404, "message": "no such job", "status": "NOT_FOUND"}}"#;
    /// let status = Status::from_http(StatusCode::NOT_FOUND, &HeaderMap::new(), body);
    /// assert_eq!((status.code(), status.message()), (Code::NotFound, "no such job"));
    /// ```
    pub fn from_http(http: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let line = format!("HTTP {http}");
        let status = match Failed::read(body) {
            Some(failed) => failed.status(http.as_u16(), &line),
            None => by_line(http.as_u16(), line + kind_of(body)),
        };
        let status = if http.is_redirection() { redirected(status, http, headers) } else { status };
        retry_after(headers).into_iter().fold(status, Self::with_retry_after)
    }
}

/// Reads `Retry-After`: the least time to wait before the next call.
///
/// The value is a number of seconds, whose fraction is rounded up, or an HTTP date. A date counts from the `Date` of the
/// reply, so that the clock of this machine does not matter. Without `Date` it counts from this clock.
///
/// Returns `None` for zero, a past date and any other text, and if the header comes twice.
///
/// ```
/// use std::time::Duration;
/// use http::{HeaderMap, HeaderValue, header};
///
/// let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static("1.5"))]);
/// assert_eq!(lro::retry_after(&headers), Some(Duration::from_secs(2)));
/// ```
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let mut values = headers.get_all(header::RETRY_AFTER).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let value = value.to_str().ok()?.trim_matches([' ', '\t']);
    let seconds = seconds(value).or_else(|| until(httpdate::parse_http_date(value).ok()?, headers))?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// Reads a decimal number, rounded up.
fn seconds(value: &str) -> Option<u64> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let has_fraction = fraction.bytes().any(|digit| digit != b'0');
    // Digits fail to parse only if the number is too large.
    Some(whole.parse().unwrap_or(u64::MAX).saturating_add(has_fraction.into()))
}

/// Returns the seconds until a date, rounded up.
fn until(date: SystemTime, headers: &HeaderMap) -> Option<u64> {
    let sent = headers.get(header::DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    let delay = date.duration_since(sent.unwrap_or_else(SystemTime::now)).ok()?;
    Some(delay.as_secs().saturating_add((delay.subsec_nanos() > 0).into()))
}

/// Describes a redirect, which no call follows: a token must not reach another host.
fn redirected(status: Status, http: StatusCode, headers: &HeaderMap) -> Status {
    let location = headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
    let target = location.and_then(origin).map_or_else(String::new, |origin| format!(" to {origin}"));
    let redirect = format!("HTTP {http}: the redirect{target} was not followed");
    let is_of_server = !status.message().starts_with(&format!("HTTP {http}"));
    let status = if is_of_server { status.in_context(&redirect) } else { status.with_message(redirect) };
    status.with_transient(false)
}

/// Returns the scheme, host and port of a URL.
///
/// User, path and query may be secrets, so they are left out.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("//")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    let (name, port) = match host.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        Some(parts) => parts,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_scheme = scheme.strip_suffix(':')?.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte));
    let is_port = port.is_empty() || port.strip_prefix(':')?.bytes().all(|byte| byte.is_ascii_digit());
    let is_valid = is_scheme && is_name && is_port && (1..=LONGEST_HOST).contains(&host.len());
    is_valid.then(|| format!("{scheme}//{host}"))
}

/// Describes the kind of body without showing it.
fn kind_of(body: &[u8]) -> &'static str {
    match body.trim_ascii_start().first() {
        None => " with an empty body",
        Some(b'<') => " with an HTML page: a proxy or another server may have answered",
        Some(b'{' | b'[') => " with JSON that is not an error",
        Some(_) => " with a body that is not JSON",
    }
}

/// A name has at most 253 characters, and a port 5.
const LONGEST_HOST: usize = 260;
