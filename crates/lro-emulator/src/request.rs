pub(crate) mod call;
mod path;

use bytes::Bytes;
use http::{HeaderMap, Method, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use lro::{Code, Status};
use serde::de::DeserializeOwned;

use self::{
    call::Call,
    path::{Path, decode},
};
use crate::api::error;

/// A request, read to its end.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: Path,
    pub(crate) headers: HeaderMap,
    query: Vec<(String, String)>,
    body: Bytes,
}

/// The head of a request, and its body if it could be read.
pub(crate) type Received = (http::request::Parts, Result<Bytes, Status>);

/// Reads a request to its end. Returns its record too.
pub(crate) async fn receive(request: http::Request<Incoming>) -> (Call, Received) {
    let (mut head, body) = request.into_parts();
    for secret in ["authorization", "x-goog-api-key"] {
        // `Debug` does not show it then.
        head.headers.get_mut(secret).into_iter().for_each(|value| value.set_sensitive(true));
    }
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
        path: target(&head).to_owned(),
        headers: head.headers.clone(),
        version: head.version,
        body_len: received.len(),
        body: if received.len() <= Call::BODY_KEPT { received } else { Bytes::new() },
    };
    (call, (head, body))
}

/// Returns the bearer token of a request.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

impl Request {
    /// Parses the path and the query of a request.
    pub(crate) fn parse((head, body): Received) -> Result<Self, Status> {
        let body = body?;
        let target = target(&head);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = Path::parse(path, head.method == Method::POST)
            .ok_or_else(|| Status::invalid_argument(format!("not a path: {path}")))?;
        let query = pairs(query);
        Ok(Self { method: head.method, path, headers: head.headers, query, body })
    }

    /// Returns the error of a path that no method has, as Google's servers report it: `NOT_FOUND`.
    pub(crate) fn unknown_method(&self) -> Status {
        Status::new(Code::NotFound, format!("Method not found: {} {}", self.method, self.path.text))
    }

    /// Returns the name of the resource that the call is about: the segments of the path without version and verb.
    pub(crate) fn name(&self) -> String {
        self.path.segments.join("/")
    }

    /// A parameter of the query, by its `lowerCamelCase` or its `snake_case` name. It is empty if it is absent.
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

    /// Decodes the body as a message. Without a body it is an empty message.
    pub(crate) fn message<M: DeserializeOwned>(&self) -> Result<M, Status> {
        let body = if self.body.is_empty() { b"{}" } else { &*self.body };
        serde_json::from_slice(body).map_err(|error| {
            let message = format!("Invalid JSON payload received. {error}");
            error::bad_request(message.clone(), [(String::new(), message)])
        })
    }
}

/// Returns the path and the query.
fn target(head: &http::request::Parts) -> &str {
    head.uri.path_and_query().map_or("/", |target| target.as_str())
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

/// The most bytes of the body of a request.
pub(crate) const LONGEST_BODY: usize = 64 * 1024 * 1024;
