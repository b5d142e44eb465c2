use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// The body of a reply: steps, played one after the other.
#[derive(Debug)]
pub(crate) struct ReplyBody {
    steps: VecDeque<Step>,
    /// How many bytes are still promised, whether or not they come.
    promised: u64,
}

#[derive(Debug)]
enum Step {
    Data(Bytes),
    /// Lets the connection write out what it has.
    Flush,
    /// Breaks the body off, and with HTTP/1 the connection.
    Cut,
}

impl ReplyBody {
    /// All of it.
    pub(crate) fn whole(body: Bytes) -> Self {
        let promised = body.len() as u64;
        Self { steps: [Step::Data(body)].into(), promised }
    }

    /// All of it promised, but no more than its first bytes given.
    pub(crate) fn cut(body: &Bytes, after: usize) -> Self {
        let given = body.slice(..after.min(body.len()));
        // A promise that is kept is no cut.
        let promised = body.len().max(given.len() + 1) as u64;
        Self { steps: [Step::Data(given), Step::Flush, Step::Cut].into(), promised }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.steps.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Data(data)) => {
                self.promised -= data.len() as u64;
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Some(Step::Flush) => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Step::Cut) => Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
