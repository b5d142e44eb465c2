use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};
use tracing::{Instrument as _, debug};

use crate::{
    Any, Code, LroTransport, Operation, OperationName, Origin, Outcome, Pacing, Report, Status, Tolerance,
    limit::Limit,
    progress::{Progress, later},
    tolerance::Verdict,
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
    /// What the server asked for when it started the operation.
    pub(crate) hint: Option<Duration>,
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
        let fault = parsed.as_ref().err().map(|fault| fault.message().to_owned());
        let settings = Box::new(Settings { hint: retry_after, ..Settings::default() });
        let mut poller = Self { transport, name: parsed.ok(), settings, progress: None, metadata, end: None };
        match (outcome, fault) {
            (Some(outcome), _) => poller.end = Some(Ok(outcome)),
            (None, Some(fault)) => {
                poller.fail(Status::malformed(format!(
                    "the operation that was started has no usable name: {fault}"
                )));
            }
            (None, None) => {}
        }
        poller
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
        Report {
            name: self.name.clone(),
            polls: self.polls(),
            elapsed: self.elapsed(),
            done: matches!(self.end, Some(Ok(_))),
            last_failure: self.progress.as_ref().and_then(|progress| progress.last_failure.clone()),
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

    /// The pause between the last reply and the next call.
    pub(crate) fn next_poll(&self) -> Option<Duration> {
        let progress = self.progress.as_ref().filter(|_| self.end.is_none())?;
        Some(
            progress.due(self.settings.deadline).saturating_duration_since(progress.began + progress.elapsed),
        )
    }

    /// Steps until a good reply or the end.
    pub(crate) async fn next(&mut self) -> Step {
        self.step_while(|step| step == Step::Failed).await
    }

    /// Steps until the end.
    pub(crate) async fn finish(&mut self) {
        self.step_while(|step| step != Step::Ended).await;
    }

    async fn step_while(&mut self, goes_on: fn(Step) -> bool) -> Step {
        if self.end.is_some() {
            return Step::Ended;
        }
        // One timer for many steps: to set it anew costs less than to make one.
        let mut timer = pin!(sleep(Duration::ZERO));
        loop {
            let step = self.step(timer.as_mut()).await;
            if !goes_on(step) {
                return step;
            }
        }
    }

    /// Sleeps until the next call is due, calls once, and keeps what came of it.
    async fn step(&mut self, mut timer: Pin<&mut Sleep>) -> Step {
        let Some(name) = self.name.clone().filter(|_| self.end.is_none()) else {
            return Step::Ended;
        };
        let progress = self.progress.get_or_insert_with(|| Box::new(Progress::begin(&name, &self.settings)));
        let due = progress.due(self.settings.deadline);
        let mut asked = Instant::now();
        if due > asked {
            timer.as_mut().reset(due);
            timer.as_mut().await;
            asked = Instant::now();
        } else if progress.polls % 32 == 31 {
            // A transport that is always ready and a pace without delay must not keep the thread.
            yield_now().await;
        }
        let deadline = self.settings.deadline.map(|deadline| later(progress.began, deadline));
        let limit = Limit::of(asked, self.settings.attempt_timeout, deadline);
        timer.as_mut().reset(limit.until());
        let call = self.transport.get_operation(&name).instrument(progress.span.clone());
        let reply = until(timer, call).await.ok_or(limit);
        self.commit(&name, asked, reply)
    }

    /// Nothing is awaited from here on.
    #[inline]
    fn commit(
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
            Ok(Ok(operation)) => self.keep_reply(name, operation, now),
            Ok(Err(status)) => self.keep_failure(status, now),
            Err(Limit::Attempt(_)) => {
                let timeout = self.settings.attempt_timeout;
                let message = format!("a call was not answered in {timeout:?}");
                self.keep_failure(Status::new(Code::DeadlineExceeded, message), now)
            }
            Err(Limit::Deadline(_)) => return self.stop("the deadline passed during a call"),
            Err(Limit::Grace(_)) => {
                return self.stop("the deadline passed, and the last call was not answered");
            }
        };
        let passed = self.settings.deadline.is_some_and(|deadline| self.elapsed() >= deadline);
        if passed && step != Step::Ended { self.stop("the deadline passed") } else { step }
    }

    #[inline]
    fn keep_reply(&mut self, name: &OperationName, operation: Operation, now: Instant) -> Step {
        let Some(progress) = &mut self.progress else {
            return Step::Ended;
        };
        let Operation { name: replied, metadata, outcome, retry_after } = operation;
        if !replied.is_empty() && replied != name.as_str() {
            return self.fail(Status::malformed("the reply names another operation, which was not followed"));
        }
        debug!(parent: &progress.span, poll = progress.polls, done = outcome.is_some(), "operation polled");
        self.metadata = metadata.or_else(|| self.metadata.take());
        if let Some(outcome) = outcome {
            progress.keep_done();
            self.end = Some(Ok(outcome));
            return Step::Ended;
        }
        let Some(delay) = progress.keep_running() else {
            return self.stop("the pacing gave up");
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
        let verdict = self.settings.tolerance.verdict(&status, &progress.history());
        debug!(parent: &progress.span, poll = progress.polls, code = %status.code(), ?verdict, "poll failed");
        progress.last_failure = Some(status.clone());
        if matches!(verdict, Verdict::Survived | Verdict::Early) {
            let delay = progress.keep_failed(&status, verdict, &self.settings.tolerance);
            progress.due = later(now, delay);
            return Step::Failed;
        }
        let failures = progress.failures.saturating_add(1);
        self.fail(match verdict {
            Verdict::Exhausted if failures == 1 => status.in_context("gave up after a failed call"),
            Verdict::Exhausted => {
                status.in_context(&format!("gave up after {failures} failed calls in a row"))
            }
            Verdict::Vanished => status.in_context("the operation has expired or was deleted"),
            Verdict::Survived | Verdict::Early | Verdict::Final => status,
        })
    }

    fn stop(&mut self, why: &str) -> Step {
        let status = Status::new(Code::DeadlineExceeded, format!("stopped asking: {why}"));
        self.fail(status.with_origin(Origin::StoppedAsking))
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
            hint: None,
        }
    }
}

/// What the call replies, or `None` once the timer has fired. A reply at that very moment counts.
async fn until<F: Future>(mut timer: Pin<&mut Sleep>, call: F) -> Option<F::Output> {
    let mut call = pin!(call);
    poll_fn(|context| {
        // The timer first: a call may use up what tokio grants a task, and must not outlive its limit by that.
        let fired = timer.as_mut().poll(context).is_ready();
        match call.as_mut().poll(context) {
            Poll::Ready(reply) => Poll::Ready(Some(reply)),
            Poll::Pending if fired => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Lets the other tasks of the thread run once.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
