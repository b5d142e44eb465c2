use std::time::Duration;

use super::{Age, Rules};
use crate::{Operation, Status};

/// A call for the state of an operation, after it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// When it was made.
    pub asked: Age,
    /// When it ended.
    pub ended: Age,
    /// When the wait ends at the latest, if it has a deadline.
    pub deadline: Option<Age>,
    /// Whether the server was asked to hold the call until the operation is done (`WaitOperation`).
    pub held: bool,
    /// Whether a failure counts against the budget of failures. It does not while the driver knows that the service is
    /// down.
    pub counts: bool,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The transport returned.
    Returned(Result<Operation, Status>),
    /// The call was cut at its limit.
    Cut(Limit),
}

/// Why a call ends that is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The timeout of each call.
    Attempt,
    /// The deadline of the wait, which comes sooner.
    Deadline,
    /// The grace of the last call, which is made when the deadline has passed with no call in flight.
    Grace,
}

impl Call {
    /// A get that counts, of a wait without a deadline.
    pub fn new(asked: Age, ended: Age) -> Self {
        Self { asked, ended, deadline: None, held: false, counts: true }
    }

    /// When the server is likely to have looked at the operation: half-way between call and reply. It answers a call that
    /// it holds when it has looked.
    pub fn looked(&self) -> Age {
        if self.held { self.ended } else { self.asked + self.round_trip() / 2 }
    }

    /// The time that the call took, zero for one that the server held: that does not measure the network.
    pub(super) fn round_trip(&self) -> Duration {
        if self.held { Duration::ZERO } else { self.ended.saturating_sub(self.asked) }
    }
}

impl Rules {
    /// Returns until when a call that is made at `asked` may take, and why it ends then.
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

    /// The time for the last call, which is made when the deadline has passed: enough for a reply from another continent,
    /// short enough that a deadline still means something.
    pub const GRACE: Duration = Duration::from_secs(2);
}

impl Limit {
    /// Returns how long the server may hold a call of so much time, so that its reply still arrives; `None` where
    /// there is no time for that.
    pub(crate) fn patience(self, time: Duration) -> Option<Duration> {
        (self != Self::Grace).then(|| time - (time / 10).min(Rules::GRACE))
    }
}
