use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Sleep,
};

use super::handle::ConnectionHandle;
use crate::reply::Break;

/// A connection that breaks at a point of the reply that it writes.
#[derive(Debug)]
pub(super) struct BreakingStream {
    stream: Arc<Mutex<TcpStream>>,
    handle: ConnectionHandle,
    trickle: Option<Trickle>,
}

#[derive(Debug)]
struct Trickle {
    every: Duration,
    pause: Pin<Box<Sleep>>,
}

impl BreakingStream {
    pub(super) fn new(stream: Arc<Mutex<TcpStream>>, handle: ConnectionHandle) -> Self {
        Self { stream, handle, trickle: None }
    }

    fn stream(&self) -> MutexGuard<'_, TcpStream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of these bytes that may be written now.
    fn room(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<usize> {
        if let Some(trickle) = &mut self.trickle {
            ready!(trickle.pause.as_mut().poll(context));
            return Poll::Ready(1);
        }
        let room = self.handle.plan.room(bytes);
        if room > 0 || bytes.is_empty() {
            return Poll::Ready(room);
        }
        self.break_now();
        // It trickles from here on, or its task drops it.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn written(&mut self, bytes: &[u8]) {
        if self.handle.plan.written(bytes) {
            self.break_now();
        } else if let Some(trickle) = &mut self.trickle {
            trickle.pause = Box::pin(tokio::time::sleep(trickle.every));
        }
    }

    fn break_now(&mut self) {
        match self.handle.plan.due() {
            Some(Break::Trickle(every)) => {
                self.trickle = Some(Trickle { every, pause: Box::pin(tokio::time::sleep(every)) });
            }
            Some(how) => self.handle.break_now(how),
            None => {}
        }
    }
}

impl AsyncRead for BreakingStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_read(context, buffer)
    }
}

impl AsyncWrite for BreakingStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let room = ready!(self.room(context, bytes)).min(bytes.len());
        let written = ready!(Pin::new(&mut *self.stream()).poll_write(context, &bytes[..room]))?;
        self.written(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_shutdown(context)
    }
}
