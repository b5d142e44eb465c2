//! JSON parsing with errors that do not show the content.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_path_to_error::{Path, Segment, Track};

use crate::{Code, Status, operation::stored::in_reply, status::excerpt::Excerpt};

/// Parses the body of a reply as a message, or as any other type that implements `serde::Deserialize`.
///
/// A byte order mark before the JSON is skipped.
/// An [`Any`](crate::Any) in the body is stored as text. The depth of its nesting is checked when it is decoded.
///
/// # Errors
///
/// - `INTERNAL` with [`Origin::CallFailed`](crate::Origin::CallFailed) if the body is not JSON, such as truncated text or
///   text that is not UTF-8. It is final if the body is UTF-16 or compressed, and transient otherwise.
/// - `INTERNAL` with [`Origin::MalformedReply`](crate::Origin::MalformedReply) if the JSON does not fit `T`, or is nested
///   too deeply for it.
///
/// The message of the error names the type and the path of the value that does not fit. It does not show the content of
/// the body.
pub fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Status> {
    let text = text(body)?;
    in_reply(|| serde_json::from_str(text)).map_err(|error| {
        // A reply that was garbled on the way is no malformed one, whatever its parser finds first.
        let garbled = error.is_data().then(|| serde_json::from_str::<IgnoredAny>(text).err()).flatten();
        match garbled {
            Some(garbled) => unreadable(text, &garbled),
            None if error.is_data() => unfit::<T>(text, &error),
            None => unreadable(text, &error),
        }
    })
}

/// Describes JSON that does not fit the type: with the type, and the path of the value.
fn unfit<T: DeserializeOwned>(text: &str, error: &serde_json::Error) -> Status {
    let shown = error.to_string();
    // Parses again, because tracking the path costs time, so that only failures pay for it.
    let mut track = Track::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let again =
        in_reply(|| T::deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track))).err();
    // An error that the end of a value reports has no place.
    let place =
        again.filter(|again| shown.starts_with(&again.to_string())).and_then(|_| place(&track.path()));
    let place = place.map_or_else(String::new, |place| format!(" at {place}"));
    let name = short_name(std::any::type_name::<T>());
    let shown = bounded(&without_value(shown));
    Status::malformed(format!("the reply does not have the expected form of {name}{place}: {shown}"))
}

/// Returns the name of a type without the modules, such as `Option<Job>`.
pub(crate) fn short_name(name: &str) -> String {
    let is_end = |character: char| !character.is_alphanumeric() && !"_:{}".contains(character);
    let parts = name.split_inclusive(is_end).filter_map(|part| part.rsplit("::").next());
    bounded(&parts.collect::<String>())
}

/// Returns the text of a body, without the byte order mark.
pub(crate) fn text(body: &[u8]) -> Result<&str, Status> {
    let body = without_mark(body);
    std::str::from_utf8(body).map_err(|error| {
        let fault = || Status::new(Code::Internal, format!("the reply is not UTF-8: {error}"));
        encoded(body).unwrap_or_else(fault)
    })
}

pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
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
    bounded(&without_value(text))
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
            // A number is a key of a map and not a field.
            Segment::Map { key } if key.starts_with(|first: char| first.is_ascii_digit()) => {
                place.push_str(&format!("[\"{}\"]", shown_key(key)));
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                place.push_str(if place.is_empty() { "" } else { "." });
                place.push_str(shown_key(key));
            }
            Segment::Unknown => place.push_str("[?]"),
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

/// Returns a key for a message. A key that is not an identifier may be a secret of the caller, so it is shown as `…`.
pub(crate) fn shown_key(key: &str) -> &str {
    let is_identifier = key.len() <= LONGEST_IDENTIFIER
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_identifier { key } else { "…" }
}

fn unreadable(text: &str, error: &serde_json::Error) -> Status {
    let shown = error.to_string();
    // The kind of error is private.
    if shown.starts_with("recursion limit exceeded") {
        return Status::malformed(format!("the reply is nested too deeply: {shown}"));
    }
    if let Some(fault) = encoded(text.as_bytes()) {
        return fault;
    }
    Status::new(
        Code::Internal,
        match text.trim_ascii_start().chars().next() {
            None => "the reply is empty, expected JSON".to_owned(),
            Some('<') => "the reply is HTML or XML, expected JSON".to_owned(),
            _ if error.is_eof() => format!("the reply is truncated JSON: {shown}"),
            _ => format!("the reply is not JSON: {shown}"),
        },
    )
}

/// Describes a body in an encoding that no later reply changes.
fn encoded(body: &[u8]) -> Option<Status> {
    let encoding = match body {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, 1..=0xFF, ..] | [1..=0xFF, 0, ..] => "UTF-16",
        [0x1F, 0x8B, ..] => "gzip without a content encoding that says so",
        _ => return None,
    };
    let message = format!("the reply is {encoding}, expected JSON in UTF-8");
    Some(Status::new(Code::Internal, message).with_transient(false))
}

fn bounded(text: &str) -> String {
    Excerpt::new(text, LONGEST_TEXT).to_string()
}

/// The most segments of a path that are shown. Typed messages are nested less deeply.
const DEEPEST: usize = 16;

/// The longest key that is shown, in bytes. Names of fields are shorter, and a longer key may be a secret.
const LONGEST_IDENTIFIER: usize = 64;

/// The beginnings of the messages of `serde` that quote a value.
const QUOTING: [&str; 4] = ["invalid type", "invalid value", "unknown variant", "unknown field"];

/// The longest text of an error of `serde` that is shown. A type of the caller may put a value of the peer into it.
const LONGEST_TEXT: usize = 300;
