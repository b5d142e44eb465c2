//! A connection of HTTP/2, which serves many calls at once.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use h2::{
    Ping, PingPong, Reason,
    client::{self, Connection, SendRequest},
};
use http::{HeaderValue, Request, Response, header};
use tokio::time::{Instant, timeout};

use super::{
    BoxError, Resend, Unanswered,
    body::{Ended, ReplyBody},
    stream::{State, Stream, Task},
};
use crate::request::Payload;

/// When pings are sent while a call is in flight, and how long their answer may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeepAlive {
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
}

/// A connection of HTTP/2. Clones share it.
#[derive(Clone)]
pub(crate) struct Http2 {
    sender: SendRequest<Bytes>,
    state: Arc<State>,
    /// Ends with the last call when the pool has dropped the connection.
    task: Arc<Task>,
    last_used: Instant,
}

impl Http2 {
    /// Opens a connection. The server's preface shows that HTTP/2 is spoken there.
    pub(crate) async fn open(stream: Stream, keep_alive: KeepAlive) -> Result<Self, BoxError> {
        let state = stream.state.clone();
        let (sender, mut connection) = client::Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(LARGEST_HEAD)
            .handshake(stream)
            .await?;
        poll_fn(|context| match Pin::new(&mut connection).poll(context) {
            Poll::Ready(Ok(())) => Poll::Ready(Err(BoxError::from("the server closed the connection"))),
            Poll::Ready(Err(error)) if error.is_go_away() && error.is_library() => Poll::Ready(Err(BoxError::from(
                "the server does not speak HTTP/2: with HTTP/1, gRPC is not possible, and JSON is without `http2_only`; with TLS, the endpoint is `https`",
            ))),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error.into())),
            Poll::Pending if state.received() > 0 => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        })
        .await?;
        let task = Arc::new(Task::spawn(run(connection, state.clone(), keep_alive)));
        Ok(Self { sender, state, task, last_used: Instant::now() })
    }

    /// Returns whether the connection can serve another call.
    pub(crate) fn is_usable(&mut self, now: Instant) -> bool {
        let is_idle = self.expires_at(now) <= now;
        self.last_used = now;
        !is_idle && !self.state.retired.load(Relaxed)
    }

    /// Returns when the connection will have been idle for too long. It is not idle while it has calls.
    pub(crate) fn expires_at(&self, now: Instant) -> Instant {
        let is_idle = self.state.calls.load(Relaxed) == 0;
        (if is_idle { self.last_used } else { now }) + super::IDLE_TIMEOUT
    }

    pub(crate) async fn send(
        mut self,
        request: &(impl Fn() -> Request<Payload> + Sync),
    ) -> Result<Response<ReplyBody>, Unanswered> {
        let mut call = InFlight::begin(self.state, self.task, self.last_used);
        let kept = call.state.kept.load(Relaxed);
        let ready = poll_fn(|context| self.sender.poll_ready(context)).await;
        ready.map_err(|error| {
            call.retire();
            call.fail(error, Resend::Unprocessed)
        })?;
        // Built last: a future that holds it is large.
        let mut request = request();
        let payload = request.body_mut().take();
        if let Some(payload) = &payload {
            request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(payload.len()));
        }
        let sent = self.sender.send_request(request.map(drop), payload.is_none());
        let (reply, mut upload) = sent.map_err(|error| {
            let resend = if is_invalid(&error) { Resend::No } else { Resend::Unprocessed };
            call.fail(error, resend)
        })?;
        if let Some(payload) = payload {
            // An error here is also the error of the reply.
            let _ = upload.send_data(payload, true);
        }
        drop((self.sender, upload));
        let reply = reply.await.map_err(|error| {
            let resend = resend_after(&error, kept);
            call.fail(error, resend)
        })?;
        call.heard();
        call.state.kept.store(true, Relaxed);
        let length = reply.headers().get(header::CONTENT_LENGTH);
        let left = length.and_then(|length| length.to_str().ok()?.parse().ok());
        Ok(reply.map(|body| ReplyBody::Http2 { body, left, ended: Ended::No, call }))
    }
}

/// A call whose reply has not arrived. If it is dropped, new calls use another connection, unless it was young, or a part
/// of any reply arrived since the call was sent, or since the last part of its own reply.
///
/// An answer to a ping is no reply: a proxy answers pings for a server that has died.
pub(crate) struct InFlight {
    state: Arc<State>,
    _task: Arc<Task>,
    began: Instant,
    parts: usize,
    over: bool,
}

