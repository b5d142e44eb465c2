use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// The body of a request, which is empty for a poll. It has the size of a pointer, because many futures move it.
#[derive(Debug, Default)]
pub(crate) struct Payload(Option<Box<Bytes>>);

impl From<Option<&Bytes>> for Payload {
    fn from(bytes: Option<&Bytes>) -> Self {
        Self(bytes.filter(|bytes| !bytes.is_empty()).cloned().map(Box::new))
    }
}

impl Payload {
    /// Takes the bytes out.
    pub(crate) fn take(&mut self) -> Option<Bytes> {
        self.0.take().map(|bytes| *bytes)
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
