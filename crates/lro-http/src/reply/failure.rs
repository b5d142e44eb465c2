//! The `Status` of a failed HTTP call.

use http::{HeaderMap, StatusCode};
use lro::Status;

use crate::{Endpoint, Token};

/// Reads the reply to a failed call. `body` is an error if the body could not be read.
pub(crate) fn failed_call(
    http: StatusCode,
    headers: &HeaderMap,
    body: Result<&[u8], Status>,
    endpoint: &Endpoint,
) -> Status {
    let line = format!("HTTP {http}");
    let status = Status::from_http(http, headers, body.as_deref().unwrap_or_default());
    match (body, status.message().strip_prefix(&format!("{line} with "))) {
        // The status line is enough for a status without the body.
        (Err(fault), Some(_)) => {
            status.with_message(format!("{line} with an unreadable body: {}", fault.message()))
        }
        // The message is not that of the server, and another server may have answered.
        (Ok(_), Some(body)) => {
            let message = format!("{line} from {endpoint} with {body}");
            status.with_message(message)
        }
        (_, None) => status,
    }
}

/// Marks the refusal of a call that carried no credential as final: the next call has none either.
pub(crate) fn without_credential(status: Status) -> Status {
    status
        .with_advice("no credential was sent: set one with `HttpClientBuilder::credentials`")
        .with_transient(false)
}

/// Removes the token from the status of a call. A GOAWAY frame of HTTP/2 and a header contain text of the server.
pub(crate) fn without_token(status: Status, token: Option<&Token>) -> Status {
    let Some(token) = token.filter(|token| token.is_in(format!("{status:?}"))) else {
        return status;
    };
    let message = token.hidden_in(status.message().to_owned());
    let status = status.with_message(message);
    // The token is in the cause too, which cannot be changed.
    if token.is_in(format!("{status:?}")) { Status::new(status.code(), status.message()) } else { status }
}
