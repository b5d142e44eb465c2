mod body;
mod breaks;
mod content;
mod gzip;
mod lie;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use lro::{Any, Status};

pub use self::breaks::{Break, Point};
#[cfg(feature = "grpc")]
pub(crate) use self::content::{gzip_frame, large_frame};
pub(crate) use self::{
    body::{Body, Part},
    content::Content,
    lie::Lie,
};
use crate::api::error;

/// The reply to one call: that of the emulated service, or another one.
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
    pub(crate) trailers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) delay: Duration,
    pub(crate) cut_after: Option<usize>,
    pub(crate) goes_away: bool,
    pub(crate) breaks: Option<(Point, Break)>,
    pub(crate) declares_length: bool,
    pub(crate) lie: Lie,
}

/// The source of a reply.
#[derive(Clone, Debug)]
pub(crate) enum ReplyKind {
    /// The service.
    Usual,
    /// This reply. The service does not receive the call.
    Canned { status: StatusCode, content: Content },
    /// No reply: the connection is closed.
    Close,
    /// No reply: every connection is closed, and new ones are refused for a time.
    Refuse(Duration),
}

/// Replies of the service, and replies that replace them.
impl Reply {
    /// Creates the reply of the emulated service. The other methods change it.
    pub fn usual() -> Self {
        Self::of(ReplyKind::Usual)
    }

    /// Creates a reply with this HTTP status. The service does not receive the call.
    ///
    /// An error has a body in Google's form.
    ///
    /// # Panics
    ///
    /// If the number is not in `200..=599`, the statuses of replies.
    pub fn status(status: u16) -> Self {
        let status = http_status(status);
        if !status.is_client_error() && !status.is_server_error() {
            return Self::canned(status, Content::Body(Bytes::new()));
        }
        let error = Status::new(error::code(status), status.canonical_reason().unwrap_or("emulated"));
        Self::failure(&error, status)
    }

    /// Creates an error with this code, message and details, in Google's form. The service does not receive the call.
    pub fn error(error: &Status) -> Self {
        Self::failure(error, error::http_status(error.code()))
    }

    /// Creates the error of a bearer token that has expired: `UNAUTHENTICATED`, in the form of Google's front end. The service does
    /// not receive the call.
    pub fn expired_token() -> Self {
        let reason = Some("ACCESS_TOKEN_EXPIRED");
        let (json, error) = (error::unauthenticated_body(reason), error::unauthenticated(reason));
        Self::canned(StatusCode::UNAUTHORIZED, Content::Error { json, error })
            .header("www-authenticate", r#"Bearer error="invalid_token""#)
    }

    /// Creates the error of a limit in Google's older form: `errors` with this reason, such as `userRateLimitExceeded`, and no name
    /// of a code. The service does not receive the call.
    ///
    /// ```
    /// use lro_emulator::Reply;
    ///
    /// let busy = Reply::limit(403, "rateLimitExceeded").header("retry-after", "7");
    /// let spent = Reply::limit(429, "dailyLimitExceeded");
    /// ```
    ///
    /// # Panics
    ///
    /// If the number is not in `200..=599`, the statuses of replies.
    pub fn limit(status: u16, reason: &str) -> Self {
        let status = http_status(status);
        let (json, error) = (error::limit_body(status, reason), error::limit(status, reason));
        Self::canned(status, Content::Error { json, error })
    }

    /// Creates a redirect (307) to another location. The service does not receive the call.
    ///
    /// # Panics
    ///
    /// If the location cannot be the value of a header.
    pub fn redirect(location: &str) -> Self {
        Self::status(307).header("location", location)
    }

    /// Sets a header. Its value need not be text: `b"\xff"` is one.
    ///
    /// # Panics
    ///
    /// If name or value cannot be those of an HTTP header.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        set(&mut self.headers, name, value.as_ref());
        self
    }

    /// Sets a trailer, which follows the body.
    ///
    /// A good reply over gRPC has the trailer `grpc-status` with the value 0, which this method replaces.
    ///
    /// # Panics
    ///
    /// As [`header`](Self::header).
    #[cfg(feature = "grpc")]
    pub fn trailer(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        set(&mut self.trailers, name, value.as_ref());
        self
    }

    /// Sets the body.
    ///
    /// A [usual](Self::usual) reply gets HTTP status 200, and the service does not receive the call.
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.with_content(Content::Body(body.into()))
    }

    /// Sets how long the server waits before the service receives the call and the reply is sent.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

/// Bodies that are hard to read. As with [`Reply::body`] the service does not receive the call.
impl Reply {
    /// Sets a body of this many bytes, at least two: an operation without fields, `{}`, with spaces between the braces.
    ///
    /// It is generated as it is sent, so that it takes no memory.
    pub fn large_body(self, bytes: u64) -> Self {
        self.with_content(Content::Large(bytes))
    }

