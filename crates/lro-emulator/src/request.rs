use bytes::Bytes;
use http::{HeaderMap, Method, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use lro::Status;
use serde::de::DeserializeOwned;

use crate::{Call, api::error};

/// A request that was read to its end.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: Path,
    pub(crate) headers: HeaderMap,
    query: Vec<(String, String)>,
    body: Bytes,
}

/// `/v1/projects/p:optimizeTours`: a version, the segments of a name, and a verb.
#[derive(Debug)]
pub(crate) struct Path {
    /// As it came.
    pub(crate) text: String,
    pub(crate) version: String,
    pub(crate) segments: Vec<String>,
    /// Only a POST has one, so that any other method reaches names with a colon.
    pub(crate) verb: Option<String>,
}

impl Request {
    /// Reads a request: what it was, and what it asks if it can be understood.
    pub(crate) async fn read(request: http::Request<Incoming>) -> (Call, Result<Self, Status>) {
        let (mut head, body) = request.into_parts();
        for secret in ["authorization", "x-goog-api-key"] {
            // Then `Debug` does not show it.
            head.headers.get_mut(secret).into_iter().for_each(|value| value.set_sensitive(true));
        }
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let body = match Limited::new(body, LONGEST_BODY).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(Status::invalid_argument(format!(
                "Request payload size exceeds the limit: {LONGEST_BODY} bytes."
            ))),
            Err(_) => Err(Status::invalid_argument("the body of the request broke off")),
        };
        let received = body.clone().unwrap_or_default();
        let call = Call {
            method: head.method.clone(),
            path: target.clone(),
            headers: head.headers.clone(),
            version: head.version,
            body_len: received.len(),
            body: if received.len() <= Call::BODY_KEPT { received } else { Bytes::new() },
        };
        let request = body.and_then(|body| Self::parse(head, &target, body));
        (call, request)
    }

    fn parse(head: http::request::Parts, target: &str, body: Bytes) -> Result<Self, Status> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = Path::parse(path, head.method == Method::POST)
            .ok_or_else(|| Status::invalid_argument(format!("not a path: {path}")))?;
        Ok(Self { method: head.method, path, headers: head.headers, query: pairs(query), body })
    }

    /// The segments of the path without version and verb, joined: the name of what the call is about.
    pub(crate) fn name(&self) -> String {
        self.path.segments.join("/")
    }

    /// A parameter of the query, by its `lowerCamelCase` or its `snake_case` name; empty if it is not there.
    pub(crate) fn param(&self, camel: &str) -> &str {
        let is_name = |key: &str| key == camel || key.contains('_') && camel_case(key) == camel;
        self.query.iter().find(|(key, _)| is_name(key)).map_or("", |(_, value)| value)
    }

    pub(crate) fn flag(&self, camel: &str) -> Result<bool, Status> {
        match self.param(camel) {
            "" | "false" => Ok(false),
            "true" => Ok(true),
            other => Err(error::bad_field(camel, format!("\"{other}\" is no bool"))),
        }
    }

    pub(crate) fn number(&self, camel: &str) -> Result<usize, Status> {
        match self.param(camel) {
            "" => Ok(0),
            text => text.parse().map_err(|_| error::bad_field(camel, format!("\"{text}\" is no size"))),
        }
    }

    /// The bearer token.
    pub(crate) fn token(&self) -> Option<&str> {
        self.headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
    }

    /// The body as a message; no body is an empty one.
    pub(crate) fn message<M: DeserializeOwned>(&self) -> Result<M, Status> {
        let body = if self.body.is_empty() { b"{}" } else { &*self.body };
        serde_json::from_slice(body)
            .map_err(|error| Status::invalid_argument(format!("Invalid JSON payload received. {error}")))
    }
}

impl Path {
    fn parse(path: &str, may_have_verb: bool) -> Option<Self> {
        let mut segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let mut verb = None;
        if let Some(last) = segments.last_mut().filter(|_| may_have_verb)
            && let Some((before, after)) = last.rsplit_once(':')
        {
            verb = Some(decode(after)?);
            *last = before;
        }
        let version = decode(segments.remove(0))?;
        let segments = segments.into_iter().map(decode).collect::<Option<_>>()?;
        Some(Self { text: path.to_owned(), version, segments, verb })
    }
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let text = |part: &str| decode(&part.replace('+', " ")).unwrap_or_default();
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (text(key), text(value)))
        .collect()
}

fn camel_case(snake: &str) -> String {
    let mut words = snake.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel += letters.as_str();
    }
    camel
}

/// Takes percent-encoding off; `None` if what is left is no text.
fn decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => (hex(*high)? << 4 | hex(*low)?, after),
            (b'%', _) => return None,
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

const LONGEST_BODY: usize = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_colon_is_a_verb_only_in_a_post() {
        let post = Path::parse("/v1/subscriptions/a:b:reactivate", true).unwrap();
        assert_eq!((&*post.segments[1], post.verb.as_deref()), ("a:b", Some("reactivate")));
        let get = Path::parse("/v1/subscriptions/a:b", false).unwrap();
        assert_eq!((&*get.segments[1], get.verb), ("a:b", None));
        let encoded = Path::parse("/v1/subscriptions/a%3Ab:reactivate", true).unwrap();
        assert_eq!((&*encoded.segments[1], encoded.verb.as_deref()), ("a:b", Some("reactivate")));
    }

    #[test]
    fn segments_are_decoded_once() {
        let path = Path::parse("/v1/operations/a%252Fb%20%C3%A9", false).unwrap();
        assert_eq!(path.segments, ["operations", "a%2Fb é"]);
        assert!(Path::parse("/v1/operations/%zz", false).is_none());
        assert!(Path::parse("/v1/operations/%FF", false).is_none());
    }
}
