//! The error of an operation in a reply of another form.

use lro::{
    Any, Code, Status,
    details::{Details, ErrorInfo},
};
use serde_json::{Number, value::RawValue};

use super::{
    Form,
    json::{field, is_object, items, read, text},
};

impl Form {
    /// Returns the error in a reply.
    pub(super) fn error(&self, reply: &RawValue) -> Option<Status> {
        let error = field(reply, &self.error).filter(|error| error.get() != "null");
        let http = read::<u64>(reply, &self.http_code).filter(|http| *http >= 400);
        let described = text(reply, &self.message).filter(|message| !message.is_empty());
        if error.is_none() && http.is_none() && described.is_none() {
            return None;
        }
        let listed = error.map(|error| field(error, "errors").unwrap_or(error));
        let errors = listed.and_then(|listed| items(listed, Details::MOST));
        let errors = errors.unwrap_or_else(|| listed.into_iter().collect());
        let messages: Vec<String> = errors.iter().filter_map(|error| message(error)).collect();
        let message = match messages.is_empty() {
            true => described.unwrap_or_else(|| "the operation failed without a message".to_owned()),
            false => messages.join("; "),
        };
        let by_http = http.and_then(|http| u16::try_from(http).ok()).map(Code::from_http_status);
        let code = errors.first().and_then(|error| field(error, "code"));
        let name = code.and_then(|code| serde_json::from_str::<String>(code.get()).ok());
        let number = code.and_then(|code| serde_json::from_str::<Number>(code.get()).ok());
        let status = match (name, number) {
            (Some(name), _) => {
                Status::new(Code::from_name(&name).or(by_http).unwrap_or(Code::Unknown), message)
            }
            (None, Some(number)) => {
                let number = number.as_i64().and_then(|number| i32::try_from(number).ok());
                Status::from_number(number.unwrap_or_else(|| Code::Unknown.number()), message)
            }
            (None, None) => Status::new(by_http.unwrap_or(Code::Unknown), message),
        };
        Some(status.with_details(details(&errors)))
    }
}

/// Returns the message of an error, which may be a text itself.
fn message(error: &RawValue) -> Option<String> {
    let message = serde_json::from_str(error.get()).ok().or_else(|| text(error, "message"));
    message.filter(|message: &String| !message.is_empty())
}

/// Returns the codes that are texts, as reasons, and the details of errors.
fn details(errors: &[&RawValue]) -> Vec<Any> {
    let reason = |error: &&RawValue| {
        let info = ErrorInfo { reason: text(error, "code")?, ..ErrorInfo::default() };
        Any::pack(&info).ok()
    };
    let given = errors.iter().filter_map(|error| items(field(error, "details")?, Details::MOST)).flatten();
    let given = given.filter(|detail| is_object(detail)).filter_map(|detail| Any::from_value(detail).ok());
    errors.iter().filter_map(reason).chain(given).take(Details::MOST).collect()
}
