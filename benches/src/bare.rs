//! Clients without `lro`, to compare with: a GET, and a struct of two fields.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, Response, Uri,
    body::Incoming,
    client::conn::{http1, http2},
    header::{HOST, HeaderValue},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::Fault;

type NoBody = Empty<Bytes>;

/// A client of the legacy pool of hyper-util.
#[derive(Clone, Debug)]
pub struct Bare {
    client: Client<HttpConnector, NoBody>,
}

/// The fields of an operation that any poller needs.
#[derive(Debug, Deserialize)]
pub struct Minimal {
    /// The operation's name.
    pub name: String,
    /// Whether it has finished.
    #[serde(default)]
    pub done: bool,
}

impl Default for Bare {
    fn default() -> Self {
        Self::new(false)
    }
}

impl Bare {
    /// Creates a pool over HTTP/1 or HTTP/2.
    pub fn new(http2: bool) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { client: Client::builder(TokioExecutor::new()).http2_only(http2).build(connector) }
    }

    /// Sends a GET, and reads and parses its body.
    ///
    /// # Errors
    ///
    /// Any error of the run.
    pub async fn poll(&self, uri: &Uri) -> Result<Minimal, Fault> {
        read(self.client.get(uri.clone()).await?).await
    }
}

/// A client with one connection of hyper, without a pool.
#[derive(Debug)]
pub enum Connection {
    /// Over HTTP/1, with the header `Host`.
    Http1(http1::SendRequest<NoBody>, HeaderValue),
    /// Over HTTP/2.
    Http2(http2::SendRequest<NoBody>),
}

impl Connection {
    /// Connects to the host of a URL.
    ///
    /// # Errors
    ///
    /// Any error of the run.
    pub async fn open(uri: &Uri, http2: bool) -> Result<Self, Fault> {
        let (stream, host) = connect(uri).await?;
        let stream = TokioIo::new(stream);
        Ok(if http2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
            tokio::spawn(connection);
            Self::Http2(sender)
        } else {
            let (sender, connection) = http1::handshake(stream).await?;
            tokio::spawn(connection);
            Self::Http1(sender, HeaderValue::try_from(host)?)
        })
    }

    /// Sends a GET, and reads and parses its body.
    ///
    /// # Errors
    ///
    /// Any error of the run.
    pub async fn poll(&mut self, uri: &Uri) -> Result<Minimal, Fault> {
        let mut request = Request::new(NoBody::new());
        match self {
            Self::Http1(sender, host) => {
                *request.uri_mut() = uri.path_and_query().ok_or("no path")?.clone().into();
                request.headers_mut().insert(HOST, host.clone());
                sender.ready().await?;
                read(sender.send_request(request).await?).await
            }
            Self::Http2(sender) => {
                *request.uri_mut() = uri.clone();
                read(sender.send_request(request).await?).await
            }
        }
    }
}

/// A client that writes and reads text on a socket.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    host: String,
    buffer: Vec<u8>,
}

impl Socket {
    /// Connects to the host of a URL.
    ///
    /// # Errors
    ///
    /// Any error of the run.
    pub async fn open(uri: &Uri) -> Result<Self, Fault> {
        let (stream, host) = connect(uri).await?;
        Ok(Self { stream, host, buffer: vec![0; LARGEST] })
    }

    /// Sends a GET over HTTP/1, and reads and parses a body that has a `content-length`.
    ///
    /// # Errors
    ///
    /// Any error of the run.
    pub async fn poll(&mut self, uri: &Uri) -> Result<Minimal, Fault> {
        let request = format!("GET {} HTTP/1.1\r\nhost: {}\r\n\r\n", uri.path(), self.host);
        self.stream.write_all(request.as_bytes()).await?;
        let mut filled = 0;
        loop {
            filled += self.stream.read(&mut self.buffer[filled..]).await?;
            let read = &self.buffer[..filled];
            let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") else {
                continue;
            };
            let head = str::from_utf8(&read[..end])?;
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.ok_or("no length")?.parse()?;
            if let Some(body) = read.get(end + 4..end + 4 + length) {
                return Ok(serde_json::from_slice(body)?);
            }
        }
    }
}

async fn connect(uri: &Uri) -> Result<(TcpStream, String), Fault> {
    let host = uri.authority().ok_or("no host")?.as_str();
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    Ok((stream, host.to_owned()))
}

async fn read(response: Response<Incoming>) -> Result<Minimal, Fault> {
    let body = response.into_body().collect().await?.to_bytes();
    Ok(serde_json::from_slice(&body)?)
}

/// The size of the buffer: larger than any reply of the benches with its head.
const LARGEST: usize = 64 << 10;
