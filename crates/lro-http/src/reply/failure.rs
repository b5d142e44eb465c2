//! The `Status` of a failed HTTP call: from its body, or else from its status line.

use std::collections::BTreeMap;

use http::StatusCode;
use lro::{Any, Code, Status};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{Endpoint, Token};

/// Reads the reply to a failed call.
///
/// The name in `error.status` takes precedence over the status line. Four forms of body are read: Google's, Google's in
/// an array of one element, OAuth's `"error": "name"`, and the legacy `errors[]`. For any other body the status line
/// decides. A member of the wrong type counts as absent. The message never contains the token.
pub(crate) fn failed_call(
    http: StatusCode,
    endpoint: &Endpoint,
    token: Option<&Token>,
    body: &[u8],
) -> Status {
    let Some((reply, error)) = reply(body) else {
        return by_line(http, format!("HTTP {http} from {endpoint}{}", kind_of(body)));
    };
    if let Ok(name) = serde_json::from_str::<String>(error.get()) {
        return by_line(http, joined([Some(name), member(&reply, "error_description")], http, token));
    }
    let Ok(error) = serde_json::from_str::<Members>(error.get()) else {
        return by_line(http, format!("HTTP {http} with an unreadable error in JSON"));
    };
    let legacy = member::<Vec<Members>>(&error, "errors").and_then(|errors| errors.into_iter().next());
    let legacy = legacy.unwrap_or_default();
    let message = member(&error, "message").or_else(|| member(&legacy, "message"));
    let message = joined([message, member(&legacy, "reason")], http, token);
    let details = member::<Vec<Box<RawValue>>>(&error, "details").unwrap_or_default();
    let details = details.iter().filter_map(|detail| Any::from_json(detail.get()).ok()).collect();
    match member::<String>(&error, "status").as_deref().and_then(Code::from_name) {
        // A failure cannot be `OK`.
        None | Some(Code::Ok) => by_line(http, message),
        Some(code) => Status::new(code, message),
    }
    .with_details(details)
}

/// Marks the refusal of a call that carried no credential as final: the next call has none either.
pub(crate) fn without_credential(status: Status) -> Status {
    status
        .with_transient(false)
        .with_source("no credential was sent: set one with `HttpClientBuilder::credentials`")
}

/// Returns the status of a failed call whose body could not be read.
pub(crate) fn without_body(http: StatusCode, fault: &Status) -> Status {
    by_line(http, format!("HTTP {http} with an unreadable body: {}", fault.message()))
}

/// Removes the token from the status of a failed connection. A GOAWAY frame of HTTP/2 contains text of the server.
pub(crate) fn without_token(status: Status, token: Option<&Token>) -> Status {
    match token {
        Some(token) if token.is_in(&format!("{status:?}")) => {
            Status::new(status.code(), token.hidden_in(status.message().to_owned()))
        }
        _ => status,
    }
}

type Members = BTreeMap<String, Box<RawValue>>;

/// Returns the members of the reply and its `error`.
fn reply(body: &[u8]) -> Option<(Members, Box<RawValue>)> {
    let reply: Members = match body.trim_ascii_start().first()? {
        b'[' => serde_json::from_slice::<[Members; 1]>(body).map(|[reply]| reply).ok()?,
        _ => serde_json::from_slice(body).ok()?,
    };
    let error = reply.get("error").filter(|error| error.get() != "null")?.clone();
    Some((reply, error))
}

fn member<T: DeserializeOwned>(members: &Members, name: &str) -> Option<T> {
    serde_json::from_str(members.get(name)?.get()).ok()
}

fn by_line(http: StatusCode, message: String) -> Status {
    let status = Status::new(code_of(http), message);
    // 408 (timeout) and 425 (too early) do not depend on the request.
    if matches!(http.as_u16(), 408 | 425) { status.with_transient(true) } else { status }
}

/// Returns the code for a status line, for a reply without a status name.
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

fn joined(parts: [Option<String>; 2], http: StatusCode, token: Option<&Token>) -> String {
    let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    match token {
        _ if parts.is_empty() => format!("HTTP {http}"),
        Some(token) => token.hidden_in(parts.join(": ")),
        None => parts.join(": "),
    }
}

/// Describes the kind of body without showing it.
fn kind_of(body: &[u8]) -> &'static str {
    let body = body.trim_ascii_start();
    match body.first() {
        None => " with an empty body",
        Some(b'<') => " with an HTML page: a proxy or another server may have answered",
        Some(b'{' | b'[') => " with JSON that is not an error",
        Some(_) => " with a body that is not JSON",
    }
}
