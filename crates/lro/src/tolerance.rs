//! Which failed calls are survived: data and pure arithmetic.

use std::{fmt, sync::Arc, time::Duration};

use crate::{Code, Origin, Status, pacing::scaled};

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
    failures: Option<u32>,
    not_found_for: Duration,
    first_delay: Duration,
    longest_delay: Duration,
    longest_hint: Duration,
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
        self.decided(status).unwrap_or_else(|| is_transient(status))
    }

    /// Judges a failed call; `history` is that of the calls before it.
    pub fn verdict(&self, status: &Status, history: &History) -> Verdict {
        let survives = match (self.decided(status), status.origin(), status.code()) {
            (Some(decided), ..) => decided,
            // A transport drops the credential that was refused, so the next call brings a new one.
            (None, Origin::CallFailed, Code::Unauthenticated) => !history.refused_credential,
            (None, Origin::CallFailed, Code::NotFound) if history.had_reply => return Verdict::Vanished,
            (None, Origin::CallFailed, Code::NotFound) if history.elapsed < self.not_found_for => {
                return Verdict::Early;
            }
            _ => is_transient(status),
        };
        match self.failures {
            _ if !survives => Verdict::Final,
            Some(failures) if history.failures >= failures => Verdict::Exhausted,
            _ => Verdict::Survived,
        }
    }

    /// What the caller, or else the transport, says of this status.
    fn decided(&self, status: &Status) -> Option<bool> {
        self.survive_if.as_ref().and_then(|predicate| predicate(status)).or_else(|| status.transient())
    }

    /// The delay after this many failed calls in a row; `chance` is drawn from `0.0..1.0`.
    pub fn delay_after(&self, failures: u32, chance: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let whole = self.first_delay.saturating_mul(1 << doublings).min(self.longest_delay);
        scaled(whole, 0.5 + 0.5 * chance)
    }

    /// A server's wish as far as it is heeded.
    pub fn hint(&self, wish: Option<Duration>) -> Duration {
        wish.unwrap_or_default().min(self.longest_hint)
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

/// What a failed call is judged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The failed calls in a row before it.
    pub failures: u32,
    /// The time since the wait began.
    pub elapsed: Duration,
    /// Whether any call was answered.
    pub had_reply: bool,
    /// Whether a credential was refused before, since the last good reply.
    pub refused_credential: bool,
}

/// What becomes of a wait after a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Ask again.
    Survived,
    /// Ask again: the operation is not known yet. The window bounds it, not the budget of failures.
    Early,
    /// The wait ends with this failure.
    Final,
    /// The wait ends, for too many calls failed in a row.
    Exhausted,
    /// The wait ends: the operation was there and is no more.
    Vanished,
}

impl Verdict {
    /// The failure that ends it, after so many failed calls in a row.
    pub fn told(self, status: Status, failures: u32) -> Status {
        match self {
            Self::Exhausted if failures == 1 => status.in_context("gave up after a failed call"),
            Self::Exhausted => status.in_context(&format!("gave up after {failures} failed calls in a row")),
            Self::Vanished => status.in_context("the operation has expired or was deleted"),
            Self::Survived | Self::Early | Self::Final => status,
        }
    }
}

fn is_transient(status: &Status) -> bool {
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
