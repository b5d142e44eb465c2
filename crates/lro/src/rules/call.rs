use std::time::Duration;

use super::{Age, Rules};
use crate::{Operation, Status};

/// The times of a call for the state of an operation, after the call has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// When the call was made.
    pub asked: Age,
    /// When the call ended.
    pub ended: Age,
    /// The deadline of the wait, `None` for no limit.
    pub deadline: Option<Age>,
    /// Whether a starting call returned the operation to this wait, which may begin before the service finds it.
    pub started: bool,
    /// Whether the call asked the server to reply only when the operation is done (`WaitOperation`).
    pub held: bool,
    /// Whether a failure counts: against the budget of failures, and for the delay that doubles.
    ///
    /// A driver clears it while it knows that the service is down.
    pub counts: bool,
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The transport returned a result.
    Returned(Result<Operation, Status>),
    /// The driver cut the call at its limit.
    Cut(Limit),
}

impl Reply {
    /// Returns the least delay to the next call, as the server requests it (`Retry-After`).
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Returned(Ok(operation)) => operation.retry_after,
            Self::Returned(Err(status)) => status.retry_after(),
            Self::Cut(_) => None,
        }
    }
}

/// Which limit cuts a call without a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The timeout of each call, [`Rules::attempt_timeout`].
    Attempt,
    /// The deadline of the wait, if it comes before the timeout.
    Deadline,
    /// The time for the last call, [`Rules::GRACE`]. The driver makes that call if no call is in flight at the
    /// deadline.
    Grace,
}

impl Call {
    /// Creates the times of a get call without a deadline, in a wait by name. Its failure counts against the budget.
    pub fn new(asked: Age, ended: Age) -> Self {
        Self { asked, ended, deadline: None, started: false, held: false, counts: true }
    }

    /// Estimates when the server read the state of the operation.
    ///
    /// That is half-way between request and reply. For a held call it is the time of the reply.
    pub fn looked(&self) -> Age {
        if self.held { self.ended } else { self.asked + self.round_trip() / 2 }
    }

    /// The duration of the call. Zero for a held call, whose duration does not measure the network.
    pub(super) fn round_trip(&self) -> Duration {
        if self.held { Duration::ZERO } else { self.ended.saturating_sub(self.asked) }
    }
}

impl Rules {
    /// Returns the age at which a call made at `asked` is cut, and the limit that cuts it.
    pub fn limit(&self, asked: Age, deadline: Option<Age>) -> (Age, Limit) {
        let until = asked.saturating_add(self.attempt_timeout);
        match deadline {
            Some(deadline) if deadline <= asked => {
                (until.min(asked.saturating_add(Self::GRACE)), Limit::Grace)
            }
            Some(deadline) if deadline < until => (deadline, Limit::Deadline),
            _ => (until, Limit::Attempt),
        }
    }

    /// The time for the last call, which is made after the deadline has passed: 2 s.
    ///
    /// Below a second a reply from another continent is missed. Above a few seconds the wait overruns its deadline
    /// noticeably.
    pub const GRACE: Duration = Duration::from_secs(2);
}

impl Limit {
    /// Returns how long the server may hold a call that is cut after `time`. `None` if it may not hold the call.
    ///
    /// A tenth of the time, at most 2 s, is left for the reply to arrive.
    pub(crate) fn patience(self, time: Duration) -> Option<Duration> {
        (self != Self::Grace).then(|| time - (time / 10).min(Rules::GRACE))
    }
}
