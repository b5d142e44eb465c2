use std::{fmt, sync::Arc, time::Duration};

use super::guard;
use crate::{Code, Origin, Status, status::RATE_LIMIT};

/// Which failed calls are retried, and how many in a row.
///
/// A poll is a safe read: a failed call says nothing about the operation.
/// A transient failure is retried after an exponential delay with jitter.
/// A budget limits the consecutive failures. Any successful reply restores it.
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
    /// `None` selects the default, which depends on how the wait began.
    not_found_for: Option<Duration>,
    permission_denied_for: Duration,
    pub(super) first_delay: Duration,
    pub(super) longest_delay: Duration,
    pub(super) longest_hint: Duration,
    survive_if: Option<Arc<Predicate>>,
}

type Predicate = dyn Fn(&Status) -> Option<bool> + Send + Sync;

impl Tolerance {
    /// Sets how many consecutive failed calls are retried, `None` for no limit. Default: 5.
    pub fn failures(self, failures: impl Into<Option<u32>>) -> Self {
        Self { failures: failures.into(), ..self }
    }

    /// Returns a tolerance that retries no failed call, except once with a new credential after `UNAUTHENTICATED`.
    pub fn none() -> Self {
        Self::default().failures(0).not_found_for(Duration::ZERO)
    }

    /// Sets the age of the wait until which `NOT_FOUND` is retried before the first successful reply.
    ///
    /// Some services return `NOT_FOUND` for a while after they start an operation.
    /// Default: 30 s for an operation that a starting call returned, 5 s for one by name or handle.
    /// The last call is made when the window ends. Its failure ends the wait.
    /// Within the window `NOT_FOUND` does not count against the budget. After a successful reply it ends the wait.
    /// A decision of [`survive_if`](Self::survive_if) or of [`Status::with_transient`] about `NOT_FOUND` replaces the
    /// window.
    pub fn not_found_for(self, window: Duration) -> Self {
        Self { not_found_for: Some(window), ..self }
    }

    /// Sets the age of the wait until which `PERMISSION_DENIED` is retried before the first successful reply. Default:
    /// zero.
    ///
    /// A grant of access takes effect after some minutes. The window works as that of
    /// [`not_found_for`](Self::not_found_for).
    pub fn permission_denied_for(self, window: Duration) -> Self {
        Self { permission_denied_for: window, ..self }
    }

    /// Sets the delay after the first failed call in a row, and the longest delay. Default: 1 s and 60 s.
    ///
    /// Each further consecutive failure doubles the delay up to `longest`. Jitter then draws a value between half and
    /// all of it.
    pub fn delay(self, first: Duration, longest: Duration) -> Self {
        Self { first_delay: first, longest_delay: longest, ..self }
    }

    /// Sets the longest delay that a server can ask for by `Retry-After` or `RetryInfo`. Default: 10 min.
    pub fn longest_hint(self, longest: Duration) -> Self {
        Self { longest_hint: longest, ..self }
    }

    /// Sets a predicate that decides about a failed call before the default rules. Default: none.
    ///
    /// `Some(true)` retries the call, `Some(false)` ends the wait, `None` applies the default rules.
    /// The budget of failures applies in any case.
    /// A decision about `NOT_FOUND` replaces the window of [`not_found_for`](Self::not_found_for): the failure then
    /// counts against the budget.
    pub fn survive_if(self, predicate: impl Fn(&Status) -> Option<bool> + Send + Sync + 'static) -> Self {
        Self { survive_if: Some(Arc::new(predicate)), ..self }
    }

    /// Returns whether a call that failed with this status may be made again, regardless of budget and window.
    pub fn is_survivable(&self, status: &Status) -> bool {
        self.decided(status).is_ok_and(|decided| decided.unwrap_or_else(|| is_survivable_by_code(status)))
    }

    /// Returns the age until which calls that fail with this code are retried. `None` if the code has no window.
    pub(super) fn window(&self, code: Code, started: bool) -> Option<Duration> {
        match code {
            Code::NotFound => {
                Some(self.not_found_for.unwrap_or(if started { STARTED_WINDOW } else { NAMED_WINDOW }))
            }
            Code::PermissionDenied => Some(self.permission_denied_for),
            _ => None,
        }
    }

    /// Returns the decision of the caller's predicate, or else of the transport. `None` if both leave it open.
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
            not_found_for: None,
            permission_denied_for: Duration::ZERO,
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
            .field("permission_denied_for", &self.permission_denied_for)
            .field("first_delay", &self.first_delay)
            .field("longest_delay", &self.longest_delay)
            .field("longest_hint", &self.longest_hint)
            .finish_non_exhaustive()
    }
}

/// Returns whether a call with this status may be made again, by its origin, code and details.
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

/// Returns whether a `RESOURCE_EXHAUSTED` is a rate limit. It is not if its details name another reason and no time
/// for a retry.
fn is_rate_limit(status: &Status) -> bool {
    let details = status.details();
    match details.error_info() {
        Some(info) => RATE_LIMIT.contains(&&*info.reason) || details.retry_info().is_some(),
        None => true,
    }
}

/// Services return `NOT_FOUND` for some seconds after a start. A shorter window loses the operation that was just
/// started; a longer one delays the report of an operation that the service lost.
const STARTED_WINDOW: Duration = Duration::from_secs(30);
/// A name was usually returned earlier, so that a typing error is more likely than a service that is behind. A longer
/// window delays its report.
const NAMED_WINDOW: Duration = Duration::from_secs(5);
