use std::{borrow::Cow, future::poll_fn, mem, pin::pin, sync::Arc, task::Poll, time::Duration};

use tokio::time::sleep;
use tracing::error;

use super::{
    open::{Open, begun},
    settings::{Settings, Setup, in_force, setup},
    step::{End, Started, Step},
};
use crate::{
    Any, LroTransport, Operation, OperationName, Pacing, Report, Status,
    rules::Age,
    telemetry::{self, About},
};

/// Polls one operation until it is done. Only this file sleeps.
///
/// A step commits its state after an await, never across one. Its future can be dropped at any await point, and the
/// next step repeats it.
pub(crate) struct Driver<'a> {
    transport: Arc<dyn LroTransport + 'a>,
    /// `None` if all settings have their defaults.
    settings: Option<Box<Settings>>,
    kind: Option<Cow<'static, str>>,
    state: State,
}

enum State {
    Open(Open),
    Ended(Box<Ended>),
}

/// Until when a wait is stepped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// A successful reply, which the caller reads.
    Snapshot,
    /// A successful reply.
    Reply,
    End,
}

/// The end of a wait, and the report at that time.
struct Ended {
    report: Report,
    end: End,
    /// Whether the end was reported as an event. That of an operation that was done at its start is reported by the first step.
    is_told: bool,
}

impl<'a> Driver<'a> {
    pub(crate) fn new(transport: Arc<dyn LroTransport + 'a>, name: OperationName) -> Self {
        let state = State::Open(Open { name, metadata: None, started: None, progress: None });
        Self { transport, settings: None, kind: None, state }
    }

    /// Creates a driver from the operation that a starting call returned.
    pub(crate) fn started(transport: Arc<dyn LroTransport + 'a>, operation: Operation) -> Self {
        let named = operation.started_name();
        let Operation { metadata, outcome, retry_after, running_error, .. } = operation;
        let report = |name: Option<OperationName>, metadata, done| Report {
            name,
            done,
            last_metadata: metadata,
            ..Report::default()
        };
        let state = match (outcome, named) {
            (Some(outcome), name) => {
                let report = report(name.ok(), metadata, true);
                State::Ended(Box::new(Ended { report, end: Ok(outcome), is_told: false }))
            }
            (None, Ok(name)) => {
                let started = Started { retry_after, running_error: running_error.map(Box::new) };
                State::Open(Open { name, metadata, started: Some(started), progress: None })
            }
            (None, Err(fault)) => {
                let report = report(None, metadata, false);
                let end = Err(fault.with_report(report.clone()));
                State::Ended(Box::new(Ended { report, end, is_told: false }))
            }
        };
        Self { transport, settings: None, kind: None, state }
    }

    /// Returns the operation as it was last seen.
    pub(crate) fn into_operation(self) -> Result<Operation, Status> {
        match self.state {
            State::Open(Open { name, metadata, started, progress }) => {
                // A poll has shown a later state than the starting call.
                let started = started.filter(|_| progress.is_none_or(|progress| progress.tally.polls == 0));
                let (running_error, retry_after) =
                    started.map(|started| (started.running_error, started.retry_after)).unwrap_or_default();
                let running_error = running_error.map(|error| *error);
                Ok(Operation { name: name.to_string(), metadata, outcome: None, running_error, retry_after })
            }
            State::Ended(ended) => {
                let Report { name, last_metadata: metadata, .. } = ended.report;
                let name = name.map_or_else(String::new, |name| name.to_string());
                Ok(Operation {
                    name,
                    metadata,
                    outcome: Some(ended.end?),
                    running_error: None,
                    retry_after: None,
                })
            }
        }
    }

    pub(crate) fn transport(&self) -> &(dyn LroTransport + 'a) {
        &*self.transport
    }

    pub(crate) fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    pub(crate) fn set_kind(&mut self, kind: Option<Cow<'static, str>>) {
        self.kind = kind;
        self.repace();
    }

    pub(crate) fn set_pacing(&mut self, pacing: Pacing) {
        self.settings_mut().pacing = Some(pacing);
        self.repace();
    }

    pub(crate) fn set_seed(&mut self, seed: u64) {
        self.settings_mut().seed = Some(seed);
        if let State::Open(Open { progress: Some(progress), .. }) = &mut self.state {
            progress.reseed(seed);
        }
    }

    /// Makes the next step replace the schedule.
    fn repace(&mut self) {
        if let State::Open(Open { progress: Some(progress), .. }) = &mut self.state {
            progress.is_outpaced = true;
        }
    }

    /// Returns the settings. Changes take effect at the next step.
    pub(crate) fn settings_mut(&mut self) -> &mut Settings {
        self.settings.get_or_insert_default()
    }

    pub(crate) fn name(&self) -> Option<&OperationName> {
        match &self.state {
            State::Open(open) => Some(&open.name),
            State::Ended(ended) => ended.report.name.as_ref(),
        }
    }

    pub(crate) fn end(&self) -> Option<&End> {
        match &self.state {
            State::Open(_) => None,
            State::Ended(ended) => Some(&ended.end),
        }
    }

    /// Returns the state and the counters of the wait so far.
    pub(crate) fn report(&self) -> Report {
        match &self.state {
            State::Open(open) => open.report(),
            State::Ended(ended) => ended.report.clone(),
        }
    }

    pub(crate) fn polls(&self) -> u32 {
        self.seen().1
    }

