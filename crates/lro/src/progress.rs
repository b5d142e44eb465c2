use std::{mem, time::Duration};

use tokio::time::Instant;
use tracing::{Span, debug_span};

use crate::{
    Code, LroTransport, OperationName, Status, Tolerance,
    cancel::Cancel,
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
    /// The failed calls in a row that count against the budget.
    pub(crate) failures: u32,
    /// All failed calls in a row.
    setbacks: u32,
    pub(crate) last_failure: Option<Status>,
    pub(crate) cancel: Cancel,
    /// What a wait for the cancelled operation adds to the deadline.
    pub(crate) extension: Duration,
    /// Whether the service is still believed to have a call that waits.
    pub(crate) has_wait: bool,
    /// Whether the last call was that.
    pub(crate) waits: bool,
    /// When the pace began, since the begin.
    paced_from: Duration,
    /// The good replies since the pace began.
    replies: u32,
    had_reply: bool,
    refused_credential: bool,
    finished: bool,
    /// When the last call was made, and answered.
    last_call: (Instant, Instant),
    last_running: Option<(Instant, Instant)>,
    schedule: Box<dyn Schedule>,
    chance: Chance,
}

impl Progress {
    pub(crate) fn begin(
        name: &OperationName,
        settings: &Settings,
        transport: &dyn LroTransport,
    ) -> Box<Self> {
        let began = Instant::now();
        let mut schedule = settings.pacing(transport).schedule();
        let first = schedule.delay(&Moment::new(Duration::ZERO, 0)).unwrap_or_default();
        let least = settings.first_poll_after.max(settings.tolerance.hint(settings.hint));
        Box::new(Self {
            span: debug_span!("lro.wait", operation = %name),
            began,
            due: later(began, first.max(least)),
            elapsed: Duration::ZERO,
            polls: 0,
            failures: 0,
            setbacks: 0,
            last_failure: None,
            cancel: Cancel::Unwished,
            extension: Duration::ZERO,
            has_wait: settings.long_poll && transport.capabilities().wait,
            waits: false,
            paced_from: Duration::ZERO,
            replies: 0,
            had_reply: false,
            refused_credential: false,
            finished: false,
            last_call: (began, began),
            last_running: None,
            schedule,
            chance: settings.seed.map_or_else(Chance::drawn, Chance::seeded),
        })
    }

    /// When the wait ends at the latest.
    pub(crate) fn deadline(&self, settings: &Settings) -> Option<Instant> {
        Some(later(self.began, settings.deadline?.saturating_add(self.extension)))
    }

    /// When the next call is to be made: at the deadline at the latest.
    pub(crate) fn due(&self, settings: &Settings) -> Instant {
        self.deadline(settings).map_or(self.due, |deadline| self.due.min(deadline))
    }

    /// The server is to be asked to cancel, now.
    pub(crate) fn wish_cancel(&mut self, how: Cancel) {
        self.cancel = how;
        self.due = Instant::now();
    }

    /// The server will cancel: the pace begins anew, for that takes another time than the work.
    pub(crate) fn keep_accepted(&mut self, schedule: Box<dyn Schedule>) {
        // To the old schedule the operation was given up: how long it would have taken is not known.
        self.finish(None);
        self.cancel = Cancel::Accepted;
        self.schedule = schedule;
        self.paced_from = self.elapsed;
        self.replies = 0;
        self.refill();
        self.due = Instant::now();
    }

    pub(crate) fn count_call(&mut self, asked: Instant, replied: Instant) {
        self.polls = self.polls.saturating_add(1);
        self.elapsed = replied - self.began;
        self.last_call = (asked, replied);
    }

    /// Sets the pause after a good reply; `hint` is the server's wish, a floor under it.
    ///
    /// The time that the server kept the call waiting is part of the pause, but there is no hot loop.
    pub(crate) fn pause(&mut self, delay: Duration, hint: Duration) {
        let (asked, replied) = self.last_call;
        self.due = if self.waits {
            later(asked, delay.max(LEAST_GAP)).max(later(replied, hint))
        } else {
            later(replied, delay.max(hint))
        };
    }

