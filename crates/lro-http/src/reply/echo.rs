//! The token of a call in the body of its reply.

use bytes::Bytes;

use crate::Token;

/// Replaces the token in a body, so that no part of the reply shows it.
///
/// A body that is not UTF-8 is returned unchanged, because no message shows it.
pub(crate) fn without_echo(body: Bytes, token: Option<&Token>) -> Bytes {
    match token {
        Some(token) if token.is_in(&body) => match std::str::from_utf8(&body) {
            Ok(text) => token.hidden_in(text.to_owned()).into(),
            Err(_) => body,
        },
        _ => body,
    }
}
