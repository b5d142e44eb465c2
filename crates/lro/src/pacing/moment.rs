use std::time::Duration;

/// What a schedule is told when it decides.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Moment {
    /// The time since the wait began.
    pub elapsed: Duration,
    /// The polls answered so far.
    pub polls: u32,
    /// How long the last of them took to be answered; zero before the first.
    pub round_trip: Duration,
    /// The share of the work that is done, from 0 to 1, if the last reply told it
    /// ([`Wait::pace_by_progress`](crate::Wait::pace_by_progress)).
    pub progress: Option<f64>,
}

/// When one operation was seen to finish: after `running` and not later than `done`, both since the wait began and
/// half-way between a call and its reply, when the server is likely to have looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finish {
    /// When it was last seen running; zero if it never was.
    pub running: Duration,
    /// When it was first seen done; `None` if the wait ended before.
    pub done: Option<Duration>,
    /// The polls answered.
    pub polls: u32,
}

impl Finish {
    /// Last seen running at `running`, first seen done at `done` if it was, after so many answered polls.
    pub fn new(running: Duration, done: Option<Duration>, polls: u32) -> Self {
        Self { running, done, polls }
    }
}

impl Moment {
    /// So much time since the wait began, so many polls answered.
    pub fn new(elapsed: Duration, polls: u32) -> Self {
        Self { elapsed, polls, round_trip: Duration::ZERO, progress: None }
    }

    /// Sets how long the last poll took to be answered.
    pub fn with_round_trip(self, round_trip: Duration) -> Self {
        Self { round_trip, ..self }
    }

    /// Sets the share of the work that is done, from 0 to 1.
    pub fn with_progress(self, progress: impl Into<Option<f64>>) -> Self {
        Self { progress: progress.into(), ..self }
    }
}
