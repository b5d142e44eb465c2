use std::time::Duration;

use tokio::time::Instant;
use tracing::{Span, debug_span};

use crate::{
    Code, OperationName, Status, Tolerance,
    chance::Chance,
    pacing::{Finish, Moment, Schedule},
    poller::Settings,
    tolerance::{History, Verdict},
};

/// What has happened since a wait began; it neither sleeps nor asks.
pub(crate) struct Progress {
    pub(crate) span: Span,
    pub(crate) began: Instant,
    /// When the next call is to be made, the deadline aside.
    pub(crate) due: Instant,
    /// From the begin to the last reply.
    pub(crate) elapsed: Duration,
    pub(crate) polls: u32,
    /// The failed calls in a row.
    pub(crate) failures: u32,
    pub(crate) last_failure: Option<Status>,
    replies: u32,
    refused_credential: bool,
    finished: bool,
    /// When the last call was made, and answered.
    last_call: (Instant, Instant),
    last_running: Option<(Instant, Instant)>,
    schedule: Box<dyn Schedule>,
    chance: Chance,
}

impl Progress {
    pub(crate) fn begin(name: &OperationName, settings: &Settings) -> Self {
        let began = Instant::now();
        let mut schedule = settings.pacing.schedule();
        let first = schedule.delay(&Moment::new(Duration::ZERO, 0)).unwrap_or_default();
        let least = settings.first_poll_after.max(settings.tolerance.hint(settings.hint));
        Self {
            span: debug_span!("lro.wait", operation = %name),
            began,
            due: later(began, first.max(least)),
            elapsed: Duration::ZERO,
            polls: 0,
            failures: 0,
            last_failure: None,
            replies: 0,
            refused_credential: false,
            finished: false,
            last_call: (began, began),
            last_running: None,
            schedule,
            chance: settings.seed.map_or_else(Chance::drawn, Chance::seeded),
        }
    }

    /// When the next call is to be made: at the deadline at the latest.
    pub(crate) fn due(&self, deadline: Option<Duration>) -> Instant {
        deadline.map_or(self.due, |deadline| self.due.min(later(self.began, deadline)))
    }

    pub(crate) fn count_call(&mut self, asked: Instant, replied: Instant) {
        self.polls = self.polls.saturating_add(1);
        self.elapsed = replied - self.began;
        self.last_call = (asked, replied);
    }

    /// A good reply refills the budget of failures. Returns the delay to the next call.
    pub(crate) fn keep_running(&mut self) -> Option<Duration> {
        self.replies = self.replies.saturating_add(1);
        self.failures = 0;
        self.refused_credential = false;
        self.last_running = Some(self.last_call);
        self.schedule.delay(&Moment::new(self.elapsed, self.replies))
    }

    pub(crate) fn keep_done(&mut self) {
        self.replies = self.replies.saturating_add(1);
        self.finish(Some(self.middle(self.last_call)));
    }

    /// Returns the delay to the next call: none for the first refusal of a credential, for the next one is new.
    pub(crate) fn keep_failed(
        &mut self,
        status: &Status,
        verdict: Verdict,
        tolerance: &Tolerance,
    ) -> Duration {
        if verdict != Verdict::Early {
            self.failures = self.failures.saturating_add(1);
        }
        let hint = tolerance.hint(status.retry_after());
        if status.code() == Code::Unauthenticated && !std::mem::replace(&mut self.refused_credential, true) {
            return hint;
        }
        tolerance.delay_after(self.failures, self.chance.next()).max(hint)
    }

    pub(crate) fn history(&self) -> History {
        History {
            failures: self.failures,
            elapsed: self.elapsed,
            had_reply: self.replies > 0,
            refused_credential: self.refused_credential,
        }
    }

    /// Tells the schedule how it ended, once.
    pub(crate) fn finish(&mut self, done: Option<Duration>) {
        if !std::mem::replace(&mut self.finished, true) {
            let running = self.last_running.map_or(Duration::ZERO, |call| self.middle(call));
            self.schedule.finished(&Finish { running, done, polls: self.replies });
        }
    }

    /// Half-way between a call and its reply, since the begin.
    fn middle(&self, (asked, replied): (Instant, Instant)) -> Duration {
        asked - self.began + (replied - asked) / 2
    }
}

/// A wait that is dropped was given up.
impl Drop for Progress {
    fn drop(&mut self) {
        self.finish(None);
    }
}

pub(crate) fn later(from: Instant, delay: Duration) -> Instant {
    from.checked_add(delay).unwrap_or(from + NEVER)
}

/// Thirty years: what is farther off than a clock can tell.
const NEVER: Duration = Duration::from_secs(30 * 365 * 86_400);
