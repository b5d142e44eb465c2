use bytes::Bytes;
use lro::Status;

use super::{Body, gzip};

/// The content of a reply that does not come from a service.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// The error of a service, over HTTP/JSON and over gRPC.
    Error {
        json: Bytes,
        #[cfg_attr(not(feature = "grpc"), expect(dead_code, reason = "only gRPC sends it"))]
        error: Status,
    },
    /// A body that is sent as it is.
    Body(Bytes),
    /// An operation without any known field in this many bytes.
    Large(u64),
    /// The same, compressed by gzip.
    Bomb(u64),
}

impl Content {
    /// Returns the body over HTTP/JSON.
    pub(crate) fn body(self) -> Body {
        match self {
            Self::Error { json, .. } => json.into(),
            Self::Body(body) => body.into(),
            Self::Large(bytes) => spaces(bytes),
            Self::Bomb(bytes) => gzip::compress(spaces(bytes)),
        }
    }

    /// Returns whether the body is compressed.
    pub(crate) fn is_gzip(&self) -> bool {
        matches!(self, Self::Bomb(_))
    }
}

/// `{}` with as many spaces between the braces as make this many bytes.
fn spaces(bytes: u64) -> Body {
    Body::filled(b"{", b' ', bytes.saturating_sub(2), b"}")
}

#[cfg(feature = "grpc")]
mod grpc {
    use super::{Body, gzip};

    /// A frame with a message of this many bytes, at least six and less than 4 GiB.
    pub(crate) fn large_frame(bytes: u64) -> Body {
        framed(0, padding(bytes))
    }

    /// Returns such a frame, compressed by gzip.
    pub(crate) fn gzip_frame(bytes: u64) -> Body {
        framed(1, gzip::compress(padding(bytes)))
    }

    /// A message with one field that no operation has, whose bytes are zeros.
    fn padding(bytes: u64) -> Body {
        let zeros = u32::try_from(bytes.saturating_sub(6)).unwrap_or(u32::MAX - 6);
        // The length as a varint of five bytes, with leading zeros.
        let group = |shift: u32| (zeros >> shift & 0x7f) as u8;
        let field = [FIELD, group(0) | 0x80, group(7) | 0x80, group(14) | 0x80, group(21) | 0x80, group(28)];
        Body::filled(&field, 0, zeros.into(), b"")
    }

    fn framed(flag: u8, message: Body) -> Body {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
        let header = Body::filled(&[&[flag], &length[..]].concat(), 0, 0, b"");
        Body::of(header.into_parts().chain(message.into_parts()))
    }

    /// The key of a field of bytes with the number 15.
    const FIELD: u8 = 15 << 3 | 2;
}

#[cfg(feature = "grpc")]
pub(crate) use self::grpc::{gzip_frame, large_frame};
