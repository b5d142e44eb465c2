use std::time::Duration;

use super::{Age, Rules, Tolerance, Trouble, tolerance::is_survivable_by_code};
use crate::{Code, Origin, Status, pacing::scaled};

/// A call that failed.
#[derive(Clone, Debug)]
pub struct FailedCall {
    /// How it failed.
    pub status: Status,
    /// When it ended.
    pub age: Age,
    /// Whether any call about the operation was answered before.
    pub had_reply: bool,
    /// Whether it counts against the budget of failures.
    pub counts: bool,
}

/// What becomes of a wait after a failed call.
#[derive(Clone, Debug, PartialEq)]
pub enum Retry {
    /// The call is made again after this time.
    After(Duration),
    /// The wait ends, because too many consecutive calls failed.
    Exhausted(Status),
    /// The wait ends with this failure.
    Final(Status),
}

impl Rules {
    /// Decides about a failed call, and keeps it in `trouble`. `chance` is uniform in `0.0..1.0`.
    ///
    /// A status of a transport that is not a failed call counts as one. A predicate that panics ends the wait.
    pub fn retry(&self, trouble: &mut Trouble, call: FailedCall, chance: f64) -> Retry {
        let FailedCall { status, age, had_reply, counts } = call;
        let status = status.of_a_call();
        trouble.keep_last(&status);
        let decided = match self.tolerance.decided(&status) {
            Ok(decided) => decided,
            Err(panicked) => return Retry::Final(panicked),
        };
        let code = status.code();
        let is_not_found = status.origin() == Origin::CallFailed && code == Code::NotFound;
        // A transport drops the credential that was refused, so that the next call carries a new one.
        let is_refusal = status.origin() == Origin::CallFailed && code == Code::Unauthenticated;
        let (survives, counts) = match decided {
            Some(decided) => (decided, counts),
            None if is_not_found && had_reply => {
                return Retry::Final(status.in_context("the operation has expired or was deleted"));
            }
            // Services answer so for a while after a start: the window bounds it, not the budget.
            None if is_not_found => (age < self.tolerance.not_found_for, false),
            None if is_refusal => (!trouble.refused_credential(), counts),
            None => (is_survivable_by_code(&status), counts),
        };
        if !survives {
            return Retry::Final(status);
        }
        if counts && self.tolerance.failures.is_some_and(|budget| trouble.failures() >= budget) {
            return Retry::Exhausted(status.in_context(&gave_up(trouble.failures().saturating_add(1))));
        }
        let hint = self.hint(status.retry_after());
        let is_new_refusal = trouble.keep_survived(is_refusal, counts);
        let delay =
            if is_new_refusal { Duration::ZERO } else { self.delay_after(trouble.setbacks(), chance) };
        Retry::After(delay.max(hint))
    }

    /// Returns the delay after so many consecutive failed calls. `chance` is uniform in `0.0..1.0`.
    pub fn delay_after(&self, failures: u32, chance: f64) -> Duration {
        let Tolerance { first_delay, longest_delay, .. } = self.tolerance;
        let doublings = f64::from(failures.saturating_sub(1));
        scaled(scaled(first_delay, doublings.exp2()).min(longest_delay), 0.5 + 0.5 * chance)
    }

    /// Returns a server's wish for the next delay as far as it is heeded.
    pub fn hint(&self, wish: Option<Duration>) -> Duration {
        wish.unwrap_or_default().min(self.tolerance.longest_hint)
    }
}

fn gave_up(failures: u32) -> String {
    match failures {
        1 => "gave up after a failed call".to_owned(),
        _ => format!("gave up after {failures} failed calls in a row"),
    }
}
