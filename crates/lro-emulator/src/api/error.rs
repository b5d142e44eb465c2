//! Errors of calls in Google's HTTP/JSON form.

use bytes::Bytes;
use http::StatusCode;
use lro::{
    Any, Code, Status,
    details::{BadRequest, FieldViolation},
};
use serde::Serialize;

/// The HTTP status of a code.
pub(crate) fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
    }
}

/// The code in a service's error of this HTTP status.
pub(crate) fn code(status: StatusCode) -> Code {
    match status.as_u16() {
        400 => Code::InvalidArgument,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::NotFound,
        409 => Code::Aborted,
        416 => Code::OutOfRange,
        429 => Code::ResourceExhausted,
        499 => Code::Cancelled,
        501 => Code::Unimplemented,
        503 => Code::Unavailable,
        504 => Code::DeadlineExceeded,
        402..=498 => Code::FailedPrecondition,
        500..=599 => Code::Internal,
        _ => Code::Unknown,
    }
}

/// `{"error": {"code": <HTTP status>, "message", "status": "<CODE NAME>", "details"}}`.
pub(crate) fn body(status: &Status, http: StatusCode) -> Bytes {
    #[derive(Serialize)]
    struct Body<'a> {
        error: Error<'a>,
    }

    #[derive(Serialize)]
    struct Error<'a> {
        code: u16,
        message: &'a str,
        status: &'a str,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        details: &'a [Any],
    }

    let error = Error {
        code: http.as_u16(),
        message: status.message(),
        status: status.code().name(),
        details: status.details().as_slice(),
    };
    serde_json::to_vec(&Body { error }).unwrap_or_default().into()
}

/// The path of a field and what is wrong with it.
pub(crate) type Violation = (String, String);

/// The error of an invalid request, with its violations as a `BadRequest` in the details.
pub(crate) fn bad_request(
    message: impl Into<String>,
    violations: impl IntoIterator<Item = Violation>,
) -> Status {
    let violation = |(field, description)| FieldViolation { field, description, ..FieldViolation::default() };
    let field_violations = violations.into_iter().map(violation).collect();
    let details = Any::pack(&BadRequest { field_violations }).into_iter().collect();
    Status::invalid_argument(message).with_details(details)
}

/// Refuses a request with violations.
pub(crate) fn refuse(violations: Vec<Violation>) -> Result<(), Status> {
    let message = match &*violations {
        [] => return Ok(()),
        [(field, description)] => format!("Invalid value at '{field}': {description}"),
        _ => "Request contains an invalid argument.".to_owned(),
    };
    Err(bad_request(message, violations))
}

/// The error of a request with one invalid field.
pub(crate) fn bad_field(field: &str, description: impl Into<String>) -> Status {
    let description = description.into();
    bad_request(format!("Invalid value at '{field}': {description}"), [(field.to_owned(), description)])
}

pub(crate) fn not_found(what: &str) -> Status {
    Status::new(Code::NotFound, format!("Requested entity was not found: {what}"))
}
