//! A failed HTTP call as a `Status`: the rules of the body, then the table of the status line.

use http::StatusCode;
use lro::{Any, Code, Status};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// Reads the reply of a failed call.
///
/// The name in `error.status` counts before the status line. Google's form, that form in an array of one, OAuth's
/// `"error": "name"`, and the legacy `errors[]` are read; a body that is none of them leaves the status line alone.
pub(crate) fn failed_call(http: StatusCode, body: &[u8]) -> Status {
    let Some(Reply { error: Some(error), error_description }) = reply(body) else {
        return by_line(http, format!("HTTP {http}{}", kind_of(body)));
    };
    if let Ok(name) = serde_json::from_str::<String>(error.get()) {
        return by_line(http, joined(&[Some(name), error_description], http));
    }
    let Ok(failure) = serde_json::from_str::<Failure>(error.get()) else {
        return by_line(http, format!("HTTP {http}, and the error in the body cannot be read"));
    };
    let legacy = failure.errors.into_iter().flatten().next().unwrap_or_default();
    let message = joined(&[failure.message.or(legacy.message), legacy.reason], http);
    let details =
        failure.details.into_iter().flatten().filter_map(|detail| Any::from_json(detail.get()).ok());
    match failure.status.as_deref().and_then(Code::from_name) {
        Some(code) => Status::new(code, message),
        None => by_line(http, message),
    }
    .with_details(details.collect())
}

#[derive(Deserialize)]
struct Reply {
    error: Option<Box<RawValue>>,
    error_description: Option<String>,
}

#[derive(Deserialize)]
struct Failure {
    status: Option<String>,
    message: Option<String>,
    details: Option<Vec<Box<RawValue>>>,
    errors: Option<Vec<Legacy>>,
}

#[derive(Default, Deserialize)]
struct Legacy {
    reason: Option<String>,
    message: Option<String>,
}

fn reply(body: &[u8]) -> Option<Reply> {
    fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
        serde_json::from_slice(body).ok()
    }
    match body.trim_ascii_start().first()? {
        b'[' => read::<[Reply; 1]>(body).map(|[reply]| reply),
        _ => read(body),
    }
}

fn by_line(http: StatusCode, message: String) -> Status {
    let status = Status::new(code_of(http), message);
    // Too slow and too early say nothing about the request itself.
    if matches!(http.as_u16(), 408 | 425) { status.with_transient(true) } else { status }
}

/// The table for a reply without a status name.
fn code_of(http: StatusCode) -> Code {
    match http.as_u16() {
        400 => Code::InvalidArgument,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::NotFound,
        409 => Code::Aborted,
        416 => Code::OutOfRange,
        429 => Code::ResourceExhausted,
        499 => Code::Cancelled,
        _ if http.is_client_error() => Code::FailedPrecondition,
        501 => Code::Unimplemented,
        503 => Code::Unavailable,
        504 => Code::DeadlineExceeded,
        _ if http.is_server_error() => Code::Internal,
        _ => Code::Unknown,
    }
}

fn joined(parts: &[Option<String>], http: StatusCode) -> String {
    let parts: Vec<&str> =
        parts.iter().flatten().map(String::as_str).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { format!("HTTP {http}") } else { parts.join(": ") }
}

/// What the body is, without showing it.
fn kind_of(body: &[u8]) -> &'static str {
    let body = body.trim_ascii_start();
    match body.first() {
        None => " with an empty body",
        Some(b'<') => " with a page of HTML: a proxy or another server may have answered",
        Some(b'{' | b'[') => " with a body that is no error in JSON",
        Some(_) => " with a body that is not JSON",
    }
}
