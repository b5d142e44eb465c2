use std::time::Duration;

use super::ReplyKind;
use crate::Reply;

/// Where on its way out a reply breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Before its first byte.
    BeforeHead,
    /// Within the status line; with HTTP/2 within the frame of the headers.
    InHead,
    /// After the headers.
    AfterHead,
    /// After so many bytes of the body as they are sent, which counts the sizes of chunks where HTTP/1.1 has these; after
    /// the last one if the body is shorter.
    InBody(usize),
}

/// How a connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// It is reset: the client sees an error (RST).
    Reset,
    /// It is closed in good order: the client sees an end (FIN).
    Close,
    /// Nothing more is sent or heard, until the client closes it.
    Stall,
    /// It goes on, one byte every so often, whatever it bears from there on.
    Trickle(Duration),
}

impl Point {
    /// The same in a body of so many bytes.
    pub(crate) fn within(self, length: u64) -> Self {
        match self {
            Self::InBody(bytes) => {
                Self::InBody(usize::try_from(length).map_or(bytes, |length| bytes.min(length)))
            }
            _ => self,
        }
    }
}

/// Breaks.
impl Reply {
    /// No reply: the connection is closed, with every other call on it. The service never hears of the call.
    pub fn close() -> Self {
        Self::of(ReplyKind::Close)
    }

    /// No reply: every connection is closed, and others are refused for a time, as by [`Emulator::refuse_for`]. The service
    /// never hears of the call.
    ///
    /// [`Emulator::refuse_for`]: crate::Emulator::refuse_for
    pub fn refuse_for(time: Duration) -> Self {
        Self::of(ReplyKind::Refuse(time))
    }

    /// Breaks the connection at a point of the reply, with every other call on it.
    ///
    /// With [`usual`](Self::usual) the service has heard of the call: what was to be started is started.
    ///
    /// ```
    /// use lro_emulator::{Break, Point, Reply};
    ///
    /// let lost = Reply::usual().breaks(Point::BeforeHead, Break::Reset);
    /// let stuck = Reply::usual().breaks(Point::InBody(7), Break::Stall);
    /// ```
    pub fn breaks(mut self, at: Point, how: Break) -> Self {
        self.breaks = Some((at, how));
        self
    }

    /// Breaks the body off after so many bytes although its whole length was promised: a connection lost half-way.
    ///
    /// With [`usual`](Self::usual) the service has heard of the call: what was to be started is started.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    /// Sends GOAWAY with the reply, so that the next call needs a connection of its own; with HTTP/1.1 it is
    /// `connection: close`. Calls that are under way are answered.
    pub fn goaway(mut self) -> Self {
        self.goes_away = true;
        self
    }
}
