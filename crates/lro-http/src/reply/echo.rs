//! The token of a call in the body of its reply.

use std::borrow::Cow;

use bytes::Bytes;
use memchr::memchr2;
use percent_encoding::percent_decode_str;

use crate::Token;

/// Replaces the token in a body, so that no part of the reply shows it.
///
/// A body that is not UTF-8 is returned unchanged, because no message shows it.
pub(crate) fn without_echo(body: Bytes, token: Option<&Token>) -> Bytes {
    // Most bodies have neither the token nor an escape of JSON nor a percent-encoding.
    match token {
        Some(token) if memchr2(b'\\', b'%', &body).is_some() || token.is_in(&body) => {
            std::str::from_utf8(&body).ok().and_then(|text| hidden(text, token)).unwrap_or(body)
        }
        _ => body,
    }
}

/// Returns the text without the token, or `None` if it does not contain the token.
fn hidden(text: &str, token: &Token) -> Option<Bytes> {
    let plain = unescaped(text);
    if token.is_in(&*plain) {
        return Some(token.hidden_in(plain.into_owned()).into());
    }
    let parts = || plain.split_inclusive(is_delimiter);
    if !plain.contains('%') || !parts().any(|part| is_encoded(part, token)) {
        return None;
    }
    let hidden =
        |part| if is_encoded(part, token) { ["…", delimiter(part)].concat() } else { String::from(part) };
    Some(parts().map(hidden).collect::<String>().into())
}

/// Whether the percent-decoded form of a part contains the token.
fn is_encoded(part: &str, token: &Token) -> bool {
    part.contains('%') && token.is_in(&*percent_decode_str(part).decode_utf8_lossy())
}

fn delimiter(part: &str) -> &str {
    &part[part.trim_end_matches(is_delimiter).len()..]
}

/// Whether a character cannot be in a percent-encoded token.
fn is_delimiter(character: char) -> bool {
    !character.is_ascii_alphanumeric() && !matches!(character, '%' | '-' | '.' | '_' | '~' | '+' | '/' | '=')
}

/// Replaces the escapes of JSON for characters that need no escape. The JSON has the same meaning.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u00") && !text.contains("\\/") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        plain.push_str(before);
        let length = match needless(escape) {
            Some((character, length)) => {
                plain.push(character);
                length
            }
            None => {
                // The second character of an escape may be a backslash.
                let length = escape.char_indices().nth(2).map_or(escape.len(), |(end, _)| end);
                plain.push_str(&escape[..length]);
                length
            }
        };
        rest = &escape[length..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Returns the character of an escape that JSON does not need, and the length of the escape.
fn needless(escape: &str) -> Option<(char, usize)> {
    if escape.starts_with("\\/") {
        return Some(('/', 2));
    }
    let digits = escape.strip_prefix("\\u00")?.get(..2)?;
    let character = char::from(u8::from_str_radix(digits, 16).ok()?);
    let is_needless = character.is_ascii_graphic() && !matches!(character, '"' | '\\');
    is_needless.then_some((character, 6))
}
