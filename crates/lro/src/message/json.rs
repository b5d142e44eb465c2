//! Reading JSON without showing what is in it.

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

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

/// What is wrong, without the value that is wrong: it may be the caller's secret. Without a line and a column too: they
/// count in a part of the body that nobody sees.
pub(crate) fn describe(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    if error.line() > 0
        && let Some(position) = text.rfind(" at line ")
    {
        text.truncate(position);
    }
    without_value(text)
}

/// The path to a value, such as `pages[3].count`; `None` for the whole. A key that is no identifier may be a secret of the
/// caller, and reads `…`.
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
        Category::Data => format!("the reply is not what it should be: {}", without_value(error.to_string())),
        _ if text.trim_ascii().is_empty() => "the reply is empty, expected JSON".to_owned(),
        _ if text.trim_ascii_start().starts_with('<') => "the reply is HTML or XML, expected JSON".to_owned(),
        Category::Eof => format!("the reply is truncated JSON: {error}"),
        _ => format!("the reply is not JSON: {error}"),
    }
}

/// A path of more segments than this is cut: it is of JSON that is nested too deeply.
const DEEPEST: usize = 16;

/// Longer than any name of a field.
const LONGEST_IDENTIFIER: usize = 64;

/// The messages of `serde` that go on with a value.
const QUOTING: [&str; 4] = ["invalid type", "invalid value", "unknown variant", "unknown field"];
