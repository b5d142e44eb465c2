//! The frame of a message: a flag byte, the length as four bytes, and the encoded message.

mod encoding;
mod error;
mod parts;

use std::io::Read;

use bytes::{Bytes, BytesMut};
use flate2::{Compression, read::GzEncoder, read::MultiGzDecoder};
use http::HeaderName;
use lro::OperationPage;
use prost::Message;

use crate::messages::Bounded;

pub(crate) use self::parts::count;
pub use self::{encoding::Encoding, error::FrameError};

/// The name of the header with the encoding of compressed messages.
pub const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");

/// The name of the header with the encodings that a peer decodes.
pub const GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// Encodes a message as a frame without compression.
///
/// # Errors
///
/// [`FrameError::TooLarge`] if the message has 4 GiB or more.
pub fn encode(message: &impl Message) -> Result<Bytes, FrameError> {
    let len = message.encoded_len();
    let mut frame = Vec::with_capacity(HEADER + len);
    frame.push(PLAIN);
    frame.extend_from_slice(&declared(len)?);
    message.encode_raw(&mut frame);
    Ok(frame.into())
}

/// As [`encode`], for a message that is encoded already.
///
/// # Errors
///
/// As [`encode`].
pub fn of_encoded(message: &[u8]) -> Result<Bytes, FrameError> {
    let length = declared(message.len())?;
    Ok([&[PLAIN], &length[..], message].concat().into())
}

/// Encodes a message as a frame with gzip.
///
/// # Errors
///
/// [`FrameError::TooLarge`] if the compressed message has 4 GiB or more.
pub fn encode_gzip(message: &impl Message) -> Result<Bytes, FrameError> {
    let mut frame = vec![0; HEADER];
    let plain = message.encode_to_vec();
    GzEncoder::new(&*plain, Compression::fast()).read_to_end(&mut frame).map_err(FrameError::gzip)?;
    let length = declared(frame.len() - HEADER)?;
    frame[0] = COMPRESSED;
    frame[1..HEADER].copy_from_slice(&length);
    Ok(frame.into())
}

/// Decodes the body of a unary request or reply, which is one frame.
///
/// The body is passed in pieces. A fault is reported at the piece that shows it, so that no more of the body is read.
///
/// ```
/// use lro_grpc_wire::{frame::{Decoder, Encoding, encode}, messages::Operation};
///
/// let operation = Operation { name: "operations/1".into(), ..Operation::default() };
/// let mut decoder = Decoder::new(Encoding::Identity, 1 << 20);
/// decoder.push(encode(&operation)?)?;
/// assert_eq!(decoder.finish::<Operation>()?, operation);
/// # Ok::<(), lro_grpc_wire::frame::FrameError>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    encoding: Encoding,
    limit: usize,
    received: Received,
}

/// The part of the body that has arrived. Most bodies are one piece, which is not copied.
#[derive(Debug)]
enum Received {
    One(Bytes),
    Many(BytesMut),
}

impl Decoder {
    /// Creates a decoder. A message of more than `limit` bytes is refused, compressed or not.
    pub fn new(encoding: Encoding, limit: usize) -> Self {
        Self { encoding, limit, received: Received::One(Bytes::new()) }
    }

    /// Adds the next piece of the body.
    ///
    /// # Errors
    ///
    /// A fault that no further piece can repair. The body is not to be read further.
    pub fn push(&mut self, piece: Bytes) -> Result<(), FrameError> {
        match &mut self.received {
            Received::One(first) if first.is_empty() => *first = piece,
            Received::One(first) => {
                let mut all = BytesMut::with_capacity(first.len() + piece.len());
                all.extend_from_slice(first);
                all.extend_from_slice(&piece);
                self.received = Received::Many(all);
            }
            Received::Many(all) => all.extend_from_slice(&piece),
        }
        match Header::of(self.bytes(), self.limit)? {
            Some(header) if self.bytes().len() > HEADER + header.len => Err(FrameError::Trailing),
            _ => Ok(()),
        }
    }

    /// Decodes the message at the end of the body.
    ///
    /// # Errors
    ///
    /// The fault of the body: it has no message or only a part of one, or the message cannot be decoded, or has more than
    /// [`OperationPage::MOST_PARTS`] parts.
    pub fn finish<M: Bounded>(self) -> Result<M, FrameError> {
        let bytes = self.bytes();
        let Some(header) = Header::of(bytes, self.limit)? else {
            return Err(if bytes.is_empty() { FrameError::Missing } else { FrameError::CutShort });
        };
        let body = &bytes[HEADER..];
        if body.len() != header.len {
            return Err(if body.len() < header.len { FrameError::CutShort } else { FrameError::Trailing });
        }
        if !header.is_compressed {
            return decoded(body);
        }
        match self.encoding {
            Encoding::Gzip => decoded(&gunzip(body, self.limit)?),
            Encoding::Identity => Err(FrameError::NoEncoding),
            Encoding::Unknown(name) => Err(FrameError::UnknownEncoding(name)),
        }
    }

    fn bytes(&self) -> &[u8] {
        match &self.received {
            Received::One(first) => first,
            Received::Many(all) => all,
        }
    }
}

struct Header {
    is_compressed: bool,
    len: usize,
}

impl Header {
    /// Reads the header of a frame. Returns `None` until it is complete.
    fn of(bytes: &[u8], limit: usize) -> Result<Option<Self>, FrameError> {
        if let Some(flag) = bytes.first().filter(|flag| !matches!(**flag, PLAIN | COMPRESSED)) {
            return Err(FrameError::UnknownFlag(*flag));
        }
        let Some((&[flag, ref len @ ..], _)) = bytes.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let len = u32::from_be_bytes(*len) as usize;
        if len > limit {
            return Err(FrameError::TooLarge(limit));
        }
        Ok(Some(Self { is_compressed: flag == COMPRESSED, len }))
    }
}

/// Returns the length of a message as a frame declares it.
fn declared(len: usize) -> Result<[u8; 4], FrameError> {
    u32::try_from(len).map(u32::to_be_bytes).map_err(|_| FrameError::TooLarge(u32::MAX as usize))
}

fn decoded<M: Bounded>(message: &[u8]) -> Result<M, FrameError> {
    let parts = count::<M>(message).map_err(FrameError::Undecodable)?;
    if parts > OperationPage::MOST_PARTS {
        return Err(FrameError::TooManyParts(OperationPage::MOST_PARTS));
    }
    M::decode(message).map_err(FrameError::Undecodable)
}

fn gunzip(compressed: &[u8], limit: usize) -> Result<Vec<u8>, FrameError> {
    let mut plain = Vec::new();
    if compressed.is_empty() {
        return Ok(plain);
    }
    let bound = (limit as u64).saturating_add(1);
    MultiGzDecoder::new(compressed).take(bound).read_to_end(&mut plain).map_err(FrameError::gzip)?;
    if plain.len() > limit { Err(FrameError::TooLarge(limit)) } else { Ok(plain) }
}

/// The length of the flag and of the length.
const HEADER: usize = 5;
const PLAIN: u8 = 0;
const COMPRESSED: u8 = 1;
