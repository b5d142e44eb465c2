use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::{Instrument as _, Span, debug, debug_span};

use crate::{
    Any, Code, LroTransport, Operation, OperationName, Origin, Outcome, Report, Status, Tolerance,
    chance::Chance,
    pacing::{Finish, Moment, Pacing, Schedule},
    tolerance::{History, Verdict},
};

/// Asks for one operation until it is done; the only place that sleeps.
///
/// All state is committed after an await, never across one, so a step can be dropped anywhere and taken again.
pub(crate) struct Poller<'a> {
    transport: Arc<dyn LroTransport + 'a>,
    name: Option<OperationName>,
    settings: Box<Settings>,
    progress: Option<Box<Progress>>,
    metadata: Option<Any>,
    end: Option<Result<Outcome, Status>>,
}

/// How to wait, as the caller chose.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) pacing: Pacing,
    pub(crate) tolerance: Tolerance,
    pub(crate) deadline: Option<Duration>,
    pub(crate) attempt_timeout: Duration,
    pub(crate) first_poll_after: Duration,
    pub(crate) seed: Option<u64>,
}

/// What has happened since the wait began.
struct Progress {
    span: Span,
    began: Instant,
    due: Instant,
    elapsed: Duration,
    polls: u32,
    replies: u32,
    failures: u32,
    refused_credential: bool,
    finished: bool,
    last_running: Duration,
    last_failure: Option<Status>,
    schedule: Box<dyn Schedule>,
    chance: Chance,
}

/// What one step brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A good reply: the operation is running.
    Running,
    /// A failed call that is survived.
    Failed,
    /// The end; nothing is asked any more.
    Ended,
}

impl<'a> Poller<'a> {
    pub(crate) fn new(transport: Arc<dyn LroTransport + 'a>, name: OperationName) -> Self {
        let settings = Box::default();
        Self { transport, name: Some(name), settings, progress: None, metadata: None, end: None }
    }

    /// Begins with a state that a starting call returned.
    pub(crate) fn started(transport: Arc<dyn LroTransport + 'a>, operation: Operation) -> Self {
        let Operation { name, metadata, outcome, retry_after } = operation;
        let parsed = OperationName::parse(&name);
        let end = match (outcome, &parsed) {
            (Some(outcome), _) => Some(Ok(outcome)),
            (None, Ok(_)) => None,
            (None, Err(fault)) => Some(Err(Status::malformed(format!(
                "the operation that was started has no usable name: {fault}"
            )))),
        };
        let settings =
            Box::new(Settings { first_poll_after: retry_after.unwrap_or_default(), ..Settings::default() });
        Self { transport, name: parsed.ok(), settings, progress: None, metadata, end }
    }

    pub(crate) fn transport(&self) -> &(dyn LroTransport + 'a) {
        &*self.transport
    }

    pub(crate) fn name(&self) -> Option<&OperationName> {
        self.name.as_ref()
    }

    pub(crate) fn settings(&mut self) -> &mut Settings {
        &mut self.settings
    }

    pub(crate) fn metadata(&self) -> Option<&Any> {
        self.metadata.as_ref()
    }

    pub(crate) fn end(&self) -> Option<&Result<Outcome, Status>> {
        self.end.as_ref()
    }

    /// What is known so far.
    pub(crate) fn report(&self) -> Report {
        let progress = self.progress.as_deref();
        Report {
            name: self.name.clone(),
            polls: self.polls(),
            elapsed: progress.map_or(Duration::ZERO, |progress| progress.elapsed),
            done: matches!(self.end, Some(Ok(_))),
            last_failure: progress.and_then(|progress| progress.last_failure.clone()),
            last_metadata: self.metadata.clone(),
        }
    }

    pub(crate) fn polls(&self) -> u32 {
        self.progress.as_ref().map_or(0, |progress| progress.polls)
    }

    /// The time from the begin of the wait to the last reply.
    pub(crate) fn elapsed(&self) -> Duration {
        self.progress.as_ref().map_or(Duration::ZERO, |progress| progress.elapsed)
    }

