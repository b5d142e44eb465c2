use std::time::Duration;

use crate::{Outcome, Status};

/// The reply of a starting call to a running operation.
#[derive(Clone, Debug)]
pub(crate) struct Started {
    /// The delay that the server asked for.
    pub(crate) retry_after: Option<Duration>,
    /// The error beside the running operation.
    pub(crate) running_error: Option<Box<Status>>,
}

/// The result of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A successful reply: the operation is running.
    Running,
    /// Nothing to report: a failed call that is retried, or a request to cancel.
    Silent,
    /// The end. No more calls are made.
    Ended,
}

/// The end of a wait: the outcome of the operation, or a failure of the wait.
pub(crate) type End = Result<Outcome, Status>;
