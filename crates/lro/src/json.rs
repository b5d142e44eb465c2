//! Reading JSON without showing what is in it.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::{Code, Origin, Status};

/// Reads the body of a reply as a message, or as any type of `serde`'s.
///
/// # Errors
///
/// `INTERNAL` of [`Origin::CallFailed`] if the body is not JSON (truncated, not UTF-8), and of
/// [`Origin::MalformedReply`] if the JSON is no `T`. The message shows nothing of the body. What is kept as text
/// ([`Any`](crate::Any)) may be nested to any depth: the depth is checked where it is decoded.
pub fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Status> {
    let text = std::str::from_utf8(body)
        .map_err(|error| Status::new(Code::Internal, format!("the reply is not UTF-8: {error}")))?;
    serde_json::from_str(text).map_err(|error| {
        let status = Status::new(Code::Internal, unreadable(text, &error));
        match error.classify() {
            Category::Data => status.with_origin(Origin::MalformedReply),
            _ => status,
        }
    })
}

/// What is wrong, without the value that is wrong: it may be the caller's secret.
pub(crate) fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let quotes = QUOTING.into_iter().find(|kind| text.starts_with(kind));
    match (quotes, text.rfind(", expected ")) {
        (Some(kind), Some(expected)) => format!("{kind}{}", &text[expected..]),
        (Some(kind), None) => kind.to_owned(),
        (None, _) => text,
    }
}

fn unreadable(text: &str, error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Data => format!("the reply is not what it should be: {}", describe(error)),
        _ if text.trim_ascii().is_empty() => "the reply is empty, expected JSON".to_owned(),
        _ if text.trim_ascii_start().starts_with('<') => "the reply is HTML or XML, expected JSON".to_owned(),
        Category::Eof => format!("the reply is truncated JSON: {error}"),
        _ => format!("the reply is not JSON: {error}"),
    }
}

/// The messages of `serde` that go on with a value.
const QUOTING: [&str; 4] = ["invalid type", "invalid value", "unknown variant", "unknown field"];
