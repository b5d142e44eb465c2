//! Errors of calls in Google's HTTP/JSON form.

use bytes::Bytes;
use http::StatusCode;
use lro::{
    Any, Code, Status,
    details::{BadRequest, ErrorInfo, FieldViolation},
};
use serde::Serialize;
use serde_json::{Value, json};

/// Returns the HTTP status of a code.
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

/// Returns the code in a service's error of this HTTP status.
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
    body_with(status, http, None)
}

/// Returns the body of an error with `errors`, the older form of it, which front ends add.
fn body_with(status: &Status, http: StatusCode, errors: Option<Value>) -> Bytes {
    #[derive(Serialize)]
    struct Body<'a> {
        error: Error<'a>,
    }

    #[derive(Serialize)]
    struct Error<'a> {
        code: u16,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        errors: Option<Value>,
        status: &'a str,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        details: &'a [Any],
    }

    let error = Error {
        code: http.as_u16(),
        message: status.message(),
        errors,
        status: status.code().name(),
        details: status.details().as_slice(),
    };
    serde_json::to_vec(&Body { error }).unwrap_or_default().into()
}

/// Returns the error of a call without a bearer token, or with one that is refused for a reason, as the front end of all services
/// sends it.
pub(crate) fn unauthenticated(refused: Option<&str>) -> Status {
    let what = match refused {
        None => "is missing required authentication credential",
        Some(_) => "had invalid authentication credentials",
    };
    let message = format!(
        "Request {what}. Expected OAuth 2 access token, login cookie or other valid authentication credential."
    );
    let info = ErrorInfo {
        reason: refused.unwrap_or("CREDENTIALS_MISSING").to_owned(),
        domain: "googleapis.com".to_owned(),
        ..ErrorInfo::default()
    };
    Status::new(Code::Unauthenticated, message).with_details(Any::pack(&info).into_iter().collect())
}

/// Returns the body of [`unauthenticated`].
pub(crate) fn unauthenticated_body(refused: Option<&str>) -> Bytes {
    let (message, reason) = match refused {
        None => ("Login Required.", "required"),
        Some(_) => ("Invalid Credentials", "authError"),
    };
    let errors = json!([{
        "message": message,
        "domain": "global",
        "reason": reason,
        "location": "Authorization",
        "locationType": "header",
    }]);
    body_with(&unauthenticated(refused), StatusCode::UNAUTHORIZED, Some(errors))
}

/// Returns the error of a limit.
pub(crate) fn limit(status: StatusCode, reason: &str) -> Status {
    let (reason, domain) = (reason.to_owned(), LIMITS.to_owned());
    let details = Any::pack(&ErrorInfo { reason, domain, ..ErrorInfo::default() }).into_iter().collect();
    Status::new(code(status), QUOTA_EXCEEDED).with_details(details)
}

/// Returns the body of [`limit`], in the older form alone.
pub(crate) fn limit_body(status: StatusCode, reason: &str) -> Bytes {
    let error = json!({"domain": LIMITS, "reason": reason, "message": QUOTA_EXCEEDED});
    let error = json!({"code": status.as_u16(), "message": QUOTA_EXCEEDED, "errors": [error]});
    json!({ "error": error }).to_string().into()
}

/// The path of a field and what is wrong with it.
pub(crate) type Violation = (String, String);

/// Returns the error of an invalid request, with its violations as a `BadRequest` in the details.
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

/// Returns the error of a request with one invalid field.
pub(crate) fn bad_field(field: &str, description: impl Into<String>) -> Status {
    let description = description.into();
    bad_request(format!("Invalid value at '{field}': {description}"), [(field.to_owned(), description)])
}

pub(crate) fn not_found(what: &str) -> Status {
    Status::new(Code::NotFound, format!("Requested entity was not found: {what}"))
}

/// The domain of the reasons of a limit.
const LIMITS: &str = "usageLimits";
const QUOTA_EXCEEDED: &str = "Quota exceeded.";
