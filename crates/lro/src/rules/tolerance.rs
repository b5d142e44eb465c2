use std::{fmt, sync::Arc, time::Duration};

use super::guard;
use crate::{Code, Origin, Status};

/// Which failed calls are survived, and how many in a row.
///
/// Asking for an operation is a safe read: a failed call says nothing about the operation. What may pass is survived
/// within a budget of consecutive failures that any good reply refills, and asked again after an exponential delay
/// with jitter.
///
/// ```
/// use std::time::Duration;
/// use lro::{Code, Status, Tolerance};
///
/// let patient = Tolerance::default().failures(None).survive_if(|status| match status.code() {
///     Code::PermissionDenied => Some(true), // the grant is on its way
///     _ => None,                            // as usual
/// });
/// assert!(patient.is_survivable(&Status::new(Code::PermissionDenied, "not yet")));
/// ```
#[derive(Clone)]
pub struct Tolerance {
    pub(super) failures: Option<u32>,
    pub(super) not_found_for: Duration,
    pub(super) first_delay: Duration,
    pub(super) longest_delay: Duration,
    pub(super) longest_hint: Duration,
    survive_if: Option<Arc<Predicate>>,
}

type Predicate = dyn Fn(&Status) -> Option<bool> + Send + Sync;

impl Tolerance {
    /// Sets how many failed calls in a row are survived, `None` for any number. Default: 5.
    pub fn failures(self, failures: impl Into<Option<u32>>) -> Self {
        Self { failures: failures.into(), ..self }
    }

    /// No failed call is survived.
    pub fn none() -> Self {
        Self::default().failures(0).not_found_for(Duration::ZERO)
    }

    /// Sets how long NOT_FOUND is survived before the first good reply: services answer it for a while after
    /// starting. Default: 30 s.
    pub fn not_found_for(self, window: Duration) -> Self {
        Self { not_found_for: window, ..self }
    }

    /// Sets the delay after the first failed call in a row, doubled after each further one up to `longest`; each is
    /// drawn between half of it and all of it. Default: 1 s up to 60 s.
    pub fn delay(self, first: Duration, longest: Duration) -> Self {
        Self { first_delay: first, longest_delay: longest, ..self }
    }

    /// Sets the longest wait that a server can ask for by `Retry-After` or `RetryInfo`. Default: 10 min.
    pub fn longest_hint(self, longest: Duration) -> Self {
        Self { longest_hint: longest, ..self }
    }

    /// Decides by the status: `Some(true)` survives, `Some(false)` does not, `None` leaves it to the usual rules. The
    /// budget of failures holds all the same.
    pub fn survive_if(self, predicate: impl Fn(&Status) -> Option<bool> + Send + Sync + 'static) -> Self {
        Self { survive_if: Some(Arc::new(predicate)), ..self }
    }

    /// Whether a call that failed so may be made again, budgets and windows aside.
    pub fn is_survivable(&self, status: &Status) -> bool {
        self.decided(status).is_ok_and(|decided| decided.unwrap_or_else(|| is_survivable_by_code(status)))
    }

    /// What the caller, or else the transport, says of this status.
    ///
    /// # Errors
    ///
    /// As [`guard`]: the caller's predicate may panic.
    pub(super) fn decided(&self, status: &Status) -> Result<Option<bool>, Status> {
        let decided = match &self.survive_if {
            Some(predicate) => guard("the predicate of the tolerance", || predicate(status))?,
            None => None,
        };
        Ok(decided.or_else(|| status.transient()))
    }
}

impl Default for Tolerance {
    fn default() -> Self {
        Self {
            failures: Some(5),
            not_found_for: Duration::from_secs(30),
            first_delay: Duration::from_secs(1),
            longest_delay: Duration::from_secs(60),
            longest_hint: Duration::from_secs(600),
            survive_if: None,
        }
    }
}

impl fmt::Debug for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tolerance")
            .field("failures", &self.failures)
            .field("not_found_for", &self.not_found_for)
            .field("first_delay", &self.first_delay)
            .field("longest_delay", &self.longest_delay)
            .field("longest_hint", &self.longest_hint)
            .finish_non_exhaustive()
    }
}

/// Whether a call with this status may be made again, by its origin, code and details.
pub(super) fn is_survivable_by_code(status: &Status) -> bool {
    if status.origin() != Origin::CallFailed {
        return false;
    }
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::Internal | Code::Unknown | Code::Aborted => true,
        Code::ResourceExhausted => is_rate_limit(status),
        _ => false,
    }
}

/// Unless the server says that waiting will not help: another reason than the rate, and no time to come back.
fn is_rate_limit(status: &Status) -> bool {
    let details = status.details();
    match details.error_info() {
        Some(info) => info.reason == "RATE_LIMIT_EXCEEDED" || details.retry_info().is_some(),
        None => true,
    }
}
