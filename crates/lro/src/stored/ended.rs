use serde::{Deserialize, Serialize};

use super::Registration;
use crate::{
    Response, Status,
    rules::{Ending, Saved},
};

/// How a stored wait ended, in the form that an engine returns.
///
/// ```
/// # #[derive(serde::Deserialize)] struct Job {}
/// fn job(ended: &lro::stored::Ended) -> Result<Job, lro::Status> {
///     ended.decode() // or the error of the operation, or why the polling stopped
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ended {
    /// The operation.
    pub registration: Registration,
    /// The outcome of the operation as the service sent it, or why the polling stopped.
    pub ending: Ending,
    /// The counters and the last failure of the wait.
    pub saved: Saved,
}

impl Ended {
    /// Creates the end of a wait from its parts.
    pub fn new(registration: Registration, ending: Ending, saved: Saved) -> Self {
        Self { registration, ending, saved }
    }

    /// Decodes the response of the operation.
    ///
    /// # Errors
    ///
    /// As [`poll_until_done`](crate::poll_until_done): the error of the operation, or why the polling stopped. The status has a
    /// [`Report`](crate::Report).
    pub fn decode<R: Response>(&self) -> Result<R, Status> {
        let report = || self.saved.report(self.registration.name().ok(), &self.ending);
        self.ending.decode().map_err(|status: Status| status.with_report(report()))
    }
}
