//! A tunnel through an HTTP proxy, and why it was not opened.

use std::{error::Error, fmt};

use http::{HeaderValue, StatusCode, Uri, uri::Authority};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{BoxError, proxy::Proxy, stream::Io};

/// Asks an HTTP proxy for a tunnel: RFC 9110, section 9.3.6.
pub(crate) async fn tunnel(
    mut io: Box<dyn Io>,
    target: &Uri,
    auth: Option<&HeaderValue>,
) -> Result<Box<dyn Io>, BoxError> {
    let target = target.authority().map_or("", Authority::as_str);
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    if let Some(auth) = auth {
        request.extend_from_slice(&[b"Proxy-Authorization: ", auth.as_bytes(), b"\r\n"].concat());
    }
    request.extend_from_slice(b"\r\n");
    io.write_all(&request).await?;
    io.flush().await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LONGEST_HEAD {
            return Err("the head of the reply to CONNECT is too long".into());
        }
        // What follows the head belongs to the tunnel.
        head.push(io.read_u8().await.map_err(|error| format!("no reply to CONNECT: {error}"))?);
    }
    let line = head.strip_prefix(b"HTTP/1.").and_then(|line| line.get(2..5));
    let status = line.and_then(|line| StatusCode::from_bytes(line).ok());
    match status.ok_or("the reply to CONNECT is not HTTP")? {
        status if status.is_success() => Ok(io),
        status => Err(Refused(status).into()),
    }
}

/// The refusal of a tunnel.
#[derive(Debug)]
struct Refused(StatusCode);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CONNECT was answered by HTTP {}", self.0)
    }
}

impl Error for Refused {}

/// A connection through a proxy that could not be opened.
#[derive(Debug)]
pub(crate) struct Unopened {
    message: String,
    /// Whether the proxy will refuse the next connection too.
    pub(crate) is_final: bool,
}

impl Unopened {
    pub(crate) fn new(error: &BoxError, proxy: &Proxy) -> Self {
        let status = error.downcast_ref().map(|Refused(status)| status);
        let is_final = status
            .is_some_and(|status| status.is_client_error() && !matches!(status.as_u16(), 408 | 425 | 429));
        Self { message: format!("{} (through the proxy {proxy})", cause_of(&**error)), is_final }
    }
}

impl fmt::Display for Unopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Unopened {}

fn cause_of<'e>(mut error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    while let Some(deeper) = error.source() {
        error = deeper;
    }
    error
}

/// As the largest head that this client accepts from a server.
const LONGEST_HEAD: usize = 16 << 10;
