use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Frame, SizeHint};

use crate::reply::{Body, Part};

/// The body of a reply as it is sent: one step after the other.
#[derive(Debug)]
pub(super) struct BodyStream {
    steps: VecDeque<Step>,
    /// The rest of the declared length. `None` if no length is declared.
    declared: Option<u64>,
}

#[derive(Debug)]
enum Step {
    Part(Part),
    Trailers(HeaderMap),
    /// Lets the connection write the bytes that it has.
    Flush,
    /// Ends the body with an error, and with HTTP/1 the connection.
    Cut,
}

impl BodyStream {
    /// Creates the stream of a body and its trailers, or of its first bytes with the length of the whole.
    pub(super) fn new(
        body: Body,
        trailers: Option<HeaderMap>,
        cut_after: Option<usize>,
        declares_length: bool,
    ) -> Self {
        let length = body.len();
        let declares_length = declares_length && trailers.is_none();
        let body = match cut_after {
            Some(bytes) => Self::cut(body.first(bytes as u64), length),
            None => {
                let parts = body.into_parts().map(Step::Part);
                Self { steps: parts.chain(trailers.map(Step::Trailers)).collect(), declared: Some(length) }
            }
        };
        Self { declared: body.declared.filter(|_| declares_length), ..body }
    }

    fn cut(given: Body, length: u64) -> Self {
        // The declared length must exceed what is sent, or the body would be complete.
        let declared = length.max(given.len() + 1);
        let steps = given.into_parts().map(Step::Part).chain([Step::Flush, Step::Cut]);
        Self { steps: steps.collect(), declared: Some(declared) }
    }
}

impl hyper::body::Body for BodyStream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.steps.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Part(Part { bytes, times })) => {
                if times > 1 {
                    self.steps.push_front(Step::Part(Part { bytes: bytes.clone(), times: times - 1 }));
                }
                self.declared = self.declared.map(|declared| declared - bytes.len() as u64);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Some(Step::Trailers(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Some(Step::Flush) => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Step::Cut) => Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        // An empty body without a declared length has a frame all the same.
        self.steps.is_empty() && self.declared.is_some()
    }

    fn size_hint(&self) -> SizeHint {
        self.declared.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