    /// The delay between the last reply and the next call.
    pub(crate) fn next_poll(&self) -> Option<Duration> {
        let progress = self.progress.as_ref().filter(|_| self.end.is_none())?;
        Some(progress.due.saturating_duration_since(progress.began + progress.elapsed))
    }

    /// Sleeps until the next call is due, calls once, and keeps what came of it.
    pub(crate) async fn step(&mut self) -> Step {
        let Some(name) = self.name.clone().filter(|_| self.end.is_none()) else {
            return Step::Ended;
        };
        let progress = self.progress.get_or_insert_with(|| Box::new(Progress::begin(&name, &self.settings)));
        let deadline = self.settings.deadline.map(|deadline| later(progress.began, deadline));
        let span = progress.span.clone();
        sleep_until(earliest(progress.due, deadline)).await;

        let patience = self.patience(Instant::now(), deadline);
        let call = self.transport.get_operation(&name).instrument(span);
        let reply = timeout_at(patience.until, call).await.unwrap_or_else(|_| Err(patience.ran_out));
        self.commit(&name, reply, deadline)
    }

    /// How long the call that begins now may take.
    fn patience(&self, now: Instant, deadline: Option<Instant>) -> Patience {
        let attempt = self.settings.attempt_timeout;
        let until = later(now, attempt);
        match deadline {
            // The deadline passed with no call in flight: this is the last one.
            Some(deadline) if deadline <= now => Patience {
                until: later(now, attempt.min(GRACE)),
                ran_out: Status::new(Code::DeadlineExceeded, "the last call was not answered in time"),
            },
            Some(deadline) if deadline < until => Patience {
                until: deadline,
                ran_out: Status::new(Code::DeadlineExceeded, "the deadline passed during a call"),
            },
            _ => Patience {
                until,
                ran_out: Status::new(
                    Code::DeadlineExceeded,
                    format!("a call was not answered in {attempt:?}"),
                ),
            },
        }
    }

    /// Nothing is awaited from here on.
    fn commit(
        &mut self,
        name: &OperationName,
        reply: Result<Operation, Status>,
        deadline: Option<Instant>,
    ) -> Step {
        let Some(progress) = &mut self.progress else {
            return Step::Ended;
        };
        let now = Instant::now();
        progress.elapsed = now - progress.began;
        progress.polls = progress.polls.saturating_add(1);
        let step = match reply {
            Ok(operation) => self.keep_reply(name, operation, now),
            Err(status) => self.keep_failure(status, now),
        };
        if step != Step::Ended && deadline.is_some_and(|deadline| deadline <= now) {
            return self.stop(Code::DeadlineExceeded, "the deadline passed");
        }
        step
    }

    fn keep_reply(&mut self, name: &OperationName, operation: Operation, now: Instant) -> Step {
        let Some(progress) = &mut self.progress else {
            return Step::Ended;
        };
        let Operation { name: replied, metadata, outcome, retry_after } = operation;
        if !replied.is_empty() && replied != name.as_str() {
            return self.fail(Status::malformed("the reply names another operation, which was not followed"));
        }
        progress.keep_reply();
        debug!(parent: &progress.span, poll = progress.polls, done = outcome.is_some(), "operation polled");
        self.metadata = metadata.or_else(|| self.metadata.take());
        if let Some(outcome) = outcome {
            progress.finish(Some(progress.elapsed));
            self.end = Some(Ok(outcome));
            return Step::Ended;
        }
        progress.last_running = progress.elapsed;
        let moment = Moment::new(progress.elapsed, progress.replies);
        let Some(delay) = progress.schedule.delay(&moment) else {
            return self.stop(Code::DeadlineExceeded, "the pacing gave up");
        };
        progress.due = later(now, delay.max(self.settings.tolerance.hint(retry_after)));
        Step::Running
    }

