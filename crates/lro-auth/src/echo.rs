//! Finds secrets in a text of a server, whatever escapes the text has.
//!
//! A layer of the text is the text with each escape replaced by its character. The layers are searched up to the one
//! without escapes. An escape is one of JSON, of a URL, of HTML or of Rust's `Debug`.

use std::ops::Range;

use memchr::{memchr3, memmem};

/// Returns whether a text contains one of the secrets in an escaped form.
#[cold]
pub(crate) fn is_escaped_in<'s>(text: &[u8], secrets: impl Iterator<Item = &'s str>) -> bool {
    let needles = needles(secrets);
    let mut layer = None::<Vec<u8>>;
    for _ in 0..LAYERS {
        let Some(plain) = unescaped(layer.as_deref().unwrap_or(text)) else {
            return false;
        };
        if needles.iter().any(|needle| memmem::find(&plain, needle).is_some()) {
            return true;
        }
        layer = Some(plain);
    }
    false
}

/// Replaces the secrets in a text by `…`, in all forms that [`is_escaped_in`] finds, and in their own. A text that has too
/// many of them is replaced as a whole.
#[cold]
pub(crate) fn hidden<'s>(text: String, secrets: impl Iterator<Item = &'s str>) -> String {
    match found_in(text.as_bytes(), &needles(secrets), LAYERS) {
        Some(found) => without(&text, found),
        None => HIDDEN.to_owned(),
    }
}

/// Returns where the needles are in a text and in so many layers of it, in order and without overlaps. `None` if there are
/// more than [`MOST_SECRETS`] in a layer.
fn found_in(text: &[u8], needles: &[Vec<u8>], layers: usize) -> Option<Vec<Range<usize>>> {
    let mut found = Vec::new();
    if layers > 0
        && let Some(plain) = unescaped(text)
    {
        found = found_in(&plain, needles, layers - 1)?;
        place(&mut found, text);
    }
    let matches =
        needles.iter().flat_map(|needle| memmem::find_iter(text, needle).map(|at| at..at + needle.len()));
    let before = found.len();
    found.extend(matches.take(MOST_SECRETS + 1));
    if found.len() - before > MOST_SECRETS {
        return None;
    }
    found.sort_unstable_by_key(|range| range.start);
    found.dedup_by(|next, range| {
        let overlaps = next.start < range.end;
        if overlaps {
            range.end = range.end.max(next.end);
        }
        overlaps
    });
    Some(found)
}

/// Converts ranges of the next layer of a text, which are in order, to those of the text.
fn place(found: &mut [Range<usize>], text: &[u8]) {
    let mut bounds = found.iter_mut().flat_map(|range| [&mut range.start, &mut range.end]).peekable();
    let mut at = 0;
    unescape(text, |bytes, range| {
        let is_escape = bytes.len() != range.len();
        while let Some(bound) = bounds.next_if(|bound| **bound < at + bytes.len()) {
            *bound = range.start + if is_escape { 0 } else { *bound - at };
        }
        at += bytes.len();
    });
    bounds.for_each(|bound| *bound = text.len());
}

/// Returns whether a text may have escapes.
pub(crate) fn may_have_escapes(text: &[u8]) -> bool {
    memchr3(b'\\', b'%', b'&', text).is_some()
}

/// Returns the secrets, and those that contain escapes without them: a layer has lost them too.
fn needles<'s>(secrets: impl Iterator<Item = &'s str>) -> Vec<Vec<u8>> {
    let mut needles = Vec::new();
    for secret in secrets {
        let mut needle = secret.as_bytes().to_vec();
        for _ in 0..LAYERS {
            let plain = unescaped(&needle);
            needles.push(needle);
            match plain {
                Some(plain) => needle = plain,
                None => break,
            }
        }
    }
    needles
}

/// Returns the text with each of the ranges replaced.
fn without(text: &str, found: Vec<Range<usize>>) -> String {
    let (mut shown, mut end) = (Vec::new(), 0);
    for range in found {
        shown.extend_from_slice(text.as_bytes().get(end..range.start).unwrap_or_default());
        shown.extend_from_slice(HIDDEN.as_bytes());
        end = range.end;
    }
    shown.extend_from_slice(text.as_bytes().get(end..).unwrap_or_default());
    String::from_utf8(shown).unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned())
}

