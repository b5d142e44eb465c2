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
        let mut plain = Vec::new();
        if !unescape(layer.as_deref().unwrap_or(text), |bytes, _| plain.extend_from_slice(bytes)) {
            return false;
        }
        if needles.iter().any(|needle| memmem::find(&plain, needle).is_some()) {
            return true;
        }
        layer = Some(plain);
    }
    false
}

/// Replaces the secrets in a text by `…`, in all forms that [`is_escaped_in`] finds, and in their own.
#[cold]
pub(crate) fn hidden<'s>(text: String, secrets: impl Iterator<Item = &'s str>) -> String {
    let needles = needles(secrets);
    let mut found = Vec::new();
    let (mut layer, mut starts) = (text.as_bytes().to_vec(), (0..=text.len()).collect::<Vec<_>>());
    for _ in 0..=LAYERS {
        for needle in &needles {
            let matches = memmem::find_iter(&layer, needle);
            found.extend(matches.map(|at| starts[at]..starts[at + needle.len()]));
        }
        // Where in the text each byte of the next layer begins, and where the last one ends.
        let (mut plain, mut begins) = (Vec::new(), Vec::new());
        let has_escapes = unescape(&layer, |bytes, range| {
            let is_escape = bytes.len() != range.len();
            begins.extend((0..bytes.len()).map(|at| starts[range.start + if is_escape { 0 } else { at }]));
            plain.extend_from_slice(bytes);
        });
        if !has_escapes {
            break;
        }
        begins.push(text.len());
        (layer, starts) = (plain, begins);
    }
    without(&text, found)
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
            let mut plain = Vec::new();
            let has_escapes = unescape(&needle, |bytes, _| plain.extend_from_slice(bytes));
            needles.push(needle);
            needle = plain;
            if !has_escapes {
                break;
            }
        }
    }
    needles
}

/// Returns the text with each of the ranges replaced. Ranges that overlap are one.
fn without(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_by_key(|range| (range.start, range.end));
    let (mut shown, mut end) = (Vec::new(), 0);
    for range in found {
        if range.start >= end {
            shown.extend_from_slice(text.as_bytes().get(end..range.start).unwrap_or_default());
            shown.extend_from_slice("…".as_bytes());
        }
        end = end.max(range.end);
    }
    shown.extend_from_slice(text.as_bytes().get(end..).unwrap_or_default());
    String::from_utf8_lossy(&shown).into_owned()
}

/// Passes the parts of a text to a closure: an escape as its character, other parts as they are, each with its range in
/// the text. Returns whether there was an escape.
fn unescape(text: &[u8], mut part: impl FnMut(&[u8], Range<usize>)) -> bool {
    let (mut at, mut has_escapes) = (0, false);
    while let Some(offset) = memchr3(b'\\', b'%', b'&', &text[at..]) {
        let start = at + offset;
        part(&text[at..start], at..start);
        let rest = &text[start..];
        at = match escape(rest) {
            Some((character, length)) => {
                has_escapes = true;
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
    has_escapes
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

/// A URL in a URL, in a string of JSON, in the `Debug` of an error. A server that escapes more often shows a token that
/// no one reads from it by accident; more layers cost time for texts that have many escapes.
const LAYERS: usize = 5;
/// The digits of the largest code point and what surrounds them, with some leading zeroes.
const MOST_DIGITS: usize = 12;
