use lro::{
    pacing::CompactState,
    rules::{Age, Tally},
};

use crate::clock::Time;

/// The times and counters of one operation: 48 bytes of plain data.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Record {
    pub(crate) began: Time,
    /// The time of the next call, at the deadline at the latest. After the wait has ended, the time of its end.
    pub(crate) due: Time,
    /// The state of the operation in a schedule that serves many operations.
    pub(crate) state: CompactState,
    pub(crate) tally: Tally,
}

/// When a call was made, and when it ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) asked: Time,
    pub(crate) ended: Time,
}

impl Record {
    pub(crate) fn begin(now: Time) -> Self {
        Self { began: now, due: now, ..Self::default() }
    }

    /// Returns the time since the wait began.
    pub(crate) fn age(&self, now: Time) -> Age {
        now.since(self.began)
    }

    /// Returns the time at which the wait has this age.
    pub(crate) fn at(&self, age: Age) -> Time {
        self.began.after(age)
    }
}
