//! The body of a reply.

use std::{
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
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
        ended: bool,
        call: InFlight,
    },
    /// The body of a client that the builder was given.
    Given(UnsyncBoxBody<Bytes, BoxError>),
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
            Self::Http2 { body, left, ended, call } => body.poll_data(context).map(|data| {
                call.heard();
                // Trailers are not read, so that `is_end_stream` does not say so.
                *ended |= data.is_none();
                Some(data?.map_err(Into::into).and_then(|data| {
                    body.flow_control().release_capacity(data.len())?;
                    *left = left.map(|left| left.saturating_sub(data.len() as u64));
                    Ok(Frame::data(data))
                }))
            }),
            Self::Given(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Http1 { body, ended, .. } => *ended || body.is_end_stream(),
            Self::Http2 { body, ended, .. } => *ended || body.is_end_stream(),
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
