//! Page tokens of lists: opaque to clients, the last name of the page before here. What ends between two pages shifts no other.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use lro::Status;

use super::error;

/// Returns the token of the page that starts after this name. It is empty for the first one.
pub(crate) fn token(after: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("after:{after}"))
}

/// Returns the name after which the page of a token starts. Without a token it is empty.
pub(crate) fn after(token: &str) -> Result<String, Status> {
    if token.is_empty() {
        return Ok(String::new());
    }
    let after = || {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        text.strip_prefix("after:").map(str::to_owned)
    };
    after().ok_or_else(|| error::bad_field("pageToken", "it is none of this service's"))
}
