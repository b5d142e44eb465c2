use std::time::Duration;

/// The progress of a wait, as input of a schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Moment {
    /// The time since the wait began.
    pub elapsed: Duration,
    /// The successful replies so far.
    pub polls: u32,
    /// The duration of the last of these calls. Zero before the first reply, and for a call that the server held.
    pub round_trip: Duration,
    /// The share of the work that is done, from 0 to 1. `None` if the last reply does not report it.
    ///
    /// [`Wait::pace_by_progress`](crate::Wait::pace_by_progress) sets it, or else
    /// [`LroTransport::progress`](crate::LroTransport::progress).
    pub progress: Option<f64>,
}

/// The interval in which one operation finished: after `running` and not later than `done`.
///
/// Both count from the start of the wait. Each estimates when the server read the state: half-way between request and
/// reply, or the reply of a held call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finish {
    /// When the operation was last seen running. Zero if it never was.
    pub running: Duration,
    /// When the operation was first seen done. `None` if the wait ended before.
    pub done: Option<Duration>,
    /// The successful replies.
    pub polls: u32,
}

impl Finish {
    /// Creates the end of an operation that was last seen running at `running` and first seen done at `done`.
    ///
    /// `polls` is the number of successful replies.
    pub fn new(running: Duration, done: Option<Duration>, polls: u32) -> Self {
        Self { running, done, polls }
    }
}

impl Moment {
    /// Creates the moment at `elapsed` since the start of the wait, after `polls` successful replies.
    ///
    /// Its round trip is zero, and its progress is `None`.
    pub fn new(elapsed: Duration, polls: u32) -> Self {
        Self { elapsed, polls, round_trip: Duration::ZERO, progress: None }
    }

    /// Sets the duration of the last call.
    pub fn with_round_trip(self, round_trip: Duration) -> Self {
        Self { round_trip, ..self }
    }

    /// Sets the share of the work that is done, from 0 to 1.
    pub fn with_progress(self, progress: impl Into<Option<f64>>) -> Self {
        Self { progress: progress.into(), ..self }
    }
}
