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
            Some(deadline) if deadline <= asked => Self::Grace(later(asked, attempt.min(Self::GRACE))),
            Some(deadline) if deadline < until => Self::Deadline(deadline),
            _ => Self::Attempt(until),
        }
    }

    pub(crate) fn until(self) -> Instant {
        match self {
            Self::Attempt(until) | Self::Deadline(until) | Self::Grace(until) => until,
        }
    }

    /// How long a server may keep the call waiting so that its reply still comes in time; `None` if there is no time
    /// for that.
    pub(crate) fn patience(self, asked: Instant) -> Option<Duration> {
        let (Self::Attempt(until) | Self::Deadline(until)) = self else {
            return None;
        };
        let whole = until.saturating_duration_since(asked);
        Some(whole - (whole / 10).min(Self::GRACE))
    }

    /// The time that the last call gets when the deadline has passed.
    pub(crate) const GRACE: Duration = Duration::from_secs(2);
}
