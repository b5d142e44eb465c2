//! The body of a reply.

use std::{
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::RecvStream;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::{BoxError, http1::Http1, http2::InFlight, pool::Pool};

/// The body of a reply. It holds its connection until it was read.
pub(crate) enum ReplyBody {
    Http1 {
        body: Incoming,
        ended: bool,
        connection: Option<(Http1, Arc<Pool>)>,
    },
    Http2 {
        body: RecvStream,
        left: Option<u64>,
        ended: Ended,
        call: InFlight,
    },
    /// The body of a client that the builder was given.
    Given(UnsyncBoxBody<Bytes, BoxError>),
}

/// How much of a body of HTTP/2 was read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    No,
    /// All but the trailers.
    Data,
    /// All. `RecvStream::is_end_stream` does not say so after trailers.
    Whole,
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Http1 { body, ended, .. } => {
                let frame = Pin::new(body).poll_frame(context);
                *ended |= matches!(frame, Poll::Ready(None));
                frame.map_err(Into::into)
            }
            Self::Http2 { body, left, ended, call } => {
                if *ended == Ended::No {
                    let data = ready!(body.poll_data(context));
                    call.heard();
                    if let Some(data) = data {
                        let data = data.and_then(|data| {
                            body.flow_control().release_capacity(data.len())?;
                            *left = left.map(|left| left.saturating_sub(data.len() as u64));
                            Ok(Frame::data(data))
                        });
                        return Poll::Ready(Some(data.map_err(|error| broken_off(call, error))));
                    }
                    *ended = Ended::Data;
                }
                if *ended == Ended::Whole {
                    return Poll::Ready(None);
                }
                let trailers = ready!(body.poll_trailers(context));
                *ended = Ended::Whole;
                let trailers = trailers.map_err(|error| broken_off(call, error));
                Poll::Ready(trailers.transpose().map(|trailers| Ok(Frame::trailers(trailers?))))
            }
            Self::Given(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Http1 { body, ended, .. } => *ended || body.is_end_stream(),
            Self::Http2 { body, ended, .. } => *ended == Ended::Whole || body.is_end_stream(),
            Self::Given(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Http1 { body, .. } => body.size_hint(),
            Self::Http2 { left, .. } => left.map_or_else(SizeHint::default, SizeHint::with_exact),
            Self::Given(body) => body.size_hint(),
        }
    }
}

fn broken_off(call: &mut InFlight, error: h2::Error) -> BoxError {
    call.break_off(&error);
    error.into()
}

impl Drop for ReplyBody {
    fn drop(&mut self) {
        let ended = self.is_end_stream();
        match self {
            // A connection with a reply that was not read is closed by its drop.
            Self::Http1 { connection, .. } if ended => {
                if let Some((connection, pool)) = mem::take(connection) {
                    pool.put(connection);
                }
            }
            Self::Http2 { call, .. } if ended => call.end(),
            _ => {}
        }
    }
}

impl fmt::Debug for ReplyBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyBody").finish_non_exhaustive()
    }
}
