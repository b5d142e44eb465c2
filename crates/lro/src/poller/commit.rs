//! What becomes of a wait after a call; nothing is awaited here.

use tokio::time::Instant;
use tracing::debug;

use super::{Poller, Step};
use crate::{
    AtDeadline, Capabilities, Code, Operation, OperationName, Origin, Status, cancel::Cancel, limit::Limit,
    progress::later, tolerance::Verdict,
};

impl Poller<'_> {
    /// Keeps what a call for the state of the operation brought.
    #[inline]
    pub(super) fn commit(
        &mut self,
        name: &OperationName,
        asked: Instant,
        reply: Result<Result<Operation, Status>, Limit>,
    ) -> Step {
        let Some(progress) = &mut self.progress else {
            return Step::Ended;
        };
        let now = Instant::now();
        progress.count_call(asked, now);
        let step = match reply {
            Ok(Ok(operation)) => self.keep_reply(name, operation),
            Ok(Err(status)) => self.keep_failure(status, now),
            Err(Limit::Attempt(_)) => {
                self.keep_failure(Status::unanswered(self.settings.attempt_timeout), now)
            }
            Err(Limit::Deadline(_)) => return self.expire("the deadline passed during a call"),
            Err(Limit::Grace(_)) => {
                return self.expire("the deadline passed, and the last call was not answered");
            }
        };
        if step == Step::Ended || !self.is_past_deadline(now) {
            return step;
        }
        match self.expire("the deadline passed") {
            // Told, although more is to come.
            Step::Silent => step,
            other => other,
        }
    }

    /// Keeps the reply of a call that waits at the server, or does without that call from now on.
    pub(super) fn commit_wait(
        &mut self,
        name: &OperationName,
        asked: Instant,
        reply: Result<Result<Operation, Status>, Limit>,
    ) -> Step {
        let is_missing = match &reply {
            Ok(Err(status)) => Capabilities::lack_wait(status),
            // A server that does not heed the timeout of the request.
            Err(Limit::Attempt(_)) => true,
            _ => false,
        };
        if let Some(progress) = self.progress.as_mut().filter(|_| is_missing) {
            debug!(parent: &progress.span, "no call that waits; going on with get");
            progress.count_call(asked, Instant::now());
            progress.has_wait = false;
            return Step::Silent;
        }
        self.commit(name, asked, reply)
    }

    /// Keeps what the server says to the request to cancel.
    pub(super) fn commit_cancel(&mut self, asked: Instant, reply: Result<Result<(), Status>, Limit>) -> Step {
        let Some(progress) = &mut self.progress else {
            return Step::Ended;
        };
        let now = Instant::now();
        progress.count_call(asked, now);
        debug!(parent: &progress.span, poll = progress.polls, accepted = matches!(reply, Ok(Ok(()))), "cancel requested");
        let is_last = matches!(progress.cancel, Cancel::Parting);
        let refusal = match reply {
            Ok(Ok(())) if is_last => {
                return self.stop("the deadline passed, and the server was asked to cancel the operation");
            }
            Ok(Ok(())) => {
                progress.keep_accepted(self.settings.pacing(&*self.transport).schedule_of_cancelling());
                return Step::Silent;
            }
            Ok(Err(status)) => status.of_a_call(),
            Err(Limit::Attempt(_)) => Status::unanswered(self.settings.attempt_timeout),
            Err(Limit::Deadline(_)) => return self.stop("the deadline passed during the request to cancel"),
            Err(Limit::Grace(_)) => Status::unanswered(Limit::GRACE),
        };
        if is_last {
            progress.last_failure = Some(refusal);
            return self.stop("the deadline passed, and the request to cancel the operation failed");
        }
        let verdict = self.settings.tolerance.verdict(&refusal, &progress.history());
        if matches!(verdict, Verdict::Final | Verdict::Vanished) {
            progress.last_failure = Some(refusal.clone());
            progress.wish_cancel(Cancel::Refused(refusal));
            return Step::Silent;
        }
        let step = self.keep_failure(refusal, now);
        if step != Step::Ended && self.is_past_deadline(now) {
            return self.stop("the deadline passed, and the request to cancel the operation failed");
        }
        step
    }

    #[inline]
    fn keep_reply(&mut self, name: &OperationName, operation: Operation) -> Step {
        let Some(progress) = &mut self.progress else {
            return Step::Ended;
        };
        let Operation { name: replied, metadata, outcome, retry_after } = operation;
        if !replied.is_empty() && replied != name.as_str() {
            return self.fail(Status::malformed("the reply names another operation, which was not followed"));
        }
        debug!(parent: &progress.span, poll = progress.polls, done = outcome.is_some(), "operation polled");
        let is_told = metadata.is_some();
        self.metadata = metadata.or_else(|| self.metadata.take());
        if let Some(outcome) = outcome {
            progress.keep_done();
            self.end = Some(Ok(outcome));
            return Step::Ended;
        }
        progress.keep_running();
        // Old metadata would be old progress.
        let told = self.metadata.as_ref().filter(|_| is_told);
        let share = self.settings.share.as_ref().and_then(|share| (share.0)(told?));
        let Some(delay) = progress.scheduled(share) else {
            return self.stop("the pacing gave up");
        };
        progress.pause(delay, self.settings.tolerance.hint(retry_after));
        if progress.is_refused_at_deadline() {
            return self.stop("the deadline passed, and the server refused to cancel the operation");
        }
        Step::Running
    }

    fn keep_failure(&mut self, status: Status, now: Instant) -> Step {
        let Some(progress) = &mut self.progress else {
            return Step::Ended;
        };
        let status = status.of_a_call();
        let verdict = self.settings.tolerance.verdict(&status, &progress.history());
        debug!(parent: &progress.span, poll = progress.polls, code = %status.code(), ?verdict, "poll failed");
        progress.last_failure = Some(status.clone());
        if matches!(verdict, Verdict::Survived | Verdict::Early) {
            let delay = progress.keep_failed(&status, verdict, &self.settings.tolerance);
            progress.due = later(now, delay);
            return Step::Silent;
        }
        let failures = progress.failures.saturating_add(1);
        self.fail(verdict.told(status, failures))
    }

    fn is_past_deadline(&self, now: Instant) -> bool {
        let deadline = self.progress.as_ref().and_then(|progress| progress.deadline(&self.settings));
        deadline.is_some_and(|deadline| now >= deadline)
    }

    /// The deadline has passed: does what the caller chose for that.
    fn expire(&mut self, why: &str) -> Step {
        let can_cancel = self.transport.capabilities().cancel;
        let Some(progress) = self.progress.as_mut().filter(|progress| progress.extension.is_zero()) else {
            return self.stop(why);
        };
        match (self.settings.at_deadline, &progress.cancel) {
            (AtDeadline::Leave, _) => return self.stop(why),
            _ if !can_cancel => {
                return self.stop(&format!("{why}; the service has no call to cancel the operation"));
            }
            (AtDeadline::CancelAndWait(more), Cancel::Unwished) if !more.is_zero() => {
                // From now: the last call may have taken all of its grace.
                let late = progress.elapsed.saturating_sub(self.settings.deadline.unwrap_or_default());
                progress.extension = more.saturating_add(late);
                progress.wish_cancel(Cancel::Due);
            }
            (_, Cancel::Unwished) => progress.wish_cancel(Cancel::Parting),
            // Asked to cancel before.
            _ => return self.stop(why),
        }
        Step::Silent
    }

    fn stop(&mut self, why: &str) -> Step {
        let status = Status::new(Code::DeadlineExceeded, format!("stopped asking: {why}"));
        self.fail(status.with_origin(Origin::StoppedAsking))
    }

    pub(super) fn fail(&mut self, status: Status) -> Step {
        if let Some(progress) = &mut self.progress {
            progress.finish(None);
        }
        self.end = Some(Err(status.with_report(self.report())));
        Step::Ended
    }
}
