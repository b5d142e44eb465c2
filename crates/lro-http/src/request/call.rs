use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use lro::Status;
use serde::Serialize;

use super::{
    PreparedCall,
    encode::{push_name, push_value},
};
use crate::{Endpoint, refusal::refused};

/// A call of a service outside `google.longrunning`, such as one that starts an operation.
#[derive(Clone)]
#[must_use = "a call does nothing until it is sent"]
pub struct Call {
    pub(crate) method: Method,
    pub(crate) path: Vec<u8>,
    is_version_valid: bool,
    has_query: bool,
    pub(crate) params: Vec<u8>,
    headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Option<Bytes>,
    pub(crate) timeout: Option<Duration>,
}

impl Call {
    /// Creates a GET of `/{version}/{name}{verb}`. The arguments are those of [`post`](Self::post).
    pub fn get(version: &str, name: &str, verb: &str) -> Self {
        Self::new(Method::GET, version, name, verb)
    }

    /// Creates a POST to `/{version}/{name}{verb}`.
    ///
    /// - `version` is the first part of the path, such as `v1`. It is sent as it is. An empty version is left out.
    /// - `name` is the resource, such as `projects/p`. It is percent-encoded, except for its slashes.
    /// - `verb` is what follows the name, such as `:optimizeTours`. It is sent as it is, and may be empty.
    ///
    /// The path is appended to that of the endpoint:
    ///
    /// | endpoint | call | request |
    /// |---|---|---|
    /// | `https://example.com` | `Call::post("v1", "projects/p", ":optimizeTours")` | `POST https://example.com/v1/projects/p:optimizeTours` |
    /// | `https://example.com/media` | `Call::post("", "videos", "")` | `POST https://example.com/media/videos` |
    ///
    /// [`query`](Self::query), [`header`](Self::header) and [`body`](Self::body) add the rest.
    pub fn post(version: &str, name: &str, verb: &str) -> Self {
        Self::new(Method::POST, version, name, verb)
    }

    /// Creates a PATCH of `/{version}/{name}`. The arguments are those of [`post`](Self::post).
    pub fn patch(version: &str, name: &str) -> Self {
        Self::new(Method::PATCH, version, name, "")
    }

    /// Creates a PUT of `/{version}/{name}`. The arguments are those of [`post`](Self::post).
    pub fn put(version: &str, name: &str) -> Self {
        Self::new(Method::PUT, version, name, "")
    }

    /// Creates a DELETE of `/{version}/{name}`. The arguments are those of [`post`](Self::post).
    pub fn delete(version: &str, name: &str) -> Self {
        Self::new(Method::DELETE, version, name, "")
    }

    pub(crate) fn new(method: Method, version: &str, name: &str, verb: &str) -> Self {
        let mut path = Vec::with_capacity(2 + version.len() + name.len() + verb.len());
        if !version.is_empty() {
            path.push(b'/');
            path.extend_from_slice(version.as_bytes());
        }
        path.push(b'/');
        push_name(&mut path, name);
        path.extend_from_slice(verb.as_bytes());
        let is_version_valid = version.is_empty() || version.split('/').all(|part| !part.is_empty());
        Self { is_version_valid, ..Self::to(method, path) }
    }

    /// Creates the call of an encoded path.
    pub(crate) fn to(method: Method, path: Vec<u8>) -> Self {
        let (params, headers) = (Vec::new(), Vec::new());
        Self {
            method,
            path,
            is_version_valid: true,
            has_query: false,
            params,
            headers,
            body: None,
            timeout: None,
        }
    }

    /// Adds a routing parameter, sent in `x-goog-request-params`.
    pub fn param(mut self, key: &str, value: &str) -> Self {
        if self.params.is_empty() {
            let slashes = value.bytes().filter(|byte| *byte == b'/').count();
            self.params.reserve_exact(key.len() + 1 + value.len() + 2 * slashes);
        } else {
            self.params.push(b'&');
        }
        push_pair(&mut self.params, key, value);
        self
    }

