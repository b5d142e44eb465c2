use bytes::Bytes;

use super::{Body, gzip};

/// What a reply contains that no service makes.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A body that is sent as it is.
    Body(Bytes),
    /// An operation without any field in this many bytes.
    Large(u64),
    /// The same, compressed by gzip.
    Bomb(u64),
}

impl Content {
    /// The body over HTTP/JSON.
    pub(crate) fn body(self) -> Body {
        match self {
            Self::Body(body) => body.into(),
            Self::Large(bytes) => Body::spaces(bytes),
            Self::Bomb(bytes) => gzip::compress(Body::spaces(bytes)),
        }
    }

    /// Whether the body is compressed.
    pub(crate) fn is_gzip(&self) -> bool {
        matches!(self, Self::Bomb(_))
    }
}
