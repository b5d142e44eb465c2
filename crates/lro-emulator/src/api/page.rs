//! Page tokens of lists: opaque to clients, an offset here.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use lro::Status;

use super::error;

/// Returns the token of the page that starts at this offset.
pub(crate) fn token(offset: usize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("from:{offset}"))
}

/// Returns the offset at which the page of a token starts. Without a token it is 0.
pub(crate) fn offset(token: &str) -> Result<usize, Status> {
    if token.is_empty() {
        return Ok(0);
    }
    let offset = || {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        text.strip_prefix("from:")?.parse().ok()
    };
    offset().ok_or_else(|| error::bad_field("pageToken", "it is none of this service's"))
}
