mod commit;

use std::{
    fmt,
    future::{Future, poll_fn},
    mem,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};
use tracing::Instrument as _;

use crate::{
    Any, AtDeadline, LroTransport, Operation, OperationName, Outcome, Pacing, Report, Status, Tolerance,
    cancel::Cancel, limit::Limit, progress::Progress,
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
    /// `None` leaves it to the transport, or to the default.
    pub(crate) pacing: Option<Pacing>,
    /// What the operations of this response type are called by a pacing that learns.
    pub(crate) kind: &'static str,
    pub(crate) share: Option<Share>,
    pub(crate) tolerance: Tolerance,
    pub(crate) deadline: Option<Duration>,
    pub(crate) at_deadline: AtDeadline,
    pub(crate) attempt_timeout: Duration,
    pub(crate) long_poll: bool,
    pub(crate) first_poll_after: Duration,
    pub(crate) seed: Option<u64>,
    /// What the server asked for when it started the operation.
    pub(crate) hint: Option<Duration>,
}

/// Reads the share of the work that is done, from 0 to 1, out of the metadata.
#[derive(Clone)]
pub(crate) struct Share(pub(crate) Arc<ShareOf>);

type ShareOf = dyn Fn(&Any) -> Option<f64> + Send + Sync;

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Share")
    }
}

/// What one step brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A good reply: the operation is running.
    Running,
    /// Nothing to tell: a failed call that is survived, or a request to cancel.
    Silent,
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
        Some(progress.due(&self.settings).saturating_duration_since(progress.began + progress.elapsed))
    }

    /// Steps until a good reply or the end.
    pub(crate) async fn next(&mut self) -> Step {
        let step = self.step_while(is_silent).await;
        if let Some(progress) = &mut self.progress {
            // Who asked to cancel does not listen any more, and may ask again.
            progress.take_refusal();
        }
        step
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

    /// Asks the server to cancel, and steps until the end.
    ///
    /// Returns the status by which the server refused an operation that is not done; then the wait may go on.
    pub(crate) async fn cancel(&mut self) -> Result<(), Status> {
        if let (Some(name), None) = (&self.name, &self.end) {
            let progress =
                self.progress.get_or_insert_with(|| Progress::begin(name, &self.settings, &*self.transport));
            if matches!(progress.cancel, Cancel::Unwished) {
                progress.wish_cancel(Cancel::Due);
            }
        }
        while self.step_while(is_silent).await == Step::Running {
            // A good reply tells that the refusal was in earnest.
            let refused = self.progress.as_mut().and_then(|progress| progress.take_refusal());
            if let Some(status) = refused {
                return Err(status);
            }
        }
        Ok(())
    }

    /// Sleeps until the next call is due, calls once, and keeps what came of it.
    async fn step(&mut self, mut timer: Pin<&mut Sleep>) -> Step {
        let Some(name) = self.name.clone().filter(|_| self.end.is_none()) else {
            return Step::Ended;
        };
        let progress =
            self.progress.get_or_insert_with(|| Progress::begin(&name, &self.settings, &*self.transport));
        let due = progress.due(&self.settings);
        let mut asked = Instant::now();
        if due > asked {
            timer.as_mut().reset(due);
            timer.as_mut().await;
            asked = Instant::now();
        } else if progress.polls % 32 == 31 {
            // A transport that is always ready and a pace without delay must not keep the thread.
            yield_now().await;
        }
        let limit = Limit::of(asked, self.settings.attempt_timeout, progress.deadline(&self.settings));
        timer.as_mut().reset(limit.until());
        let span = progress.span.clone();
        if progress.cancel.is_to_be_sent() {
            let call = self.transport.cancel_operation(&name).instrument(span);
            let reply = until(timer, call).await.ok_or(limit);
            return self.commit_cancel(asked, reply);
        }
        let patience = if progress.may_wait() { limit.patience(asked) } else { None };
        let call = match patience {
            Some(patience) => self.transport.wait_operation(&name, Some(patience)),
            None => self.transport.get_operation(&name),
        };
        let reply = until(timer, call.instrument(span)).await.ok_or(limit);
        if let Some(progress) = &mut self.progress {
            progress.waits = patience.is_some();
        }
        match patience {
            Some(_) => self.commit_wait(&name, asked, reply),
            None => self.commit(&name, asked, reply),
        }
    }
}

impl Settings {
    pub(crate) fn pacing(&self, transport: &dyn LroTransport) -> Pacing {
        let learned = || Some(transport.learned()?.pacing(format!("{}/{}", transport.service(), self.kind)));
        self.pacing.clone().or_else(learned).unwrap_or_default()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pacing: None,
            kind: "",
            share: None,
            tolerance: Tolerance::default(),
            deadline: None,
            at_deadline: AtDeadline::default(),
            attempt_timeout: Duration::from_secs(30),
            long_poll: true,
            first_poll_after: Duration::ZERO,
            seed: None,
            hint: None,
        }
    }
}

fn is_silent(step: Step) -> bool {
    step == Step::Silent
}

/// What the call replies, or `None` once the timer has fired. A reply at that very moment counts.
async fn until<F: Future>(mut timer: Pin<&mut Sleep>, call: F) -> Option<F::Output> {
    let mut call = pin!(call);
    poll_fn(|context| match call.as_mut().poll(context) {
        Poll::Ready(reply) => Poll::Ready(Some(reply)),
        Poll::Pending if timer.as_mut().poll(context).is_ready() => Poll::Ready(None),
        // A call that uses up what tokio grants a task keeps the timer from being polled, not from firing.
        Poll::Pending if timer.is_elapsed() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// Lets the other tasks of the thread run once.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
