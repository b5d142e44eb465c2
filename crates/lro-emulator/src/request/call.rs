use bytes::Bytes;
use http::{HeaderMap, Method, Version};

/// The record of one request, as the server received it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path and the query, as received.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The version of HTTP.
    pub version: Version,
    /// The length of the body in bytes.
    pub body_len: usize,
    /// The body. It is empty if it had more than [`Call::BODY_KEPT`] bytes.
    pub body: Bytes,
}

impl Call {
    /// The longest body that is kept.
    pub const BODY_KEPT: usize = 64 * 1024;

    /// Returns the method and the path, such as `GET /v1/operations/1`.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Returns the value of a header. Returns `None` if it is absent or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
