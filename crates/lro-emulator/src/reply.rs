pub(crate) mod body;
pub(crate) mod breaks;
mod gzip;
pub(crate) mod lie;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use lro::{Any, Code, Status, details::ErrorInfo};

use self::{
    body::Body,
    breaks::{Break, Point},
    lie::Lie,
};
use crate::api::{error, json};

/// How one call is answered.
///
/// ```
/// use std::time::Duration;
/// use lro_emulator::Reply;
///
/// let busy = Reply::status(503).header("retry-after", "7");
/// let slow = Reply::usual().after(Duration::from_secs(2));
/// let page = Reply::status(502).header("content-type", "text/html").body("<html>Bad Gateway</html>");
/// let lost = Reply::usual().cut_after(10);
/// ```
#[derive(Clone, Debug)]
pub struct Reply {
    pub(crate) kind: ReplyKind,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) delay: Duration,
    pub(crate) cut_after: Option<usize>,
    pub(crate) goes_away: bool,
    pub(crate) breaks: Option<(Point, Break)>,
    pub(crate) tells_length: bool,
    pub(crate) lie: Lie,
}

#[derive(Clone, Debug)]
pub(crate) enum ReplyKind {
    /// What the service answers.
    Usual,
    /// This, and the service never hears of the call.
    Canned { status: StatusCode, body: Body },
    /// Nothing: the connection is closed.
    Close,
    /// Nothing: every connection is closed, and others are refused for a time.
    Refuse(Duration),
}

impl Reply {
    /// What the emulated service answers, to be dressed up by the other methods.
    pub fn usual() -> Self {
        Self::of(ReplyKind::Usual)
    }

    /// An HTTP status; if it is an error, with a body in Google's form. The service never hears of the call.
    ///
    /// # Panics
    ///
    /// If the number is not in `200..=599`, the statuses of replies.
    pub fn status(status: u16) -> Self {
        assert!((200..=599).contains(&status), "not the HTTP status of a reply: {status}");
        let status = StatusCode::from_u16(status).unwrap_or_default();
        if !status.is_client_error() && !status.is_server_error() {
            return Self::of(ReplyKind::Canned { status, body: Body::default() });
        }
        let error = Status::new(error::code(status), status.canonical_reason().unwrap_or("emulated"));
        Self::of(ReplyKind::Canned { status, body: error::body(&error, status).into() }).json()
    }

    /// A failed call of this code, message and details, in Google's form. The service never hears of the call.
    pub fn error(error: &Status) -> Self {
        let status = error::http_status(error.code());
        Self::of(ReplyKind::Canned { status, body: error::body(error, status).into() }).json()
    }

    /// A bearer token that has expired, as the service says it: UNAUTHENTICATED. The service never hears of the call.
    pub fn expired_token() -> Self {
        let error = Status::new(Code::Unauthenticated, "Request had invalid authentication credentials.");
        let reason = ErrorInfo {
            reason: "ACCESS_TOKEN_EXPIRED".to_owned(),
            domain: "googleapis.com".to_owned(),
            ..ErrorInfo::default()
        };
        Self::error(&error.with_details(Any::pack(&reason).into_iter().collect()))
            .header("www-authenticate", r#"Bearer error="invalid_token""#)
    }

    /// A redirect (307) to another place. The service never hears of the call.
    ///
    /// # Panics
    ///
    /// If the place cannot be the value of a header.
    pub fn redirect(location: &str) -> Self {
        Self::status(307).header("location", location)
    }

    /// Sets a header, whose value need not be text: `b"\xff"` is one.
    ///
    /// # Panics
    ///
    /// If it is no HTTP header.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name: HeaderName = name.parse().expect("a header name is a token in ASCII");
        let value =
            HeaderValue::from_bytes(value.as_ref()).expect("a header value has no control characters");
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value));
        self
    }

    /// Sets the body. A [usual](Self::usual) reply becomes one of HTTP status 200 of which the service never hears.
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.raw_body(body.into().into())
    }

    pub(crate) fn raw_body(mut self, body: Body) -> Self {
        let status = match self.kind {
            ReplyKind::Canned { status, .. } => status,
            ReplyKind::Usual | ReplyKind::Close | ReplyKind::Refuse(_) => StatusCode::OK,
        };
        self.kind = ReplyKind::Canned { status, body };
        self
    }

    /// Sets how long the call is kept waiting before it is heard and answered.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(crate) fn of(kind: ReplyKind) -> Self {
        Self {
            kind,
            headers: Vec::new(),
            delay: Duration::ZERO,
            cut_after: None,
            goes_away: false,
            breaks: None,
            tells_length: true,
            lie: Lie::default(),
        }
    }

    fn json(self) -> Self {
        self.header("content-type", json::CONTENT_TYPE)
    }
}

/// [`Reply::usual`].
impl Default for Reply {
    fn default() -> Self {
        Self::usual()
    }
}
