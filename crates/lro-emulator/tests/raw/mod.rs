//! A client that sees the bytes, and how a connection ends.

#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses its part of it, and may panic")]

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const PARTS: u32 = 10;

/// What came of a reply.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Seen {
    /// How many bytes of the head, without the frame's own in HTTP/2.
    pub(crate) head: usize,
    pub(crate) head_is_whole: bool,
    pub(crate) body: Vec<u8>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Closed,
    Failed(io::ErrorKind),
    /// Nothing came for as long as there was patience.
    Open,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Http {
    One,
    Two,
}

/// Gets `/v1/operations/1` by a connection of its own.
pub(crate) async fn get(address: SocketAddr, http: Http, patience: Duration) -> (Seen, End) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&request(http)).await.unwrap();
    let (bytes, end) = read(&mut stream, patience).await;
    (see(&bytes, http), end)
}

/// Reads until the end, or until patience ends. It ends in parts, in each of which the server has a turn: a machine that
/// stops for a while costs one part.
pub(crate) async fn read(stream: &mut TcpStream, patience: Duration) -> (Vec<u8>, End) {
    let (mut bytes, mut silent) = (Vec::new(), 0);
    while silent < PARTS {
        match timeout(patience / PARTS, stream.read_buf(&mut bytes)).await {
            Err(_) => silent += 1,
            Ok(Ok(0)) => return (bytes, End::Closed),
            Ok(Ok(_)) => silent = 0,
            Ok(Err(error)) => return (bytes, End::Failed(error.kind())),
        }
    }
    (bytes, End::Open)
}

/// The types and payloads of frames of HTTP/2; the last payload may be cut.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<(u8, &[u8], bool)> {
    let mut frames = Vec::new();
    while let [_, high, low, kind, _, _, _, _, _, rest @ ..] = bytes {
        let length = usize::from(*high) << 8 | usize::from(*low);
        let (payload, rest) = rest.split_at(length.min(rest.len()));
        frames.push((*kind, payload, payload.len() == length));
        bytes = rest;
    }
    assert_eq!(bytes, b"", "part of a frame's header");
    frames
}

pub(crate) fn request(http: Http) -> Vec<u8> {
    const PATH: &[u8] = b"/v1/operations/1";
    if http == Http::One {
        return [b"GET ", PATH, b" HTTP/1.1\r\nhost: a\r\n\r\n"].concat();
    }
    // RFC 7541: GET, http, a path and an authority in full.
    let head = [&[0x82, 0x86, 0x04, PATH.len() as u8], PATH, &[0x01, 1, b'a']].concat();
    let settings = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    let headers = &[0, 0, head.len() as u8, 1, 5, 0, 0, 0, 1];
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &settings[..], headers, &head].concat()
}

fn see(bytes: &[u8], http: Http) -> Seen {
    if http == Http::One {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
        let (head, body) = bytes.split_at(end.unwrap_or(bytes.len()));
        return Seen { head: head.len(), head_is_whole: end.is_some(), body: body.to_vec() };
    }
    let mut seen = Seen::default();
    for (kind, payload, is_whole) in frames(bytes) {
        match kind {
            0 => seen.body.extend(payload),
            1 => (seen.head, seen.head_is_whole) = (payload.len(), is_whole),
            _ => {}
        }
    }
    seen
}