    /// The last metadata, the calls made, and the age at the last of them.
    pub(crate) fn seen(&self) -> (Option<&Any>, u32, Age) {
        match &self.state {
            State::Open(Open { metadata, progress, .. }) => {
                let seen = progress.as_ref().map(|progress| (progress.tally.polls, progress.elapsed));
                let (polls, elapsed) = seen.unwrap_or_default();
                (metadata.as_ref(), polls, elapsed)
            }
            State::Ended(ended) => {
                (ended.report.last_metadata.as_ref(), ended.report.polls, ended.report.elapsed)
            }
        }
    }

    /// Returns the share of the work that is done, by the last metadata. A panic of the caller's code changes no outcome.
    pub(crate) fn progress(&self) -> Option<f64> {
        let (metadata, ..) = self.seen();
        let progress = setup(&self.settings, &*self.transport, &self.kind).progress(metadata?);
        progress.unwrap_or_else(|panicked| {
            error!(%panicked, "no progress for a snapshot");
            None
        })
    }

    /// Returns the delay from the last reply to the next call. `None` if there is no next call.
    pub(crate) fn next_poll(&self) -> Option<Duration> {
        let State::Open(Open { progress: Some(progress), .. }) = &self.state else {
            return None;
        };
        Some(progress.due(in_force(&self.settings)).saturating_sub(progress.elapsed))
    }

    /// Steps until a successful reply or the end.
    pub(crate) async fn next(&mut self) -> Step {
        let step = self.step_to(Goal::Snapshot).await;
        if let State::Open(Open { progress: Some(progress), .. }) = &mut self.state {
            // The future that asked to cancel is gone. Another request to cancel is then possible.
            progress.cancelling.take_failure();
        }
        step
    }

    /// Steps until the end.
    pub(crate) async fn finish(&mut self) {
        self.step_to(Goal::End).await;
    }

    async fn step_to(&mut self, goal: Goal) -> Step {
        if self.end().is_some() {
            self.tell_end();
            return Step::Ended;
        }
        // One timer serves many steps, because a reset costs less than a new timer.
        let mut timer = pin!(sleep(Duration::ZERO));
        loop {
            match self.open(Open::sleeps_until) {
                Some(None) => {}
                Some(Some(until)) => {
                    timer.as_mut().reset(until);
                    timer.as_mut().await;
                }
                None => return Step::Ended,
            }
            let Some((ask, until)) = self.open(|open, setup| open.ask(setup, goal == Goal::Snapshot)) else {
                return Step::Ended;
            };
            timer.as_mut().reset(until);
            if ask.yields {
                yield_now().await;
            }
            let State::Open(open) = &self.state else {
                return Step::Ended;
            };
            let answer = open.answer(&*self.transport, &ask, timer.as_mut()).await;
            let step = self.open(|open, setup| open.keep(setup, ask, answer)).unwrap_or(Step::Ended);
            if step == Step::Ended || step == Step::Running && goal != Goal::End {
                return step;
            }
        }
    }

    /// Asks the server to cancel, and steps until the end.
    ///
    /// # Errors
    ///
    /// The failure of the request, if the operation is not done. The wait can then continue.
    pub(crate) async fn cancel(&mut self) -> Result<(), Status> {
        let setup = setup(&self.settings, &*self.transport, &self.kind);
        let State::Open(Open { name, started, progress, .. }) = &mut self.state else {
            return Ok(());
        };
        match begun(progress, name, setup, started.as_ref()) {
            Ok(progress) => progress.wish_cancel(),
            Err(panicked) => self.end_with(Err(panicked)),
        }
        while self.step_to(Goal::Reply).await == Step::Running {
            // The operation is still running, so the request did not fail because of its end.
            if let State::Open(Open { progress: Some(progress), .. }) = &mut self.state
                && let Some(failure) = progress.cancelling.take_failure()
            {
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Applies a change to a wait that has not ended. Returns `None` if the wait has ended or ends by the change.
    fn open<T>(&mut self, change: impl FnOnce(&mut Open, Setup<'_>) -> Result<T, End>) -> Option<T> {
        let State::Open(open) = &mut self.state else {
            return None;
        };
        let changed = change(open, setup(&self.settings, &*self.transport, &self.kind));
        changed.map_err(|end| self.end_with(end)).ok()
    }

    fn end_with(&mut self, end: End) {
        if let State::Open(open) = &mut self.state {
            if let Some(progress) = &open.progress {
                progress.meter.ended(&end, || progress.now());
                progress.trace_end(&open.name, setup(&self.settings, &*self.transport, &self.kind), &end);
            }
            let is_told = open.progress.is_some();
            let report = Report { done: end.is_ok(), ..open.report() };
            let end = end.map_err(|status| status.with_report(report.clone()));
            self.state = State::Ended(Box::new(Ended { report, end, is_told }));
            self.tell_end();
        }
    }

    /// Reports the end of a wait that has made no step, once.
    fn tell_end(&mut self) {
        let setup = setup(&self.settings, &*self.transport, &self.kind);
        if let State::Ended(ended) = &mut self.state
            && !mem::replace(&mut ended.is_told, true)
            && let Some(name) = &ended.report.name
        {
            let service = setup.transport.service();
            let (service, kind) = (service.key(), setup.kind);
            let about = About { operation: name, service, kind, polls: 0, elapsed: Age::ZERO };
            telemetry::ended(&about, setup.observer(), ended.end.as_ref());
        }
    }
}

/// Yields once to the other tasks of the thread.
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
