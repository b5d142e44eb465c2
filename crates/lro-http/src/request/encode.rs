//! Percent-encoding of paths and queries.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Appends a name to a path. The slashes between its segments are not encoded.
pub(crate) fn push_name(path: &mut Vec<u8>, name: &str) {
    push_encoded(path, name, NAME);
}

/// Appends a value to a query. Slashes are encoded.
pub(crate) fn push_value(query: &mut Vec<u8>, value: &str) {
    push_encoded(query, value, VALUE);
}

fn push_encoded(text: &mut Vec<u8>, value: &str, special: &'static AsciiSet) {
    for part in utf8_percent_encode(value, special) {
        text.extend_from_slice(part.as_bytes());
    }
}

/// All characters except the unreserved ones of RFC 3986, section 2.3.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const NAME: &AsciiSet = &VALUE.remove(b'/');