    /// The status by which the server refused to cancel, once.
    pub(crate) fn take_refusal(&mut self) -> Option<Status> {
        match mem::replace(&mut self.cancel, Cancel::Unwished) {
            Cancel::Refused(status) => Some(status),
            other => {
                self.cancel = other;
                None
            }
        }
    }

    /// Whether the server may keep the next call waiting: not where it is to tell why it refused to cancel, nor after a
    /// failed call, for a proxy may cut each that takes long.
    pub(crate) fn may_wait(&self) -> bool {
        self.has_wait && self.setbacks == 0 && !matches!(self.cancel, Cancel::Refused(_))
    }

    pub(crate) fn is_refused_at_deadline(&self) -> bool {
        matches!(self.cancel, Cancel::Refused(_)) && !self.extension.is_zero()
    }

    /// The operation was seen running.
    pub(crate) fn keep_running(&mut self) {
        self.replies = self.replies.saturating_add(1);
        self.last_running = Some(self.last_call);
        self.refill();
    }

    /// Asks the schedule for the delay to the next call, `None` to give up; `share` is what the reply tells of the work
    /// done.
    pub(crate) fn scheduled(&mut self, share: Option<f64>) -> Option<Duration> {
        let (asked, replied) = self.last_call;
        let moment = Moment::new(self.elapsed - self.paced_from, self.replies);
        // A call that waits tells nothing of the way.
        let round_trip = if self.waits { Duration::ZERO } else { replied - asked };
        self.schedule.delay(&moment.with_round_trip(round_trip).with_progress(share))
    }

    /// A good reply, whatever it says, refills the budget of failures.
    fn refill(&mut self) {
        self.had_reply = true;
        self.failures = 0;
        self.setbacks = 0;
        self.refused_credential = false;
    }

    /// The operation was seen done.
    pub(crate) fn keep_done(&mut self) {
        self.replies = self.replies.saturating_add(1);
        self.finish(Some(self.middle(self.last_call)));
    }

    /// Counts a failed call. Returns the delay to the next one: none for the first refusal of a credential, for the
    /// next one is new.
    pub(crate) fn keep_failed(
        &mut self,
        status: &Status,
        verdict: Verdict,
        tolerance: &Tolerance,
    ) -> Duration {
        self.setbacks = self.setbacks.saturating_add(1);
        if verdict != Verdict::Early {
            self.failures = self.failures.saturating_add(1);
        }
        let hint = tolerance.hint(status.retry_after());
        if status.code() == Code::Unauthenticated && !mem::replace(&mut self.refused_credential, true) {
            return hint;
        }
        tolerance.delay_after(self.setbacks, self.chance.next()).max(hint)
    }

    pub(crate) fn history(&self) -> History {
        History {
            failures: self.failures,
            elapsed: self.elapsed,
            had_reply: self.had_reply,
            refused_credential: self.refused_credential,
        }
    }

    /// Tells the schedule how it ended, once.
    pub(crate) fn finish(&mut self, done: Option<Duration>) {
        if !mem::replace(&mut self.finished, true) {
            let running = self.last_running.map_or(Duration::ZERO, |call| self.middle(call));
            self.schedule.finished(&Finish { running, done, polls: self.replies });
        }
    }

    /// Half-way between a call and its reply, since the begin; a call that waits is answered when the server looks.
    fn middle(&self, (asked, replied): (Instant, Instant)) -> Duration {
        if self.waits {
            return replied - self.began;
        }
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
    from.checked_add(delay).unwrap_or_else(|| from + NEVER)
}

/// Thirty years: what is farther off than a clock can tell.
const NEVER: Duration = Duration::from_secs(30 * 365 * 86_400);

/// From one call that waits to the next, if the server lets it return at once.
const LEAST_GAP: Duration = Duration::from_millis(100);