    fn keep_failure(&mut self, status: Status, now: Instant) -> Step {
        let Some(progress) = &mut self.progress else {
            return Step::Ended;
        };
        // Only a reply can tell that the operation failed, and only we can tell that we stopped.
        let status = match status.origin() {
            Origin::OperationFailed | Origin::StoppedAsking => status.with_origin(Origin::CallFailed),
            Origin::CallFailed | Origin::MalformedReply => status,
        };
        let tolerance = &self.settings.tolerance;
        progress.failures = progress.failures.saturating_add(1);
        let verdict = tolerance.verdict(&status, &progress.history());
        debug!(parent: &progress.span, poll = progress.polls, code = %status.code(), ?verdict, "poll failed");
        if verdict == Verdict::Survived {
            let delay = progress.delay_after(&status, tolerance);
            progress.due = later(now, delay);
            progress.refused_credential |= status.code() == Code::Unauthenticated;
            progress.last_failure = Some(status);
            return Step::Failed;
        }
        progress.last_failure = Some(status.clone());
        let failures = progress.failures;
        self.fail(match verdict {
            Verdict::Exhausted => {
                status.in_context(&format!("gave up after {failures} failed calls in a row"))
            }
            Verdict::Vanished => status.in_context("the operation has expired or was deleted"),
            Verdict::Survived | Verdict::Final => status,
        })
    }

    fn stop(&mut self, code: Code, why: &str) -> Step {
        self.fail(Status::new(code, format!("stopped asking: {why}")).with_origin(Origin::StoppedAsking))
    }

    fn fail(&mut self, status: Status) -> Step {
        if let Some(progress) = &mut self.progress {
            progress.finish(None);
        }
        self.end = Some(Err(status.with_report(self.report())));
        Step::Ended
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pacing: Pacing::default(),
            tolerance: Tolerance::default(),
            deadline: None,
            attempt_timeout: Duration::from_secs(30),
            first_poll_after: Duration::ZERO,
            seed: None,
        }
    }
}

struct Patience {
    until: Instant,
    ran_out: Status,
}

impl Progress {
    fn begin(name: &OperationName, settings: &Settings) -> Self {
        let began = Instant::now();
        let mut schedule = settings.pacing.schedule();
        let first = schedule.delay(&Moment::new(Duration::ZERO, 0)).unwrap_or_default();
        Self {
            span: debug_span!("lro.wait", operation = %name),
            began,
            due: later(began, first.max(settings.first_poll_after)),
            elapsed: Duration::ZERO,
            polls: 0,
            replies: 0,
            failures: 0,
            refused_credential: false,
            finished: false,
            last_running: Duration::ZERO,
            last_failure: None,
            schedule,
            chance: settings.seed.map_or_else(Chance::drawn, Chance::seeded),
        }
    }

    /// A good reply refills the budget of failures.
    fn keep_reply(&mut self) {
        self.replies = self.replies.saturating_add(1);
        self.failures = 0;
        self.refused_credential = false;
    }

    fn history(&self) -> History {
        History {
            failures: self.failures,
            elapsed: self.elapsed,
            had_reply: self.replies > 0,
            refused_credential: self.refused_credential,
        }
    }

    /// A credential is refreshed at once; else the delay grows with the failures.
    fn delay_after(&mut self, status: &Status, tolerance: &Tolerance) -> Duration {
        let hint = tolerance.hint(status.retry_after());
        match status.code() {
            Code::Unauthenticated => hint,
            _ => tolerance.delay_after(self.failures, self.chance.next()).max(hint),
        }
    }

    fn finish(&mut self, done: Option<Duration>) {
        if !std::mem::replace(&mut self.finished, true) {
            self.schedule.finished(&Finish { running: self.last_running, done, polls: self.replies });
        }
    }
}

/// A wait that is dropped was given up.
impl Drop for Progress {
    fn drop(&mut self) {
        self.finish(None);
    }
}

fn later(from: Instant, delay: Duration) -> Instant {
    from.checked_add(delay).unwrap_or(from + NEVER)
}

fn earliest(due: Instant, deadline: Option<Instant>) -> Instant {
    deadline.map_or(due, |deadline| deadline.min(due))
}

/// The time that the last call gets when the deadline has passed.
const GRACE: Duration = Duration::from_secs(2);
/// Thirty years: what is farther off than a clock can tell.
const NEVER: Duration = Duration::from_secs(30 * 365 * 86_400);