    /// Creates a reply with a body in gzip that decompresses to a [large](Self::large_body) one of this many bytes.
    ///
    /// About a thousandth of them is sent.
    pub fn gzip_bomb(bytes: u64) -> Self {
        Self::canned(StatusCode::OK, Content::Bomb(bytes))
    }

    /// Creates a reply with an operation without a name, whose metadata is objects in objects, nested to this depth.
    pub fn nested(levels: usize) -> Self {
        const START: &str =
            r#"{"done":false,"metadata":{"@type":"type.googleapis.com/google.protobuf.Struct","value":"#;
        let (open, close) = (r#"{"a":"#.repeat(levels), "}".repeat(levels));
        Self::status(200).body([START, &open, "{}", &close, "}}"].concat())
    }

    /// Leaves out the length of the body. With HTTP/1.1 the body is sent in chunks.
    pub fn without_length(mut self) -> Self {
        self.declares_length = false;
        self
    }
}

/// Connections that break.
impl Reply {
    /// Closes the connection without a reply, with every other call on it. The service does not receive the call.
    pub fn close() -> Self {
        Self::of(ReplyKind::Close)
    }

    /// Closes every connection without a reply, and refuses new ones for a time, as [`Emulator::refuse_for`] does. The service does
    /// not receive the call.
    ///
    /// [`Emulator::refuse_for`]: crate::Emulator::refuse_for
    pub fn refuse_for(time: Duration) -> Self {
        Self::of(ReplyKind::Refuse(time))
    }

    /// Breaks the connection at a point of the reply, with every other call on it.
    ///
    /// With [`usual`](Self::usual) the service has received the call: an operation that the call starts is started.
    ///
    /// ```
    /// use lro_emulator::{Break, Point, Reply};
    ///
    /// let lost = Reply::usual().breaks(Point::BeforeHead, Break::Reset);
    /// let stuck = Reply::usual().breaks(Point::InBody(7), Break::Stall);
    /// ```
    pub fn breaks(mut self, at: Point, how: Break) -> Self {
        self.breaks = Some((at, how));
        self
    }

    /// Ends the body after this many bytes although a longer one is declared, as a connection that is lost does.
    ///
    /// With [`usual`](Self::usual) the service has received the call: an operation that the call starts is started.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    /// Sends GOAWAY with the reply, or `connection: close` with HTTP/1.1. The next call needs a new connection.
    ///
    /// Calls in flight are completed.
    pub fn goaway(mut self) -> Self {
        self.goes_away = true;
        self
    }
}

/// False states. They change the operation in a [usual](Reply::usual) reply, and not the operation of the server. Other replies
/// (errors, pages of operations, subscriptions) do not change.
impl Reply {
    /// Sets another name of the operation. An empty name is left out.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.lie.name = Some(name.into());
        self
    }

    /// Reports that the operation is running, without a response or an error, even if it is done.
    pub fn not_done(mut self) -> Self {
        self.lie.not_done = true;
        self
    }

    /// Sets other metadata of the operation.
    pub fn metadata(mut self, metadata: Any) -> Self {
        self.lie.metadata = Some(metadata);
        self
    }
}

impl Reply {
    fn of(kind: ReplyKind) -> Self {
        Self {
            kind,
            headers: Vec::new(),
            trailers: Vec::new(),
            delay: Duration::ZERO,
            cut_after: None,
            goes_away: false,
            breaks: None,
            declares_length: true,
            lie: Lie::default(),
        }
    }

    fn canned(status: StatusCode, content: Content) -> Self {
        Self::of(ReplyKind::Canned { status, content })
    }

    fn failure(error: &Status, status: StatusCode) -> Self {
        let json = error::body(error, status);
        Self::canned(status, Content::Error { json, error: error.clone() })
    }

    fn with_content(mut self, content: Content) -> Self {
        let status = match self.kind {
            ReplyKind::Canned { status, .. } => status,
            ReplyKind::Usual | ReplyKind::Close | ReplyKind::Refuse(_) => StatusCode::OK,
        };
        self.kind = ReplyKind::Canned { status, content };
        self
    }
}

/// [`Reply::usual`].
impl Default for Reply {
    fn default() -> Self {
        Self::usual()
    }
}

/// Converts the number of an HTTP status, which must be that of a reply.
fn http_status(number: u16) -> StatusCode {
    assert!((200..=599).contains(&number), "not the HTTP status of a reply: {number}");
    StatusCode::from_u16(number).unwrap_or_default()
}

fn set(headers: &mut Vec<(HeaderName, HeaderValue)>, name: &str, value: &[u8]) {
    let name: HeaderName = name.parse().expect("a header name is a token in ASCII");
    let value = HeaderValue::from_bytes(value).expect("a header value has no control characters");
    headers.retain(|(other, _)| *other != name);
    headers.push((name, value));
}
