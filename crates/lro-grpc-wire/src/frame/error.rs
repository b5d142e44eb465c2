use std::fmt;

use lro::{Code, Origin, Status};
use prost::DecodeError;

/// A fault of a body that must be one frame.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// The body is empty.
    Missing,
    /// The body ends before the message does.
    CutShort,
    /// The body continues after the message.
    Trailing,
    /// The flag byte is neither 0 nor 1.
    UnknownFlag(u8),
    /// The message is larger than this limit, compressed or not.
    TooLarge(usize),
    /// The message has more than this number of operations, places and details of errors.
    TooManyParts(usize),
    /// The message is compressed, and no `grpc-encoding` was sent.
    NoEncoding,
    /// The message is compressed by an encoding other than gzip.
    UnknownEncoding(Box<str>),
    /// The message is no valid gzip.
    InvalidGzip(Box<str>),
    /// The bytes are not an encoded message of the expected type.
    Undecodable(DecodeError),
}

impl FrameError {
    /// Returns whether another attempt may succeed, because the body may have been cut or garbled on its way.
    pub fn is_transient(&self) -> bool {
        !matches!(
            self,
            Self::TooLarge(_) | Self::TooManyParts(_) | Self::NoEncoding | Self::UnknownEncoding(_)
        )
    }

    pub(super) fn gzip(error: std::io::Error) -> Self {
        Self::InvalidGzip(error.to_string().into())
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the body has no message"),
            Self::CutShort => f.write_str("the message is cut short"),
            Self::Trailing => f.write_str("the body continues after its message"),
            Self::UnknownFlag(flag) => write!(f, "the message has the unknown flag {flag}"),
            Self::TooLarge(limit) => write!(f, "the message is larger than the limit of {limit} bytes"),
            Self::TooManyParts(most) => {
                write!(f, "the message has more than {most} operations, places and details of errors")
            }
            Self::NoEncoding => f.write_str("the message is compressed without a grpc-encoding"),
            Self::UnknownEncoding(name) => {
                write!(f, "the message has the encoding {name:?}, which was not requested")
            }
            Self::InvalidGzip(error) => write!(f, "the message is invalid gzip: {error}"),
            Self::Undecodable(error) => write!(f, "the message is invalid protobuf: {error}"),
        }
    }
}

impl std::error::Error for FrameError {}

impl From<FrameError> for Status {
    /// Returns the status of a failed call, `INTERNAL`, with the error as its source. A message with too many parts is malformed.
    fn from(error: FrameError) -> Self {
        let status = Self::new(Code::Internal, error.to_string());
        let status = if error.is_transient() { status } else { status.with_transient(false) };
        let is_malformed = matches!(error, FrameError::TooManyParts(_));
        let status = if is_malformed { status.with_origin(Origin::MalformedReply) } else { status };
        status.with_source(error)
    }
}
