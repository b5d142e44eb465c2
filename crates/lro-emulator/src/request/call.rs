use bytes::Bytes;
use http::{HeaderMap, Method, Version};

/// One request as it arrived.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Path and query, verbatim.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The version of HTTP it came by.
    pub version: Version,
    /// The length of the body in bytes.
    pub body_len: usize,
    /// The body, if it has no more than [`Call::BODY_KEPT`] bytes; else empty.
    pub body: Bytes,
}

impl Call {
    /// The longest body that is kept.
    pub const BODY_KEPT: usize = 64 * 1024;

    /// A header's value, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
