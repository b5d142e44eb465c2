use std::time::Duration;

/// A point in a reply at which its connection breaks.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Before its first byte.
    BeforeHead,
    /// Within the status line, or with HTTP/2 within the frame of the headers.
    InHead,
    /// After the headers.
    AfterHead,
    /// After this many bytes of the body as they are sent, or after the last byte of a shorter body. The sizes of the chunks of
    /// HTTP/1.1 count too.
    InBody(usize),
}

/// How a connection breaks.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// It is reset (RST): the client sees an error.
    Reset,
    /// It is closed (FIN): the client sees an end.
    Close,
    /// Nothing more is sent or read until the client closes it.
    Stall,
    /// It goes on with one byte per period, for all replies that follow.
    Trickle(Duration),
}

impl Point {
    /// Returns the same point in a body of this length.
    pub(crate) fn within(self, length: u64) -> Self {
        match self {
            Self::InBody(bytes) => {
                Self::InBody(usize::try_from(length).map_or(bytes, |length| bytes.min(length)))
            }
            _ => self,
        }
    }
}
