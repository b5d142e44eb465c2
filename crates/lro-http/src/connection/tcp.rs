//! A TCP stream, and whether anything has arrived on it.

use std::{
    io::{self, ErrorKind},
    mem::MaybeUninit,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll},
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A TCP stream that can be watched while its connection owns it.
pub(crate) struct Tcp(Arc<Mutex<TcpStream>>);

impl Tcp {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self(Arc::new(Mutex::new(stream)))
    }

    pub(crate) fn watcher(&self) -> Watcher {
        Watcher(Arc::downgrade(&self.0))
    }

    fn stream(&self) -> MutexGuard<'_, TcpStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows whether anything has arrived on a TCP stream. It does not keep the stream open.
#[derive(Debug, Default)]
pub(crate) struct Watcher(Weak<Mutex<TcpStream>>);

impl Watcher {
    /// Returns whether the stream is open and neither bytes nor a close have arrived that were not read.
    pub(crate) fn is_quiet(&self) -> bool {
        self.0.upgrade().is_some_and(|stream| {
            // The runtime learns of what has arrived when it next waits, so the socket itself is asked.
            let stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
            let peeked = SockRef::from(&*stream).peek(&mut [MaybeUninit::uninit()]);
            peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        })
    }
}

impl AsyncRead for Tcp {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_read(context, buffer)
    }
}

impl AsyncWrite for Tcp {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream()).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream()).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TCP has no buffer of its own here.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_shutdown(context)
    }
}
