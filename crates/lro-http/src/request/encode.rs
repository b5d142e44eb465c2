//! Percent-encoding of paths and queries.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Appends a name to a path, percent-encoded but for the slashes between its segments.
pub(crate) fn push_name(path: &mut Vec<u8>, name: &str) {
    push_encoded(path, name, NAME);
}

/// Appends a value to a query, slashes encoded too.
pub(crate) fn push_value(query: &mut Vec<u8>, value: &str) {
    push_encoded(query, value, VALUE);
}

fn push_encoded(text: &mut Vec<u8>, value: &str, special: &'static AsciiSet) {
    for part in utf8_percent_encode(value, special) {
        text.extend_from_slice(part.as_bytes());
    }
}

/// All but the unreserved characters of RFC 3986.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const NAME: &AsciiSet = &VALUE.remove(b'/');
