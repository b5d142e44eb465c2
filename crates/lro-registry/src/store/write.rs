use std::time::Duration;

use lro::OperationName;

use super::{Fence, SOON};

/// The state of an operation after a poll that found it running, or that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Reschedule {
    /// The claim.
    pub fence: Fence,
    /// The name that a starting call returned. `None` leaves the name as it is.
    pub name: Option<OperationName>,
    /// The delay of the next poll.
    pub delay: Duration,
    /// The state of the wait, [`rules::Saved`](lro::rules::Saved) as JSON.
    pub state: Vec<u8>,
    /// The position of the pacing, opaque.
    pub cursor: Vec<u8>,
    /// What the worker did about a requested cancellation.
    pub cancel: CancelStep,
    /// The failures of calls in a row.
    pub failures: u32,
    /// The last error, for people who read the record. `None` leaves it as it is.
    pub error: Option<String>,
}

impl Reschedule {
    /// Returns whether the store gives a [hint](super::Store::changed) if the write is stored: it is that of a starting call, which has
    /// a name and no worker, and the first poll is due within 5 s.
    pub fn needs_hint(&self) -> bool {
        self.name.is_some() && self.delay <= SOON
    }
}

/// What a worker did about a requested cancellation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CancelStep {
    /// The claim did not report a request.
    #[default]
    NotSeen,
    /// The request could not be sent. It is sent again with the next poll.
    Failed,
    /// The request was sent, or the service refused it. It is not sent again.
    Sent,
}

/// The outcome of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Complete {
    /// The claim.
    pub fence: Fence,
    /// The name that a starting call returned. `None` leaves the name as it is.
    pub name: Option<OperationName>,
    /// The outcome, opaque.
    pub outcome: Vec<u8>,
    /// The state of the wait at its end, [`rules::Saved`](lro::rules::Saved) as JSON.
    pub state: Vec<u8>,
    /// When the operation ended, for the pacing of others of its kind. `None` if that says nothing.
    pub finished: Option<Finished>,
}

/// When an operation of a kind ended. Both times are ages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The worker that saw it, a random number.
    pub worker: i64,
    /// The kind of the operation.
    pub kind: String,
    /// When the operation was last seen running.
    pub running: Duration,
    /// When it was first seen done. `None` if the wait ended before.
    pub done: Option<Duration>,
    /// The successful replies.
    pub polls: u32,
}

/// A claim that ends without a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GiveBack {
    /// The claim.
    pub fence: Fence,
    /// The delay after which the record can be claimed again.
    pub delay: Duration,
    /// Whether the claim counts among those without a result.
    pub counts: bool,
    /// The error, for people who read the record. `None` leaves the last one as it is.
    pub error: Option<String>,
}

/// The result of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The write was stored.
    Stored,
    /// The claim of the write has ended, or the record is gone. Nothing was changed.
    Fenced,
}

/// The result of a request to cancel an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelRequested {
    /// The request is stored. It was not before.
    Requested,
    /// The request was stored before.
    Already,
    /// The operation has ended. Its outcome is stored.
    Ended,
    /// There is no record with this key.
    Unknown,
}
