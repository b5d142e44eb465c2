use std::time::Duration;

use crate::time::{duration, seconds};

/// A call in flight. The caller keeps it with the call, and hands it back when the call ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call {
    pub(crate) sent_at: f64,
    /// Whether the operation had not failed when it was asked.
    pub(crate) is_fresh: bool,
    /// Whether the operation came from the second line.
    pub(crate) is_second: bool,
    /// Whether the key was shut.
    pub(crate) is_probe: bool,
}

impl Call {
    /// When the call was sent.
    pub fn sent_at(&self) -> Duration {
        duration(self.sent_at)
    }

    /// The same call, which waited for a token or a connection until `now` and leaves only now.
    ///
    /// The wait then counts neither as a slow reply nor as a call that hangs.
    pub fn left(self, now: Duration) -> Self {
        Self { sent_at: self.sent_at.max(seconds(now)), ..self }
    }
}
