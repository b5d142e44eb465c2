use std::{fmt, time::Duration};

use crate::{OperationName, Outcome, Status};

/// What an event is about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The name of the operation.
    pub operation: &'a OperationName,
    /// The key of the service. Empty if the transport names none.
    pub service: &'a str,
    /// The kind of the operation, `None` if none is set.
    pub kind: Option<&'a str>,
    /// The calls made so far.
    pub polls: u32,
    /// The age of the wait.
    pub elapsed: Duration,
}

/// Code of the caller that is called at the events of waits.
///
/// It is called outside of all locks, on the task that polls: a slow observer delays the polls. A panic of it changes nothing but that the
/// event is lost, and is logged.
pub trait Observer: fmt::Debug + Send + Sync {
    /// A call has shown that the operation is running. The next call is due after the pause; `None` if the wait ends.
    fn on_poll(&self, about: &About<'_>, pause: Option<Duration>) {
        let _ = (about, pause);
    }

    /// A call has brought no state of the operation. The next call is due after the pause; `None` if the wait ends.
    fn on_failure(&self, about: &About<'_>, failure: &Status, pause: Option<Duration>) {
        let _ = (about, failure, pause);
    }

    /// The wait has ended: with the outcome of the operation, or with why the polling stopped. It is called once, unless the wait is
    /// dropped before, or its fleet or worker stops.
    fn on_outcome(&self, about: &About<'_>, outcome: Result<&Outcome, &Status>) {
        let _ = (about, outcome);
    }
}