/// Returns the next layer of a text, `None` if the text has no escapes.
fn unescaped(text: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    unescape(text, |bytes, range| {
        if plain.is_empty() {
            if bytes.len() == range.len() {
                return;
            }
            // The first escape: a text without one is not copied.
            plain.reserve_exact(text.len());
            plain.extend_from_slice(&text[..range.start]);
        }
        plain.extend_from_slice(bytes);
    });
    (!plain.is_empty()).then_some(plain)
}

/// Passes the parts of a text to a closure: an escape as its character, other parts as they are, each with its range in
/// the text. An escape is longer than its character.
fn unescape(text: &[u8], mut part: impl FnMut(&[u8], Range<usize>)) {
    let mut at = 0;
    while let Some(offset) = memchr3(b'\\', b'%', b'&', &text[at..]) {
        let start = at + offset;
        part(&text[at..start], at..start);
        let rest = &text[start..];
        at = match escape(rest) {
            Some((character, length)) => {
                part(character.bytes(&mut [0; 4]), start..start + length);
                start + length
            }
            None => {
                part(&rest[..1], start..start + 1);
                start + 1
            }
        };
    }
    part(&text[at..], at..text.len());
}

/// What an escape stands for.
enum Escaped {
    Byte(u8),
    Character(char),
}

impl Escaped {
    fn bytes(self, buffer: &mut [u8; 4]) -> &[u8] {
        match self {
            Self::Byte(byte) => {
                buffer[0] = byte;
                &buffer[..1]
            }
            Self::Character(character) => character.encode_utf8(buffer).as_bytes(),
        }
    }
}

/// Returns what the escape at the beginning of a text stands for, and its length.
fn escape(text: &[u8]) -> Option<(Escaped, usize)> {
    match text {
        [b'%', ..] => Some((Escaped::Byte(u8::try_from(hex(text.get(1..3)?)?).ok()?), 3)),
        [b'\\', b'x', ..] => Some((Escaped::Byte(u8::try_from(hex(text.get(2..4)?)?).ok()?), 4)),
        [b'\\', b'u', b'{', digits @ ..] => {
            let length = digits.iter().take(MOST_DIGITS).position(|byte| *byte == b'}')?;
            Some((Escaped::Character(char::from_u32(hex(&digits[..length])?)?), length + 4))
        }
        [b'\\', b'u', ..] => Some((Escaped::Character(char::from_u32(hex(text.get(2..6)?)?)?), 6)),
        [b'\\', byte @ (b'/' | b'"' | b'\'' | b'\\'), ..] => Some((Escaped::Byte(*byte), 2)),
        [b'&', reference @ ..] => {
            let length = reference.iter().take(MOST_DIGITS).position(|byte| *byte == b';')?;
            Some((Escaped::Character(referenced(&reference[..length])?), length + 2))
        }
        _ => None,
    }
}

/// Returns the character of a reference of HTML, without `&` and `;`.
fn referenced(reference: &[u8]) -> Option<char> {
    match reference {
        b"amp" => Some('&'),
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(hex(digits)?),
        [b'#', digits @ ..] => char::from_u32(str::from_utf8(digits).ok()?.parse().ok()?),
        _ => None,
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    let is_hex = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    u32::from_str_radix(str::from_utf8(digits).ok().filter(|_| is_hex)?, 16).ok()
}

/// What is shown in place of a secret.
const HIDDEN: &str = "…";
/// A server that says a token back so often says little else. Without a bound the places take more memory than the text.
const MOST_SECRETS: usize = 10_000;
/// A URL in a URL, in a string of JSON, in the `Debug` of an error. A server that escapes more often shows a token that
/// no one reads from it by accident; more layers cost time for texts that have many escapes.
const LAYERS: usize = 5;
/// The digits of the largest code point and what surrounds them, with some leading zeroes.
const MOST_DIGITS: usize = 12;
