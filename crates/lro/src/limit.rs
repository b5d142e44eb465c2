use std::time::Duration;

use tokio::time::Instant;

use crate::progress::later;

/// Until when a call may take, and what ends it then.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    /// The timeout of each call.
    Attempt(Instant),
    /// The deadline of the wait, which comes sooner.
    Deadline(Instant),
    /// The deadline passed with no call in flight, so this call is the last one.
    Grace(Instant),
}

impl Limit {
    pub(crate) fn of(asked: Instant, attempt: Duration, deadline: Option<Instant>) -> Self {
        let until = later(asked, attempt);
        match deadline {
            Some(deadline) if deadline <= asked => Self::Grace(later(asked, attempt.min(GRACE))),
            Some(deadline) if deadline < until => Self::Deadline(deadline),
            _ => Self::Attempt(until),
        }
    }

    pub(crate) fn until(self) -> Instant {
        match self {
            Self::Attempt(until) | Self::Deadline(until) | Self::Grace(until) => until,
        }
    }
}

/// The time that the last call gets when the deadline has passed.
const GRACE: Duration = Duration::from_secs(2);
