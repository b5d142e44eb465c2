use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

use super::{
    progress::Progress,
    settings::Setup,
    step::{End, Started, Step},
};
use crate::{
    Any, Attempt, LroTransport, Operation, OperationName, Report, Status,
    rules::{Age, Call, Limit, Reply, Trouble},
    telemetry,
};

/// An operation whose wait has not ended.
pub(super) struct Open {
    pub(super) name: OperationName,
    pub(super) metadata: Option<Any>,
    /// `None` for a wait by name.
    pub(super) started: Option<Started>,
    /// `None` before the first step.
    pub(super) progress: Option<Box<Progress>>,
}

/// A call that is due.
pub(super) struct Ask {
    verb: Verb,
    asked: Age,
    limit: Limit,
    attempt: Attempt,
    /// Whether the other tasks of the thread run first.
    pub(super) yields: bool,
}

enum Verb {
    Get,
    /// The server may hold the call for this long.
    Wait(Duration),
    Cancel,
}

/// A call in flight.
enum InFlight<'f> {
    State(Pin<Box<dyn Future<Output = Result<Operation, Status>> + Send + 'f>>),
    Cancel(Pin<Box<dyn Future<Output = Result<(), Status>> + Send + 'f>>),
}

/// The result of a call.
pub(super) enum Answer {
    State(Reply),
    Cancel(Result<Result<(), Status>, Limit>),
}

impl Open {
    pub(super) fn report(&self) -> Report {
        let progress = self.progress.as_deref();
        let trouble = progress.and_then(|progress| progress.trouble.as_ref());
        Report {
            name: Some(self.name.clone()),
            polls: progress.map_or(0, |progress| progress.tally.polls),
            failed_calls: trouble.map_or(0, Trouble::failed),
            elapsed: progress.map_or(Duration::ZERO, |progress| progress.elapsed),
            done: false,
            last_failure: trouble.and_then(|trouble| trouble.last_failure().cloned()),
            last_metadata: self.metadata.clone(),
            metadata_dropped: false,
        }
    }

    /// Returns until when the wait sleeps, `None` if a call is due. Begins the wait, and replaces its schedule, if
    /// necessary.
    ///
    /// # Errors
    ///
    /// The end of the wait: the caller's pacing may panic.
    pub(super) fn sleeps_until(&mut self, setup: Setup<'_>) -> Result<Option<Instant>, End> {
        let progress = begun(&mut self.progress, &self.name, setup, self.started.as_ref()).map_err(Err)?;
        if progress.is_outpaced {
            progress.repace(setup).map_err(Err)?;
        }
        let due = progress.due(setup.settings);
        // Not `now()`, which reads the clock: a sleep until an instant that has passed ends at once.
        Ok((due > progress.elapsed).then(|| progress.instant(due)))
    }

    /// Returns the call that is made now, and the instant at which it is cut. `is_watched` as in
    /// [`Progress::patience`].
    ///
    /// # Errors
    ///
    /// The end of the wait: the caller's pacing may panic.
    pub(super) fn ask(&mut self, setup: Setup<'_>, is_watched: bool) -> Result<(Ask, Instant), End> {
        let progress = begun(&mut self.progress, &self.name, setup, self.started.as_ref()).map_err(Err)?;
        let asked = progress.now();
        let (until, limit) = setup.settings.rules.limit(asked, progress.deadline(setup.settings));
        let patience = progress.patience(setup, is_watched, until.saturating_sub(asked), limit);
        let verb = match patience {
            _ if progress.cancelling.is_due() => Verb::Cancel,
            Some(patience) => Verb::Wait(patience),
            None => Verb::Get,
        };
        let until = progress.instant(until);
        // A transport that is always ready and a pacing without delay must not block the thread.
        // Each yield costs a wakeup, so that not every poll yields.
        let yields = progress.tally.polls % 32 == 31;
        Ok((Ask { verb, asked, limit, attempt: Attempt::until(until), yields }, until))
    }

    /// Makes the call, until the timer fires. A result at the same instant wins.
    pub(super) fn answer<'f>(
        &'f self,
        transport: &'f dyn LroTransport,
        ask: &'f Ask,
        mut timer: Pin<&'f mut Sleep>,
    ) -> impl Future<Output = Answer> + Send + 'f {
        let Ask { verb, attempt, limit, .. } = ask;
        let mut call = match *verb {
            Verb::Get => InFlight::State(transport.get_operation_within(&self.name, attempt)),
            Verb::Wait(patience) => {
                InFlight::State(transport.wait_operation_within(&self.name, Some(patience), attempt))
            }
            Verb::Cancel => InFlight::Cancel(transport.cancel_operation_within(&self.name, attempt)),
        };
        let span = self.progress.as_ref().map(|progress| &progress.span);
        poll_fn(move |context| {
            let answered = match span {
                Some(span) => telemetry::within(span, || call.poll(context)),
                None => call.poll(context),
            };
            match answered {
                Poll::Ready(answer) => Poll::Ready(answer),
                Poll::Pending if timer.as_mut().poll(context).is_ready() => Poll::Ready(call.cut(*limit)),
                // A call that exhausts tokio's cooperative budget makes the timer pending, although it has fired.
                Poll::Pending if timer.is_elapsed() => Poll::Ready(call.cut(*limit)),
                Poll::Pending => Poll::Pending,
            }
        })
    }

    /// Stores the result of a call.
    ///
    /// # Errors
    ///
    /// The end of the wait.
    pub(super) fn keep(&mut self, setup: Setup<'_>, ask: Ask, answer: Answer) -> Result<Step, End> {
        let Self { name, metadata, started, progress } = self;
        let progress = begun(progress, name, setup, started.as_ref()).map_err(Err)?;
        let call = progress.ended(ask.asked, setup.settings);
        match answer {
            Answer::Cancel(reply) => progress.keep_cancelled(name, setup, call, reply),
            Answer::State(reply) => {
                let call = Call { held: matches!(ask.verb, Verb::Wait(_)), ..call };
                progress.keep(name, metadata, setup, call, reply)
            }
        }
    }
}

/// Returns the state of a wait, and begins the wait if necessary.
///
/// # Errors
///
/// As [`Progress::begin`].
pub(super) fn begun<'p>(
    progress: &'p mut Option<Box<Progress>>,
    name: &OperationName,
    setup: Setup<'_>,
    started: Option<&Started>,
) -> Result<&'p mut Progress, Status> {
    match progress {
        Some(progress) => Ok(progress),
        None => Ok(progress.insert(Progress::begin(name, setup, started)?)),
    }
}

impl InFlight<'_> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Answer> {
        match self {
            Self::State(call) => call.as_mut().poll(context).map(Reply::Returned).map(Answer::State),
            Self::Cancel(call) => call.as_mut().poll(context).map(Ok).map(Answer::Cancel),
        }
    }

    fn cut(&self, limit: Limit) -> Answer {
        match self {
            Self::State(_) => Answer::State(Reply::Cut(limit)),
            Self::Cancel(_) => Answer::Cancel(Err(limit)),
        }
    }
}
