use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use crate::reply::{Body, Part};

/// The body of a reply: steps, played one after the other.
#[derive(Debug)]
pub(super) struct BodyStream {
    steps: VecDeque<Step>,
    /// How many bytes are still promised, whether or not they come; `None` if the length is not told.
    promised: Option<u64>,
}

#[derive(Debug)]
enum Step {
    Part(Part),
    /// Lets the connection write out what it has.
    Flush,
    /// Breaks the body off, and with HTTP/1 the connection.
    Cut,
}

impl BodyStream {
    /// All of it, or no more than its first bytes even if the length of all is told.
    pub(super) fn new(body: Body, cut_after: Option<usize>, declares_length: bool) -> Self {
        let length = body.len();
        let body = match cut_after {
            Some(bytes) => Self::cut(body.first(bytes as u64), length),
            None => Self { steps: body.into_parts().map(Step::Part).collect(), promised: Some(length) },
        };
        Self { promised: body.promised.filter(|_| declares_length), ..body }
    }

    fn cut(given: Body, length: u64) -> Self {
        // A promise that is kept is no cut.
        let promised = length.max(given.len() + 1);
        let steps = given.into_parts().map(Step::Part).chain([Step::Flush, Step::Cut]);
        Self { steps: steps.collect(), promised: Some(promised) }
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
                self.promised = self.promised.map(|promised| promised - bytes.len() as u64);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Some(Step::Flush) => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Step::Cut) => Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        // An empty body whose length is not told is still begun.
        self.steps.is_empty() && self.promised.is_some()
    }

    fn size_hint(&self) -> SizeHint {
        self.promised.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
