//! The body of a reply, streamed under a bound.

pub(crate) mod failure;

use std::{
    io::Write,
    time::{Duration, SystemTime},
};

use bytes::{Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use lro::{Code, Status};

/// A reply that was read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) body: Bytes,
    pub(crate) retry_after: Option<Duration>,
}

/// How a body was compressed.
#[derive(Clone, Debug)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Unknown(Box<str>),
}

impl Encoding {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let Some(name) = headers.get(header::CONTENT_ENCODING) else {
            return Self::Identity;
        };
        match &*String::from_utf8_lossy(name.as_bytes()).to_ascii_lowercase() {
            "identity" | "" => Self::Identity,
            "gzip" | "x-gzip" => Self::Gzip,
            // What is too long for a name may be anything that the server would have us say.
            other if other.len() > LONGEST_NAME => Self::Unknown("…".into()),
            other => Self::Unknown(other.into()),
        }
    }

    /// Reads the body, at most `bound` bytes of it after decompression.
    pub(crate) async fn read(self, body: Incoming, bound: usize) -> Result<Bytes, Status> {
        match self {
            Self::Identity => collect(body, bound).await,
            // Boxed, for it is rare and would make the future of every call larger.
            Self::Gzip => Box::pin(gunzip(body, bound)).await,
            Self::Unknown(other) => {
                Err(unreadable(format!("the reply is compressed by {other:?}, which was not asked for")))
            }
        }
    }
}

/// Seconds or an HTTP date; what is past, zero or garbage is no wish.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let wish = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let is_seconds = !wish.is_empty() && wish.bytes().all(|byte| byte.is_ascii_digit());
    let delay = if is_seconds {
        // Only what is too large to be told does not parse.
        Duration::from_secs(wish.parse().unwrap_or(u64::MAX))
    } else {
        httpdate::parse_http_date(wish).ok()?.duration_since(SystemTime::now()).ok()?
    };
    (!delay.is_zero()).then_some(delay)
}

/// A failed call, with what the server asked to wait.
pub(crate) fn hinted(status: Status, retry_after: Option<Duration>) -> Status {
    retry_after.into_iter().fold(status, Status::with_retry_after)
}

async fn collect(mut body: Incoming, bound: usize) -> Result<Bytes, Status> {
    let expected = body.size_hint();
    if expected.lower() > bound as u64 {
        return Err(too_large(bound));
    }
    let Some(first) = next(&mut body).await? else {
        return Ok(Bytes::new());
    };
    if first.len() > bound {
        return Err(too_large(bound));
    }
    // One frame is the whole of most replies: it is not copied.
    if body.is_end_stream() {
        return Ok(first);
    }
    let Some(second) = next(&mut body).await? else {
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
        frame = next(&mut body).await?;
    }
    Ok(whole.freeze())
}

async fn gunzip(mut body: Incoming, bound: usize) -> Result<Bytes, Status> {
    let mut decoder = MultiGzDecoder::new(Bounded { bytes: Vec::new(), bound, overflowed: false });
    while let Some(data) = next(&mut body).await? {
        decoder.write_all(&data).map_err(|error| {
            if decoder.get_ref().overflowed { too_large(bound) } else { undecompressable(&error) }
        })?;
    }
    let bounded = decoder.finish().map_err(|error| undecompressable(&error))?;
    Ok(bounded.bytes.into())
}

async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Status> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Status::unavailable("the connection broke in the middle of the reply").with_source(error)
        })?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// Takes bytes up to a bound.
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

fn too_large(bound: usize) -> Status {
    unreadable(format!("the reply is larger than {bound} bytes, the bound of this client"))
}

fn undecompressable(error: &std::io::Error) -> Status {
    unreadable(format!("the reply is broken gzip: {error}"))
}

fn unreadable(message: String) -> Status {
    Status::new(Code::Internal, message)
}

/// Of a compression; `compress` has 8 bytes, and some servers name several.
const LONGEST_NAME: usize = 32;