impl InFlight {
    fn begin(state: Arc<State>, task: Arc<Task>, began: Instant) -> Self {
        state.calls.fetch_add(1, Relaxed);
        Self { parts: state.parts.load(Relaxed), state, _task: task, began, over: false }
    }

    /// Records that a part of the reply arrived.
    pub(crate) fn heard(&mut self) {
        self.parts = self.state.parts.fetch_add(1, Relaxed).wrapping_add(1);
    }

    /// Records that the whole reply arrived.
    pub(crate) fn end(&mut self) {
        self.over = true;
    }

    /// Makes new calls use another connection.
    fn retire(&self) {
        self.state.retired.store(true, Relaxed);
    }

    /// Records that nothing more of the reply arrives. A connection with an error of its own serves no other call.
    pub(crate) fn break_off(&mut self, error: &h2::Error) {
        self.over = true;
        if !error.is_reset() && !is_invalid(error) {
            self.retire();
        }
    }

    fn fail(&mut self, error: h2::Error, resend: Resend) -> Unanswered {
        self.break_off(&error);
        Unanswered { error: explained(error), resend }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.state.calls.fetch_sub(1, Relaxed);
        let is_silent = !self.over && self.state.parts.load(Relaxed) == self.parts;
        if is_silent && self.began.elapsed() >= YOUNG {
            self.retire();
        }
    }
}

/// Decides by the error of a reply. A GOAWAY of the server reaches only the streams beyond its last id.
fn resend_after(error: &h2::Error, kept: bool) -> Resend {
    let is_refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    if error.is_remote() && (error.is_go_away() || is_refused) {
        Resend::Unprocessed
    } else if kept && error.is_io() {
        Resend::ClosedEarly
    } else {
        Resend::No
    }
}

/// Adds the causes of an error that this side found in the reply: h2 has a code for it alone.
fn explained(error: h2::Error) -> BoxError {
    if error.is_library() && error.is_reset() {
        let causes = format!("the reply is malformed, or its headers are larger than {LARGEST_HEAD} bytes");
        return format!("{error}: {causes}").into();
    }
    error.into()
}

/// Returns whether h2 refuses the request itself, such as one with a header that HTTP/2 has not.
fn is_invalid(error: &h2::Error) -> bool {
    error.reason().is_none() && !error.is_io()
}

/// Runs a connection until it is closed, no longer used, or does not answer a ping in time.
async fn run(mut connection: Connection<Stream, Bytes>, state: Arc<State>, keep_alive: KeepAlive) {
    let Some(mut pings) = connection.ping_pong() else {
        return;
    };
    let interval = keep_alive.interval.max(LEAST_INTERVAL);
    while timeout(interval, &mut connection).await.is_err() {
        if state.calls.load(Relaxed) > 0 && !answers(&mut connection, &mut pings, keep_alive.timeout).await {
            // Dropping the connection fails its calls.
            state.retired.store(true, Relaxed);
            return;
        }
    }
}

/// Sends a ping and returns whether it is answered.
async fn answers(connection: &mut Connection<Stream, Bytes>, pings: &mut PingPong, limit: Duration) -> bool {
    if pings.send_ping(Ping::opaque()).is_err() {
        return false;
    }
    let pong = poll_fn(|context| match Pin::new(&mut *connection).poll(context) {
        Poll::Ready(_) => Poll::Ready(false),
        Poll::Pending => pings.poll_pong(context).map(|pong| pong.is_ok()),
    });
    timeout(limit, pong).await.unwrap_or(false)
}

/// Shorter than any attempt timeout in use. A caller that drops calls sooner, for reasons of its own, has not waited for
/// them, and would open a connection for each.
const YOUNG: Duration = Duration::from_millis(50);
/// Without a pause between its pings, a connection would take a whole thread.
const LEAST_INTERVAL: Duration = Duration::from_millis(10);
/// The values of hyper. Smaller windows delay a large response by a round trip for each.
const STREAM_WINDOW: u32 = 2 << 20;
const CONNECTION_WINDOW: u32 = 5 << 20;
/// The details of a status over gRPC are in the trailers, and h2 drops what exceeds this, perhaps with the status. The 16 KiB
/// of hyper are too few for a `BadRequest` of some hundred fields. A larger bound lets a faulty server take more memory.
const LARGEST_HEAD: u32 = 64 << 10;
