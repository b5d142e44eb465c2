use std::fmt;

use bytes::Bytes;
use http::header;
use lro::Code;

use crate::{
    common::{self, reply},
    fault_matrix::{
        body::Body,
        hint::Hint,
        model::{Expected, Fate, Range, Says, Survival, failed_call},
    },
};

/// One reply to one call, and the expectation of the rules.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) http: u16,
    pub(crate) form: String,
    pub(crate) hint: Hint,
    pub(crate) expected: Expected,
    body: Bytes,
}

impl Case {
    pub(crate) fn failed(http: u16, body: &Body, hint: Hint) -> Self {
        // A 304 has no body.
        let says = if http == 304 { Says::default() } else { body.says };
        Self::new(http, body.form.clone(), &body.bytes, hint, failed_call(http, says, hint))
    }

    pub(crate) fn good(http: u16, body: &[u8], fate: Fate, hint: Hint) -> Self {
        let form: String = String::from_utf8_lossy(body).escape_debug().take(80).collect();
        Self::new(http, form, body, hint, Expected { fate, wish: hint.wish() })
    }

    pub(crate) fn broken_off(http: u16, hint: Hint) -> Self {
        let body = br#"{"error": {"code": 500, "status": "DATA_LOSS", "#;
        Self::new(http, "half".to_owned(), body, hint, failed_call(http, Says::default(), hint))
    }

    /// A good reply that is cut after so many bytes.
    pub(crate) fn cut(bytes: usize, how: &str) -> Self {
        let fate = Fate::Failed(Code::Unavailable, Survival::Survived);
        let expected = Expected { fate, wish: Range::ZERO };
        Self::new(200, format!("{how} after {bytes} bytes"), b"", Hint::Absent, expected)
    }

    fn new(http: u16, form: String, body: &[u8], hint: Hint, expected: Expected) -> Self {
        Self { http, form, hint, expected, body: Bytes::copy_from_slice(body) }
    }

    pub(crate) fn reply(&self) -> common::Reply {
        let mut reply = reply(self.http, self.body.clone());
        if let Some(header) = self.hint.header() {
            reply.headers_mut().insert(header::RETRY_AFTER, header);
        }
        reply
    }

    /// The bytes on the wire before the connection breaks.
    pub(crate) fn half_a_reply(&self) -> String {
        let hint = self.hint.header().map(|hint| format!("retry-after: {}\r\n", hint.to_str().unwrap()));
        let (http, body) = (self.http, std::str::from_utf8(&self.body).unwrap());
        format!("HTTP/1.1 {http} X\r\n{}content-length: 100\r\n\r\n{body}", hint.unwrap_or_default())
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}, {}, Retry-After {:?}", self.http, self.form, self.hint)
    }
}
