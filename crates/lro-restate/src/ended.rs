use lro::{
    Report, Response, Status,
    rules::{Ending, Saved},
};
use serde::{Deserialize, Serialize};

use crate::Registration;

/// The outcome of an operation, as the service gave it, or why the polling stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ended {
    /// The operation.
    pub registration: Registration,
    /// How the wait ended.
    pub ending: Ending,
    /// The counters and the last failure of the wait.
    pub saved: Saved,
}

impl Ended {
    pub(crate) fn new(registration: Registration, ending: Ending, saved: Saved) -> Self {
        Self { registration, ending, saved }
    }

    /// Decodes the response of the operation.
    ///
    /// # Errors
    ///
    /// As [`poll_until_done`](lro::poll_until_done): the error of the operation, or why the polling stopped. The status has a
    /// [`Report`] with the name and the last failure.
    pub fn decode<R: Response>(&self) -> Result<R, Status> {
        self.ending.decode().map_err(|status: Status| status.with_report(self.report()))
    }

    fn report(&self) -> Report {
        let mut report = Report::default();
        report.name = self.registration.name().ok();
        report.polls = self.saved.tally.polls;
        report.elapsed = self.saved.elapsed;
        report.done = matches!(self.ending, Ending::Done(_));
        if let Some(trouble) = &self.saved.trouble {
            report.failed_calls = trouble.failed();
            report.last_failure = trouble.last_failure().cloned();
        }
        report
    }
}

/// Replaces an outcome that is too large for the journal: the step that returns it would be repeated for ever.
pub(crate) fn storable(ending: Ending) -> Ending {
    match serde_json::to_vec(&ending).map_or(0, |ending| ending.len()) {
        0..=LARGEST_OUTCOME => ending,
        size => ending.too_large(size, LARGEST_OUTCOME),
    }
}

/// A quarter of the server's limit for a message, 32 MiB: a message may carry the outcome beside the state. Above the limit a
/// poll would be repeated for ever.
const LARGEST_OUTCOME: usize = 8 << 20;
