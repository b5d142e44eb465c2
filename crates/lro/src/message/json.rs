//! JSON parsing with errors that do not show the content.

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use crate::{Code, Origin, Status};

/// Parses the body of a reply as a message, or as any other type that implements `serde::Deserialize`.
///
/// An [`Any`](crate::Any) in the body is stored as text. The depth of its nesting is checked when it is decoded.
///
/// # Errors
///
/// - `INTERNAL` with [`Origin::CallFailed`] if the body is not JSON, such as truncated text or text that is not UTF-8.
/// - `INTERNAL` with [`Origin::MalformedReply`] if the JSON does not fit `T`.
///
/// The message of the error does not show the content of the body.
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

/// Describes an error without the value at fault, which may be a secret of the caller.
///
/// Line and column are omitted too. They count within a part of the body, so they would mislead.
pub(crate) fn describe(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    if error.line() > 0
        && let Some(position) = text.rfind(" at line ")
    {
        text.truncate(position);
    }
    without_value(text)
}

/// Formats the path of a value, such as `pages[3].count`. Returns `None` for the root.
///
/// A key that is not an identifier may be a secret of the caller, so it is shown as `…`.
pub(crate) fn place(path: &Path) -> Option<String> {
    let mut place = String::new();
    for (depth, segment) in path.iter().enumerate() {
        if depth == DEEPEST {
            place.push('…');
            break;
        }
        match segment {
            Segment::Seq { index } => place.push_str(&format!("[{index}]")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                place.push_str(if place.is_empty() { "" } else { "." });
                place.push_str(if is_identifier(key) { key } else { "…" });
            }
            Segment::Unknown => place.push('?'),
        }
    }
    (!place.is_empty()).then_some(place)
}

fn without_value(text: String) -> String {
    let quotes = QUOTING.into_iter().find(|kind| text.starts_with(kind));
    match (quotes, text.rfind(", expected ")) {
        (Some(kind), Some(expected)) => format!("{kind}{}", &text[expected..]),
        (Some(kind), None) => kind.to_owned(),
        (None, _) => text,
    }
}

fn is_identifier(key: &str) -> bool {
    key.len() <= LONGEST_IDENTIFIER && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn unreadable(text: &str, error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Data => {
            format!("the reply does not have the expected form: {}", without_value(error.to_string()))
        }
        _ if text.trim_ascii().is_empty() => "the reply is empty, expected JSON".to_owned(),
        _ if text.trim_ascii_start().starts_with('<') => "the reply is HTML or XML, expected JSON".to_owned(),
        Category::Eof => format!("the reply is truncated JSON: {error}"),
        _ => format!("the reply is not JSON: {error}"),
    }
}

/// The most segments of a path that are shown. Typed messages are nested less deeply.
const DEEPEST: usize = 16;

/// The longest key that is shown, in bytes. Names of fields are shorter, and a longer key may be a secret.
const LONGEST_IDENTIFIER: usize = 64;

/// The beginnings of the messages of `serde` that quote a value.
const QUOTING: [&str; 4] = ["invalid type", "invalid value", "unknown variant", "unknown field"];