    /// Adds a header. It is not for secrets, which [credentials](crate::HttpClientBuilder::credentials) keep out of errors.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` for an invalid name or value, for a header of the connection, such as `host`, and for a name that
    /// is one of a credential, such as `authorization`, `cookie` and `x-api-key`.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, Status> {
        self.headers.push(parsed_header(name, value)?);
        Ok(self)
    }

    /// Adds a query parameter, unless its value is empty.
    pub fn query(mut self, key: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.path.push(if self.has_query { b'&' } else { b'?' });
            self.has_query = true;
            push_pair(&mut self.path, key, value);
        }
        self
    }

    /// Adds a query parameter if it is true.
    pub fn flag(self, key: &str, value: bool) -> Self {
        self.query(key, if value { "true" } else { "" })
    }

    /// Adds a numeric query parameter, unless it is zero.
    pub fn count(self, key: &str, value: impl Into<i64>) -> Self {
        match value.into() {
            0 => self,
            value => self.query(key, &value.to_string()),
        }
    }

    /// Sets the body, serialized as JSON.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if it does not serialize.
    pub fn body(mut self, body: &impl Serialize) -> Result<Self, Status> {
        let json = serde_json::to_vec(body)
            .map_err(|error| refused(format!("cannot serialize the request: {error}")))?;
        self.body = Some(json.into());
        Ok(self)
    }

    /// Sets the timeout of this call. Default: the call timeout of the client.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Describes the call for a message: its method and path. The query may contain a secret of the caller.
    pub(crate) fn shown(&self) -> String {
        let path = self.path.split(|byte| *byte == b'?').next().unwrap_or_default();
        format!("{} {}", self.method, String::from_utf8_lossy(path))
    }

    /// Builds the path and the header of the call for an endpoint.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the path or the routing parameters are not valid in HTTP.
    pub(crate) fn prepare(self, endpoint: &Endpoint) -> Result<PreparedCall, Status> {
        if !self.is_version_valid {
            let path = String::from_utf8_lossy(&self.path);
            return Err(refused(format!(
                "not a path: {path:?}: expected a version without slashes at its ends, such as `v1`"
            )));
        }
        let params = match self.params.is_empty() {
            true => None,
            false => {
                let mut params = HeaderValue::from_maybe_shared(Bytes::from(self.params))
                    .map_err(|error| refused(format!("not a header: {error}")))?;
                // Each name would push the other headers out of the table of HTTP/2.
                params.set_sensitive(true);
                Some(params)
            }
        };
        let Self { method, path, headers, body, .. } = self;
        let (uri, is_read) = (endpoint.uri(path)?, method == Method::GET);
        Ok(PreparedCall { method, uri, is_read, params, headers: headers.into(), body })
    }
}

/// Omits the query and the body, which may contain a secret of the caller.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.split(|byte| *byte == b'?').next().unwrap_or_default();
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("path", &String::from_utf8_lossy(path))
            .finish_non_exhaustive()
    }
}

/// Parses a header that a caller adds to a call.
pub(crate) fn parsed_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Status> {
    let lower = name.to_ascii_lowercase();
    if SECRET.iter().any(|secret| lower.contains(secret)) {
        return Err(refused(format!(
            "the header {name} is a credential: give it to `credentials`, which keep it out of errors"
        )));
    }
    let parsed = HeaderName::try_from(name).ok().filter(|name| !lro_auth::is_of_connection(name));
    let Some(parsed) = parsed else {
        return Err(refused(format!("not the name of a header that a call can have: {name:?}")));
    };
    let value = HeaderValue::try_from(value).map_err(|_| {
        refused(format!("the value of the header {parsed} has characters that are invalid in a header"))
    })?;
    Ok((parsed, value))
}

fn push_pair(text: &mut Vec<u8>, key: &str, value: &str) {
    text.extend_from_slice(key.as_bytes());
    text.push(b'=');
    push_value(text, value);
}

/// Parts of the names of headers that carry credentials. A call without credentials may have no secrets: it may be sent in
/// clear text, and what a server says back of it is shown.
///
/// Words such as `key` and `token` alone are also in the names of headers that are public, such as `idempotency-key`.
const SECRET: [&str; 16] = [
    "access-key",
    "access-token",
    "api-key",
    "api_key",
    "apikey",
    "auth-key",
    "auth-token",
    "authorization",
    "cookie",
    "functions-key",
    "password",
    "private-token",
    "secret",
    "security-token",
    "session-token",
    "subscription-key",
];
