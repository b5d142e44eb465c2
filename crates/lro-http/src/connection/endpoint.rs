use std::fmt;

use bytes::Bytes;
use http::{
    HeaderValue, Uri,
    uri::{Authority, Parts, PathAndQuery, Scheme},
};
use lro::Status;

use crate::refusal::refused;

/// The scheme and host of a service, such as `https://routeoptimization.googleapis.com`, and perhaps a path before
/// those of its calls, such as `https://gateway.example.com/jobs`.
///
/// The scheme is HTTPS, because every call carries a credential. Plain HTTP is accepted for loopback hosts only.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    scheme: Scheme,
    authority: Authority,
    /// The path before those of the calls: empty, or `/` and segments.
    base: Box<str>,
}

impl Endpoint {
    /// Parses an endpoint.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` with what is wrong. The message never contains a user, a password or a query.
    pub fn parse(url: &str) -> Result<Self, Status> {
        Self::parse_with(url, false)
    }

    /// Parses an endpoint, which may be plain HTTP for any host.
    pub(crate) fn parse_with(url: &str, plain_http: bool) -> Result<Self, Status> {
        let refuse = |why: &str| refused(format!("not an endpoint: {:?}: {why}", shown(url)));
        let uri: Uri =
            url.parse().map_err(|_| refuse("expected a URL such as https://example.googleapis.com"))?;
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(refuse("it needs both a scheme and a host, such as https://example.googleapis.com"));
        };
        if url.contains('#') {
            return Err(refuse("it has a fragment, which is never sent"));
        }
        let path = parts.path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
        let base = path.path().strip_suffix('/').unwrap_or_else(|| path.path());
        if path.query().is_some() {
            return Err(refuse("it has a query: calls have queries of their own"));
        }
        if base.split('/').skip(1).any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(refuse("its path has an empty segment or a segment of dots"));
        }
        if authority.as_str().contains('@') {
            return Err(refuse("it contains a user or a password: give credentials to the builder"));
        }
        check_authority(&authority).map_err(refuse)?;
        match scheme.as_str() {
            "https" => {}
            "http" if plain_http || is_loopback(authority.host()) => {}
            "http" => {
                return Err(refuse(
                    "http is for loopback hosts only: use https, or `plain_http` without credentials",
                ));
            }
            _ => return Err(refuse("its scheme is not https")),
        }
        Ok(Self { scheme, authority, base: base.into() })
    }

    pub(crate) fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// Returns whether a secret that is sent to the endpoint can be read on the way.
    pub(crate) fn is_exposed(&self) -> bool {
        !self.is_https() && !is_loopback(self.authority.host())
    }

    /// Returns the URL to connect to, which always has a port.
    pub(crate) fn target(&self) -> Result<Uri, Status> {
        let port = self.authority.port_u16().unwrap_or_else(|| self.default_port());
        let authority = format!("{}:{port}", self.authority.host());
        let uri = Uri::builder().scheme(self.scheme.clone()).authority(authority).path_and_query("/");
        uri.build().map_err(|error| refused(format!("not a URL: {error}")))
    }

    /// Returns the header `Host` of HTTP/1, which omits the default port.
    pub(crate) fn host_header(&self) -> Result<HeaderValue, Status> {
        let host = match self.authority.port_u16() {
            Some(port) if port == self.default_port() => self.authority.host(),
            _ => self.authority.as_str(),
        };
        HeaderValue::try_from(host).map_err(|error| refused(format!("not a host: {error}")))
    }

    /// Returns the path and the query of a URL behind the path of this endpoint. `None` if the URL is not below it.
    pub(crate) fn without_base<'u>(&self, url: &'u Uri) -> Option<&'u str> {
        let is_own = url.scheme() == Some(&self.scheme) && url.authority() == Some(&self.authority);
        let path = url.path_and_query()?.as_str().strip_prefix(&*self.base)?;
        (is_own && path.starts_with('/')).then_some(path)
    }

    fn default_port(&self) -> u16 {
        if self.is_https() { 443 } else { 80 }
    }

    /// Returns the URL of an encoded path and query.
    pub(crate) fn uri(&self, path: Vec<u8>) -> Result<Uri, Status> {
        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        let path = if self.base.is_empty() { path } else { [self.base.as_bytes(), &path].concat() };
        let path = PathAndQuery::from_maybe_shared(Bytes::from(path))
            .map_err(|error| refused(format!("not a path: {error}")))?;
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).map_err(|error| refused(format!("not a URL: {error}")))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.base)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Refuses an authority without user and password that has no host or an invalid port, and returns the reason.
pub(crate) fn check_authority(authority: &Authority) -> Result<(), &'static str> {
    if authority.host().is_empty() {
        return Err("it has no host");
    }
    // After the host there is nothing, or `:` and a port.
    let port = authority.as_str().get(authority.host().len()..).unwrap_or_default();
    if !port.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
        return Err("its port is not a number from 1 to 65535");
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Returns a URL without the parts that may contain a password or a key.
pub(crate) fn shown(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => (scheme, rest),
        _ => ("", url),
    };
    let separator = if scheme.is_empty() { "" } else { "://" };
    let (rest, query) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    let rest = match rest.rfind('@') {
        // The `?` may be a part of the password.
        _ if query.contains('@') => "…".to_owned(),
        Some(at) => format!("…{}", &rest[at..]),
        None => rest.to_owned(),
    };
    let query = if query.is_empty() || rest == "…" { "" } else { "…" };
    format!("{scheme}{separator}{rest}{query}")
}
