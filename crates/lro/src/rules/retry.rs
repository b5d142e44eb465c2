use std::time::Duration;

use super::{Age, Call, Reply, Rules, Tolerance, Trouble, tolerance::is_survivable_by_code};
use crate::{Code, Origin, Status, pacing::scaled};

/// A call that failed.
#[derive(Clone, Debug)]
pub struct FailedCall {
    /// The failure.
    pub status: Status,
    /// The times of the call.
    pub call: Call,
    /// Whether an earlier call about the operation succeeded.
    pub had_reply: bool,
}

/// What a driver does after a failed call.
#[derive(Clone, Debug, PartialEq)]
pub enum Retry {
    /// The driver makes the call again after this delay.
    After(Duration),
    /// The wait ends because the budget of consecutive failures is exhausted.
    Exhausted(Status),
    /// The wait ends with this failure.
    Final(Status),
}

impl Rules {
    /// Decides whether a failed call is made again. `chance` is uniform in `0.0..1.0`.
    ///
    /// Changes `trouble`: stores the failure as the last one, and counts it if the call is made again.
    /// The first `UNAUTHENTICATED` since the last successful reply is retried at once, whatever the budget. A second one
    /// ends the wait.
    /// Before the first successful reply, `NOT_FOUND` and `PERMISSION_DENIED` are retried within their windows.
    /// After one of them the next call is made when its window ends at the latest, whatever delay the server asks for,
    /// also if other calls fail in between.
    /// A decision of the predicate ([`Tolerance::survive_if`]) or of the transport ([`Status::with_transient`])
    /// replaces the rules by code and the windows, but not the budget.
    /// A status whose origin is a failed operation or a stopped wait is treated as a failed call.
    /// A predicate that panics ends the wait.
    pub fn retry(&self, trouble: &mut Trouble, failed: FailedCall, chance: f64) -> Retry {
        let FailedCall { status, call, had_reply } = failed;
        let status = status.of_a_call();
        trouble.keep_failed(&status);
        let decided = match self.tolerance.decided(&status) {
            Ok(decided) => decided,
            Err(panicked) => return Retry::Final(panicked),
        };
        let is_of_a_call = status.origin() == Origin::CallFailed;
        let is_not_found = is_of_a_call && status.code() == Code::NotFound;
        // The transport drops a refused credential, so that the next call carries a new one.
        let is_refusal = is_of_a_call && status.code() == Code::Unauthenticated;
        let has_window = decided.is_none() && is_of_a_call && !had_reply;
        let window = if has_window { self.tolerance.window(status.code(), call.started) } else { None };
        let (survives, counts) = match (decided, window) {
            (Some(decided), _) => (decided, call.counts),
            // The window limits these failures, not the budget.
            (None, Some(window)) => (call.ended < window, false),
            (None, None) if is_not_found => {
                return Retry::Final(status.in_context("the operation has expired or was deleted"));
            }
            // One renewal of the credential does not depend on the budget.
            (None, None) if is_refusal => (!trouble.refused_credential(), false),
            (None, None) => (is_survivable_by_code(&status), call.counts),
        };
        if !survives {
            return Retry::Final(status);
        }
        if counts && self.tolerance.failures.is_some_and(|budget| trouble.failures() >= budget) {
            return Retry::Exhausted(status.in_context(&gave_up(trouble.failures().saturating_add(1))));
        }
        let hint = self.hint(status.retry_after());
        let is_new_refusal = trouble.keep_survived(is_refusal, counts, call.counts);
        let delay =
            if is_new_refusal { Duration::ZERO } else { self.delay_after(trouble.setbacks(), chance) };
        if window.is_some() {
            trouble.keep_windowed(status.code());
        }
        let left = if had_reply { Duration::MAX } else { self.window_left(trouble, call) };
        Retry::After(delay.max(hint).min(left))
    }

    /// Returns the time until the first end of a window in which a failure was retried.
    fn window_left(&self, trouble: &Trouble, call: Call) -> Duration {
        let windows = trouble.windowed().filter_map(|code| self.tolerance.window(code, call.started));
        let left = windows.filter_map(|window| window.checked_sub(call.ended));
        left.filter(|left| !left.is_zero()).min().unwrap_or(Duration::MAX)
    }

    /// Returns the delay after `failures` consecutive failed calls. `chance` is uniform in `0.0..1.0`.
    ///
    /// `delay_after(0, chance)` equals `delay_after(1, chance)`.
    /// The delay doubles with each further failure up to the longest delay of the [`Tolerance`].
    /// `chance` scales it to between half and all of that.
    pub fn delay_after(&self, failures: u32, chance: f64) -> Duration {
        let Tolerance { first_delay, longest_delay, .. } = self.tolerance;
        let doublings = f64::from(failures.saturating_sub(1));
        // Not `clamp`, which lets NaN pass.
        let chance = if chance > 0.0 { chance.min(1.0) } else { 0.0 };
        scaled(scaled(first_delay, doublings.exp2()).min(longest_delay), 0.5 + 0.5 * chance)
    }

    /// Returns the age before which the server wants no poll after this call.
    pub(crate) fn floor(&self, call: Call, reply: &Reply) -> Age {
        call.ended.saturating_add(self.hint(reply.retry_after()))
    }

    /// Returns the delay that the server asked for, at most [`Tolerance::longest_hint`]. Zero if it asked for none.
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
