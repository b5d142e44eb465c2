use http::HeaderMap;

use super::GRPC_ENCODING;

/// The encoding of the compressed messages of a peer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// The peer compresses no message.
    #[default]
    Identity,
    /// gzip.
    Gzip,
    /// Another encoding. A name that is too long is replaced by `…`.
    Unknown(Box<str>),
}

impl Encoding {
    /// Reads `grpc-encoding`.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(GRPC_ENCODING).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return if headers.contains_key(GRPC_ENCODING) {
                Self::Unknown("…".into())
            } else {
                Self::Identity
            };
        };
        let name = String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase();
        match &*name {
            "" | "identity" => Self::Identity,
            "gzip" => Self::Gzip,
            _ if name.len() > LONGEST_NAME => Self::Unknown("…".into()),
            _ => Self::Unknown(name.into()),
        }
    }
}

/// Room for any registered name. A longer text must not reach a message.
const LONGEST_NAME: usize = 32;
