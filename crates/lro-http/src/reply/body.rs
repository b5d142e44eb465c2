//! Reading and decompressing a body, up to a maximum size.

use std::io::Write;

use bytes::{Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use http::{HeaderMap, HeaderValue, header};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use lro::{Code, Status};

use crate::connection::{BoxError, ReplyBody};

/// The content encoding of a body.
#[derive(Clone, Debug)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Unknown(Box<str>),
}

impl Encoding {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
        let Some(first) = values.next() else {
            return Self::Identity;
        };
        // The header may list encodings, and may come several times.
        let name = values.fold(text(first), |names, other| format!("{names}, {}", text(other)));
        let applied = |name: &&str| !matches!(*name, "identity" | "");
        match name.split(',').map(str::trim).filter(applied).collect::<Vec<_>>()[..] {
            [] => Self::Identity,
            ["gzip" | "x-gzip"] => Self::Gzip,
            // A long text is not an encoding, and must not reach the message of a status.
            _ if name.len() > LONGEST_NAME => Self::Unknown("…".into()),
            _ => Self::Unknown(name.into()),
        }
    }

    /// Reads a body of at most `bound` bytes after decompression.
    pub(crate) async fn read(self, body: &mut ReplyBody, bound: usize) -> Result<Bytes, Status> {
        match self {
            Self::Identity => collect(body, bound).await,
            // Boxed: gzip is rare, and its state would enlarge the future of every call.
            Self::Gzip => Box::pin(gunzip(body, bound)).await,
            Self::Unknown(other) => {
                let message =
                    format!("the reply has the content encoding {other:?}, which was not requested");
                Err(unreadable(message).with_transient(false))
            }
        }
    }
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase()
}

async fn collect(body: &mut ReplyBody, bound: usize) -> Result<Bytes, Status> {
    let expected = body.size_hint();
    if expected.lower() > bound as u64 {
        return Err(too_large(bound));
    }
    let Some(first) = next(body).await? else {
        return Ok(Bytes::new());
    };
    if first.len() > bound {
        return Err(too_large(bound));
    }
    // Most replies are one frame, which is returned without a copy.
    if body.is_end_stream() {
        return Ok(first);
    }
    let Some(second) = next(body).await? else {
        return Ok(first);
    };
    let expected = usize::try_from(expected.lower()).unwrap_or_default();
    let mut whole = BytesMut::with_capacity(expected.max(first.len() + second.len()));
    whole.extend_from_slice(&first);
    drop(first);
    let mut frame = Some(second);
    while let Some(data) = frame {
        if whole.len() + data.len() > bound {
            return Err(too_large(bound));
        }
        whole.extend_from_slice(&data);
        drop(data);
        frame = next(body).await?;
    }
    Ok(whole.freeze())
}

async fn gunzip(body: &mut ReplyBody, bound: usize) -> Result<Bytes, Status> {
    let mut decoder = MultiGzDecoder::new(Bounded { bytes: Vec::new(), bound, overflowed: false });
    let mut compressed = 0_usize;
    while let Some(data) = next(body).await? {
        compressed = compressed.saturating_add(data.len());
        decoder.write_all(&data).map_err(|error| {
            if decoder.get_ref().overflowed { too_large(bound) } else { undecompressable(&error) }
        })?;
        // Empty members, and the name in the head of one, may be endless.
        let decoded = decoder.get_ref().bytes.len();
        if compressed > decoded.saturating_mul(MOST_COMPRESSED).saturating_add(LEAST_COMPRESSED) {
            let message = format!("the reply is gzip whose {compressed} bytes contain only {decoded}");
            return Err(unreadable(message).with_transient(false));
        }
    }
    if compressed == 0 {
        return Ok(Bytes::new());
    }
    let bounded = decoder.finish().map_err(|error| undecompressable(&error))?;
    Ok(bounded.bytes.into())
}

async fn next(body: &mut ReplyBody) -> Result<Option<Bytes>, Status> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(broken)?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// A buffer that refuses more than `bound` bytes.
struct Bounded {
    bytes: Vec<u8>,
    bound: usize,
    overflowed: bool,
}

impl Write for Bounded {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        if self.bytes.len() + data.len() > self.bound {
            self.overflowed = true;
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(crate) fn broken(error: BoxError) -> Status {
    Status::unavailable("the connection broke in the middle of the reply").with_source(error)
}

/// A later reply is as large, so it is not downloaded.
fn too_large(bound: usize) -> Status {
    unreadable(format!("the reply is larger than the limit of {bound} bytes")).with_transient(false)
}

fn undecompressable(error: &std::io::Error) -> Status {
    unreadable(format!("the reply is invalid gzip: {error}"))
}

fn unreadable(message: String) -> Status {
    Status::new(Code::Internal, message)
}

/// Room for three of the registered names, of which `compress` is the longest. A longer text is not shown.
const LONGEST_NAME: usize = 32;
/// A server that flushes after every byte sends half as many bytes for each.
const MOST_COMPRESSED: usize = 16;
/// More than the head of a member, and than the bytes that a decoder keeps before it returns the first ones.
const LEAST_COMPRESSED: usize = 256 << 10;
