//! A failed HTTP call as a `Status`: the rules of the body, then the table of the status line.

use std::collections::BTreeMap;

use http::StatusCode;
use lro::{Any, Code, Status};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{Endpoint, Token};

/// Reads the reply of a failed call.
///
/// The name in `error.status` counts before the status line. Google's form, that form in an array of one, OAuth's
/// `"error": "name"`, and the legacy `errors[]` are read; a body that is none of them leaves the status line alone. A
/// member of a wrong type is as if it were not there. The message does not say the token back, whatever the server does.
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
        return by_line(http, format!("HTTP {http} with an error in JSON that cannot be read"));
    };
    let legacy = member::<Vec<Members>>(&error, "errors").and_then(|errors| errors.into_iter().next());
    let legacy = legacy.unwrap_or_default();
    let message = member(&error, "message").or_else(|| member(&legacy, "message"));
    let message = joined([message, member(&legacy, "reason")], http, token);
    let details = member::<Vec<Box<RawValue>>>(&error, "details").unwrap_or_default();
    let details = details.iter().filter_map(|detail| Any::from_json(detail.get()).ok()).collect();
    match member::<String>(&error, "status").as_deref().and_then(Code::from_name) {
        // `OK` is no name of a failure.
        None | Some(Code::Ok) => by_line(http, message),
        Some(code) => Status::new(code, message),
    }
    .with_details(details)
}

/// A refusal of a call that carried no credential: the next one would be refused too.
pub(crate) fn without_credential(status: Status) -> Status {
    status
        .with_transient(false)
        .with_source("no credential was sent: give one to the client's builder by `credentials`")
}

/// A failed call whose body could not be read.
pub(crate) fn without_body(http: StatusCode, fault: &Status) -> Status {
    by_line(http, format!("HTTP {http}, its body unread: {}", fault.message()))
}

/// A connection that failed, and no word of the token: HTTP/2 lets a server say anything as it goes away.
pub(crate) fn without_token(status: Status, token: Option<&Token>) -> Status {
    match token {
        Some(token) if token.is_in(&format!("{status:?}")) => {
            Status::new(status.code(), token.hidden_in(status.message().to_owned()))
        }
        _ => status,
    }
}

type Members = BTreeMap<String, Box<RawValue>>;

/// The members of the reply, and its error.
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

fn joined(parts: [Option<String>; 2], http: StatusCode, token: Option<&Token>) -> String {
    let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    match token {
        _ if parts.is_empty() => format!("HTTP {http}"),
        Some(token) => token.hidden_in(parts.join(": ")),
        None => parts.join(": "),
    }
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
