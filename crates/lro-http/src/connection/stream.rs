//! The byte stream of a connection, and what is known about the connection.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    task::AbortHandle,
};

use super::tcp::Watcher;

/// A byte stream: TCP, or TLS over another one.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// The state of a connection, shared by its stream, its calls and the pool.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The watcher of the TCP stream.
    pub(crate) watcher: Watcher,
    /// Bytes received. Only changes of it matter, so it may wrap.
    received: AtomicUsize,
    /// Bytes sent, like `received`.
    sent: AtomicUsize,
    /// Parts of replies over HTTP/2, like `received`.
    pub(crate) parts: AtomicUsize,
    /// Whether a call was answered.
    pub(crate) kept: AtomicBool,
    /// Whether new calls must use another connection.
    pub(crate) retired: AtomicBool,
    /// Calls without a complete reply.
    pub(crate) calls: AtomicUsize,
}

impl State {
    pub(crate) fn received(&self) -> usize {
        self.received.load(Relaxed)
    }

    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Relaxed)
    }
}

/// A task that ends when this is dropped.
///
/// A connection ends by itself once it is unused, unless a peer that does not read keeps it from sending what it has.
#[derive(Debug)]
pub(crate) struct Task(AbortHandle);

impl Task {
    pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(future).abort_handle())
    }

    /// Returns whether the task has ended, or its runtime.
    pub(crate) fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A stream that counts its bytes.
pub(crate) struct Stream {
    io: Box<dyn Io>,
    pub(crate) state: Arc<State>,
}

impl Stream {
    pub(crate) fn new(io: Box<dyn Io>, watcher: Watcher) -> Self {
        Self { io, state: Arc::new(State { watcher, ..State::default() }) }
    }

    fn count(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = written {
            self.state.sent.fetch_add(bytes, Relaxed);
        }
        written
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(context, buffer);
        self.state.received.fetch_add(buffer.filled().len() - before, Relaxed);
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        self.count(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(context, slices);
        self.count(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
