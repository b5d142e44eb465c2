//! A server of raw HTTP/2 frames, which refuses, leaves out and stalls what a real one rarely does.

#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
    time::{sleep, timeout},
};

/// A server that gives each connection to a closure, with its number from 0.
#[derive(Debug)]
pub(crate) struct FrameServer {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    pings: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl FrameServer {
    pub(crate) async fn start<S>(serve: impl Fn(usize, Frames) -> S + Send + 'static) -> Self
    where
        S: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, pings) = (Arc::clone(&connections), Arc::<AtomicUsize>::default());
        let pinged = Arc::clone(&pings);
        let serving = async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let number = count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(
                    number,
                    Frames { stream, read: Vec::new(), heads: 0, pings: Arc::clone(&pinged) },
                ));
            }
        };
        Self { address, connections, pings, task: tokio::spawn(serving).abort_handle() }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The pings that were answered.
    pub(crate) fn pings(&self) -> usize {
        self.pings.load(Ordering::SeqCst)
    }
}

impl Drop for FrameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A connection, frame by frame.
#[derive(Debug)]
pub(crate) struct Frames {
    stream: TcpStream,
    /// Bytes that are not a whole frame yet.
    read: Vec<u8>,
    heads: usize,
    pings: Arc<AtomicUsize>,
}

/// A type, flags, a stream, and a payload.
type Frame = (u8, u8, u32, Vec<u8>);

/// A request that has arrived completely. A GET has no body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) stream: u32,
    pub(crate) body: Vec<u8>,
}

impl Frames {
    /// Exchanges the prefaces.
    pub(crate) async fn greet(&mut self) -> io::Result<()> {
        self.greet_with(&[]).await
    }

    /// Exchanges the prefaces, with these settings.
    pub(crate) async fn greet_with(&mut self, settings: &[u8]) -> io::Result<()> {
        self.send(SETTINGS, 0, 0, settings).await?;
        while self.read.len() < PREFACE {
            self.fill().await?;
        }
        self.read.drain(..PREFACE);
        Ok(())
    }

    /// Reads up to the next complete request, and answers settings and pings. May be dropped at any time.
    pub(crate) async fn request(&mut self) -> io::Result<Received> {
        loop {
            match self.next().await? {
                (HEADERS, flags, stream, _) if flags & END_STREAM != 0 => {
                    return Ok(Received { stream, body: Vec::new() });
                }
                // The bodies of tests fit into one frame.
                (DATA, _, stream, body) => return Ok(Received { stream, body }),
                _ => {}
            }
        }
    }

    /// Reads up to the head of the next request and returns its stream, as [`Self::request`] does for a whole one.
    pub(crate) async fn request_head(&mut self) -> io::Result<u32> {
        loop {
            if let (HEADERS, _, stream, _) = self.next().await? {
                return Ok(stream);
            }
        }
    }

    /// The requests whose heads have arrived. The bodies of some may be on their way.
    pub(crate) fn heads(&self) -> usize {
        self.heads
    }

    /// Reads the next frame, and answers settings and pings.
    async fn next(&mut self) -> io::Result<Frame> {
        loop {
            let Some((kind, flags, stream, payload)) = self.frame() else {
                self.fill().await?;
                continue;
            };
            match kind {
                SETTINGS if flags & ACK == 0 => self.send(SETTINGS, ACK, 0, &[]).await?,
                PING if flags & ACK == 0 => {
                    self.pings.fetch_add(1, Ordering::SeqCst);
                    self.send(PING, ACK, 0, &payload).await?;
                }
                _ => {
                    self.heads += usize::from(kind == HEADERS);
                    return Ok((kind, flags, stream, payload));
                }
            }
        }
    }

    /// Reads and answers nothing.
    pub(crate) async fn ignore(&mut self) -> io::Result<()> {
        loop {
            self.fill().await?;
        }
    }

    /// Reads until the client closes, or for a time: a close with unread bytes would discard what was sent.
    pub(crate) async fn linger(&mut self) -> io::Result<()> {
        let _ = timeout(Duration::from_secs(20), self.ignore()).await;
        Ok(())
    }

    /// Answers with 200 and this body.
    pub(crate) async fn reply(&mut self, stream: u32, body: &str) -> io::Result<()> {
        self.head(stream).await?;
        self.send(DATA, END_STREAM, stream, body.as_bytes()).await
    }

    /// Sends the head of a reply, `:status` 200.
    pub(crate) async fn head(&mut self, stream: u32) -> io::Result<()> {
        self.send(HEADERS, END_HEADERS, stream, &[0x88]).await
    }

    /// Sends a part of a reply that is not its last.
    pub(crate) async fn part(&mut self, stream: u32, body: &str) -> io::Result<()> {
        self.send(DATA, 0, stream, body.as_bytes()).await
    }

    pub(crate) async fn reset(&mut self, stream: u32, reason: u32) -> io::Result<()> {
        self.send(RST_STREAM, 0, stream, &reason.to_be_bytes()).await
    }

    pub(crate) async fn go_away(&mut self, last: u32, reason: u32) -> io::Result<()> {
        self.send(GOAWAY, 0, 0, &[last.to_be_bytes(), reason.to_be_bytes()].concat()).await
    }

    /// Sends a frame.
    pub(crate) async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        self.write(&frame(kind, flags, stream, payload)).await
    }

    /// Sends frames at once.
    pub(crate) async fn write(&mut self, frames: &[u8]) -> io::Result<()> {
        self.stream.write_all(frames).await
    }

    /// Closes the connection by a TCP reset.
    pub(crate) async fn abort(&self) -> io::Result<()> {
        // The reset would discard bytes that the client has not read yet.
        sleep(Duration::from_millis(30)).await;
        self.stream.set_zero_linger()
    }

    /// Takes a whole frame out of what was read.
    fn frame(&mut self) -> Option<Frame> {
        let &[a, b, c, kind, flags, s, t, u, v] = self.read.get(..HEAD)? else {
            return None;
        };
        let end = HEAD + u32::from_be_bytes([0, a, b, c]) as usize;
        let payload = self.read.get(HEAD..end)?.to_vec();
        self.read.drain(..end);
        Some((kind, flags, u32::from_be_bytes([s, t, u, v]), payload))
    }

    async fn fill(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

pub(crate) const NO_ERROR: u32 = 0;
pub(crate) const INTERNAL_ERROR: u32 = 2;
pub(crate) const REFUSED_STREAM: u32 = 7;

const PREFACE: usize = 24;
const HEAD: usize = 9;
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
