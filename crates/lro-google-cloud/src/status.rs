use std::error::Error as _;

use google_cloud_gax::error::{CredentialsError, Error, rpc};
use http::{HeaderMap, StatusCode};
use lro::{Any, Code, Status};
use serde_json::json;

use crate::to_any;

/// Reads the error of a call of a client, with the rules of `lro-http`.
///
/// The code, the message and all details are kept in their order. `Retry-After` is read. A rate limit, a spent quota and
/// a body in another form than Google's are read as by [`Status::from_http`].
/// A call without a reply is `UNAVAILABLE` or `DEADLINE_EXCEEDED`. A request that the client could not build is
/// [refused](Status::invalid_argument). Credentials without a token are `UNAUTHENTICATED`.
///
/// [`source`](std::error::Error::source) returns the error of the client.
///
/// ```
/// use google_cloud_gax::error::{Error, rpc};
/// use lro::Code;
///
/// let error = Error::service(rpc::Status::default().set_code(rpc::Code::NotFound).set_message("no such job"));
/// let status = lro_google_cloud::call_failed(error);
/// assert_eq!((status.code(), status.message()), (Code::NotFound, "no such job"));
/// ```
pub fn call_failed(error: Error) -> Status {
    let mut last = &error;
    // A retry policy of the caller that gives up wraps the last failure.
    while last.is_exhausted()
        && let Some(inner) = last.source().and_then(|source| source.downcast_ref())
    {
        last = inner;
    }
    let status = match (last.status(), last.http_status_code()) {
        (Some(status), Some(http)) => answered(status, http, last.http_headers()),
        (Some(status), None) => reported(status, last.http_headers()),
        (None, Some(http)) => {
            let body = last.http_payload().map(|body| &**body).unwrap_or_default();
            from_http(http, last.http_headers(), body)
        }
        (None, None) => unanswered(last),
    };
    status.with_source(error)
}

/// Converts a status to the message `google.rpc.Status` of the clients.
///
/// The number of the code, the message and the details are kept. A detail that is not valid for the clients is left out
/// ([`to_any`]).
pub fn to_rpc(status: &Status) -> google_cloud_rpc::model::Status {
    let details = status.details().as_slice().iter().filter_map(|detail| to_any(detail).ok());
    google_cloud_rpc::model::Status::new()
        .set_code(status.raw_code())
        .set_message(status.message())
        .set_details(details)
}

/// Converts a status to the error of the clients, for code that expects one.
///
/// ```
/// use lro::{Code, Status};
///
/// let error = lro_google_cloud::to_error(&Status::new(Code::Aborted, "try again"));
/// assert_eq!(error.status().unwrap().message, "try again");
/// ```
pub fn to_error(status: &Status) -> Error {
    Error::service(to_rpc(status).into())
}

/// Reads an error over HTTP/JSON in Google's form: writes it as it was, and reads that.
fn answered(status: &rpc::Status, http: u16, headers: Option<&HeaderMap>) -> Status {
    // The client reports an absent and an unknown name of a code as UNKNOWN, whose HTTP status is 500.
    let name = (status.code != rpc::Code::Unknown || http == 500).then(|| status.code.name());
    let details = serde_json::to_value(&status.details).unwrap_or_default();
    let error = json!({"code": http, "message": status.message, "status": name, "details": details});
    from_http(http, headers, json!({"error": error}).to_string().as_bytes())
}

/// Reads an error over gRPC.
fn reported(status: &rpc::Status, headers: Option<&HeaderMap>) -> Status {
    let details =
        status.details.iter().filter_map(|detail| Any::from_json(serde_json::to_string(detail).ok()?).ok());
    let read = Status::from_number(status.code as i32, &status.message).with_details(details.collect());
    hinted(read, headers)
}

fn from_http(http: u16, headers: Option<&HeaderMap>, body: &[u8]) -> Status {
    let http = StatusCode::from_u16(http).unwrap_or_default();
    let none = HeaderMap::new();
    Status::from_http(http, headers.unwrap_or(&none), body)
}

/// Reads an error that no server has sent.
fn unanswered(error: &Error) -> Status {
    let cause = root(error);
    if error.is_binding() || error.is_serialization() {
        return Status::invalid_argument(format!("the client cannot send the request: {cause}"));
    }
    if error.is_authentication() {
        let fault: Option<&CredentialsError> = error.source().and_then(|source| source.downcast_ref());
        let status = Status::new(Code::Unauthenticated, format!("cannot fetch a token: {cause}"));
        return status.with_transient(fault.is_some_and(CredentialsError::is_transient));
    }
    if error.is_deserialization() {
        return unreadable(error, &cause);
    }
    if error.is_timeout() {
        return Status::new(Code::DeadlineExceeded, format!("no reply in time: {cause}"));
    }
    let what = if error.is_connect() { "cannot connect" } else { "no reply" };
    hinted(Status::unavailable(format!("{what}: {cause}")), error.http_headers())
}

/// Reads the error about a reply that the client cannot parse.
fn unreadable(error: &Error, cause: &str) -> Status {
    let message = format!("the client cannot read the reply: {cause}");
    match error.source().and_then(|source| source.downcast_ref::<serde_json::Error>()) {
        // A reply that is not JSON may have been cut or replaced on its way. One that is too deep stays so.
        Some(fault) if !fault.is_data() => {
            let status = Status::new(Code::Internal, message);
            if cause.contains("recursion limit") { status.with_transient(false) } else { status }
        }
        _ => Status::malformed(message),
    }
}

fn hinted(status: Status, headers: Option<&HeaderMap>) -> Status {
    headers.and_then(lro::retry_after).into_iter().fold(status, Status::with_retry_after)
}

/// Returns the text of the cause that the other causes lead to.
fn root(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
