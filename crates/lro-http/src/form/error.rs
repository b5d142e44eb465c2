//! The error of an operation in a reply of another form.

use lro::{Any, Code, Status, details::ErrorInfo};
use serde_json::Value;

use super::{Form, field, text};

impl Form {
    /// Returns the error in a reply.
    pub(super) fn error(&self, reply: &Value) -> Option<Status> {
        let error = field(reply, &self.error).filter(|error| !error.is_null());
        let http = field(reply, &self.http_code).and_then(Value::as_u64).filter(|http| *http >= 400);
        let described = text(reply, &self.message).filter(|message| !message.is_empty());
        if error.is_none() && http.is_none() && described.is_none() {
            return None;
        }
        let errors: Vec<&Value> = match error.and_then(|error| error.get("errors")).or(error) {
            Some(Value::Array(errors)) => errors.iter().collect(),
            error => error.into_iter().collect(),
        };
        let messages: Vec<String> = errors.iter().filter_map(|error| message(error)).collect();
        let message = match messages.is_empty() {
            true => described.unwrap_or_else(|| "the operation failed without a message".to_owned()),
            false => messages.join("; "),
        };
        let by_http = http.and_then(|http| u16::try_from(http).ok()).map(Code::from_http_status);
        let status = match errors.first().and_then(|error| error.get("code")) {
            Some(Value::Number(number)) => {
                let number = number.as_i64().and_then(|number| i32::try_from(number).ok());
                Status::from_number(number.unwrap_or_else(|| Code::Unknown.number()), message)
            }
            Some(Value::String(name)) => {
                Status::new(Code::from_name(name).or(by_http).unwrap_or(Code::Unknown), message)
            }
            _ => Status::new(by_http.unwrap_or(Code::Unknown), message),
        };
        Some(status.with_details(details(&errors)))
    }
}

/// Returns the message of an error, which may be a text itself.
fn message(error: &Value) -> Option<String> {
    let message = error.as_str().map(str::to_owned).or_else(|| text(error, "message"));
    message.filter(|message| !message.is_empty())
}

/// Returns the codes that are texts, as reasons, and the details of errors.
fn details(errors: &[&Value]) -> Vec<Any> {
    let reason = |error: &&Value| {
        let info = ErrorInfo { reason: text(error, "code")?, ..ErrorInfo::default() };
        Any::pack(&info).ok()
    };
    let given = errors.iter().filter_map(|error| error.get("details")?.as_array()).flatten();
    let given = given.filter(|detail| detail.is_object()).filter_map(|detail| Any::from_value(detail).ok());
    errors.iter().filter_map(reason).chain(given).collect()
}
