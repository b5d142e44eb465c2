//! The sizes that every store accepts. Beyond them the registry refuses before anything is written.

use lro::Service;

use crate::Error;

/// The longest key, in bytes: 2,560. An index of PostgreSQL holds entries of at most 2,704 bytes.
pub const LONGEST_KEY: usize = 2_560;
/// The longest fingerprint, in bytes: 2,560.
pub const LONGEST_FINGERPRINT: usize = 2_560;
/// The longest kind, key of a service, version and quota key, in bytes: 256.
pub const LONGEST_WORD: usize = 256;
/// The largest tag and the largest outcome, in bytes: 16 MiB.
pub const LARGEST_PAYLOAD: usize = 16 << 20;
/// The longest stored error, in bytes: 4,000.
pub const LONGEST_ERROR: usize = 4_000;

/// Checks a text that is stored: not empty, without control characters, and not too long.
pub(crate) fn check_text(what: &str, text: &str, longest: usize) -> Result<(), Error> {
    if text.is_empty() {
        return Err(Error::Invalid(format!("the {what} is empty")));
    }
    if text.len() > longest {
        return Err(Error::Invalid(format!(
            "the {what} has {} bytes, and the limit is {longest}",
            text.len()
        )));
    }
    if text.contains(char::is_control) {
        return Err(Error::Invalid(format!("the {what} has a control character: {text:?}")));
    }
    Ok(())
}

/// Checks the key and the version of a service. The version may be empty.
pub(crate) fn check_service(service: &Service) -> Result<(), Error> {
    if service.key().is_empty() {
        let fault = "the service has no key: a transport of a registry implements `LroTransport::service`";
        return Err(Error::Invalid(fault.to_owned()));
    }
    check_text("key of the service", service.key(), LONGEST_WORD)?;
    if service.version().is_empty() {
        Ok(())
    } else {
        check_text("version of the service", service.version(), LONGEST_WORD)
    }
}

/// Checks the size of bytes that are stored.
pub(crate) fn check_payload(what: &str, payload: &[u8]) -> Result<(), Error> {
    if payload.len() <= LARGEST_PAYLOAD {
        return Ok(());
    }
    Err(Error::Invalid(format!("the {what} has {} bytes, and the limit is {LARGEST_PAYLOAD}", payload.len())))
}

/// Cuts an error to the length that is stored, and replaces characters that a database may not accept.
pub(crate) fn stored_error(error: &str) -> String {
    let mut end = error.len().min(LONGEST_ERROR);
    while !error.is_char_boundary(end) {
        end -= 1;
    }
    error[..end].replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_error_is_cut_between_characters() {
        let stored = stored_error(&"\u{20ac}".repeat(2_000));
        assert_eq!(stored.len(), 3_999);
        assert_eq!(stored_error("a\0b"), "a\u{fffd}b");
    }

    #[test]
    fn a_text_has_bounds() {
        assert!(check_text("key", "operations/1", 12).is_ok());
        for (text, fault) in [("", "empty"), ("operations/12", "limit is 12"), ("a\0", "control")] {
            let error = check_text("key", text, 12).unwrap_err().to_string();
            assert!(error.contains(fault), "{error}");
        }
    }
}
