//! A connection of HTTP/1, which serves one call at a time.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use http::{HeaderValue, Request, Response, Uri, header};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout};

use super::{
    BoxError, Resend, Unanswered,
    stream::{State, Stream, Task},
};
use crate::request::Payload;

/// A connection of HTTP/1. Dropping it closes it, so a call that is dropped before its reply was read closes it too.
#[derive(Debug)]
pub(crate) struct Http1 {
    sender: SendRequest<Payload>,
    state: Arc<State>,
    _task: Task,
    /// When the last call began. A call that takes longer than the longest idle time costs a connection.
    last_used: Instant,
}

impl Http1 {
    pub(crate) async fn open(stream: Stream) -> Result<Self, BoxError> {
        let state = stream.state.clone();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let task = Task::spawn(async move {
            // An error is also the error of its call.
            let _ = connection.await;
        });
        Ok(Self { sender, state, _task: task, last_used: Instant::now() })
    }

    /// Returns whether the connection can serve another call.
    pub(crate) fn is_usable(&self, now: Instant) -> bool {
        !self.sender.is_closed() && now < self.expires_at()
    }

    /// Marks the connection as used now.
    pub(crate) fn use_at(&mut self, now: Instant) {
        self.last_used = now;
    }

    /// Returns when the connection will have been idle for too long.
    pub(crate) fn expires_at(&self) -> Instant {
        self.last_used + super::IDLE_TIMEOUT
    }

    /// Returns whether nothing has arrived since the last reply, neither a close nor bytes that would be taken for the next
    /// reply.
    ///
    /// What is no part of a reply, such as the session tickets of TLS, is first read by the connection's task. It may arrive
    /// in pieces, and that task may run on another thread.
    pub(crate) async fn is_quiet(&self) -> bool {
        for _ in 0..TURNS {
            // In this order: the task may close the connection because of what it has read.
            let is_quiet = self.state.watcher.is_quiet();
            if is_quiet || self.sender.is_closed() {
                return is_quiet && !self.sender.is_closed();
            }
            tokio::task::yield_now().await;
        }
        false
    }

    pub(crate) async fn send(
        &mut self,
        request: &(impl Fn() -> Request<Payload> + Sync),
        host: &HeaderValue,
    ) -> Result<Response<Incoming>, Unanswered> {
        let kept = self.state.kept.load(Relaxed);
        if kept && !self.sender.is_ready() {
            Box::pin(self.ready()).await?;
        }
        // Built last: a future that holds it is large.
        let mut request = request();
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map_or_else(Uri::default, Uri::from);
        request.headers_mut().insert(header::HOST, host.clone());
        let (received, sent) = (self.state.received(), self.state.sent());
        match self.sender.try_send_request(request).await {
            Ok(response) => {
                self.state.kept.store(true, Relaxed);
                Ok(response)
            }
            Err(mut failed) => {
                let resend = if failed.take_message().is_some() || self.state.sent() == sent {
                    Resend::Unprocessed
                } else if kept && self.state.received() == received {
                    Resend::ClosedEarly
                } else {
                    Resend::No
                };
                Err(Unanswered { error: failed.into_error().into(), resend })
            }
        }
    }

    /// Waits until the connection's task has noticed that the last reply was read.
    async fn ready(&mut self) -> Result<(), Unanswered> {
        match timeout(READY_TIMEOUT, self.sender.ready()).await {
            Ok(ready) => ready.map_err(Unanswered::unprocessed),
            Err(elapsed) => Err(Unanswered::unprocessed(elapsed)),
        }
    }
}

/// The connection's task only has to be scheduled. After more than this, it still sends the body of a request that the
/// server answered early, and a new connection is faster.
const READY_TIMEOUT: Duration = Duration::from_millis(200);
/// The first turns are enough for the connection's task to read what has arrived. A server that goes on sending is not waited for.
const TURNS: u32 = 64;
