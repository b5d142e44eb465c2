use std::{
    future::{Future, poll_fn},
    mem,
    pin::Pin,
    task::Poll,
    time::Duration,
};

use tokio::time::Sleep;
use tracing::Span;

use super::{
    progress::{End, Progress, Started, Step},
    settings::Setup,
};
use crate::{
    Any, Attempt, OperationName, Report, Status,
    rules::{Call, Reply},
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

impl Open {
    pub(super) fn report(&self) -> Report {
        let progress = self.progress.as_deref();
        let trouble = progress.and_then(|progress| progress.trouble.as_ref());
        Report {
            name: Some(self.name.clone()),
            polls: progress.map_or(0, |progress| progress.tally.polls),
            elapsed: progress.map_or(Duration::ZERO, |progress| progress.elapsed),
            done: false,
            last_failure: trouble.and_then(|trouble| trouble.last_failure().cloned()),
            last_metadata: self.metadata.clone(),
        }
    }

    /// Sleeps until the next call is due, makes the call, and stores its result.
    pub(super) async fn step(&mut self, setup: Setup<'_>, mut timer: Pin<&mut Sleep>) -> Result<Step, End> {
        let Self { name, metadata, started, progress } = self;
        let progress = begun(progress, name, setup, *started).map_err(Err)?;
        if progress.is_outpaced {
            progress.repace(setup).map_err(Err)?;
        }
        let Setup { settings, transport, .. } = setup;
        let due = progress.due(settings);
        let mut asked = progress.now();
        if due > asked {
            timer.as_mut().reset(progress.instant(due));
            timer.as_mut().await;
            asked = progress.now();
        } else if progress.tally.polls % 32 == 31 {
            // A transport that is always ready and a pacing without delay must not block the thread.
            // Each yield costs a wakeup, so that not every poll yields.
            yield_now().await;
        }
        let (until, limit) = settings.rules.limit(asked, progress.deadline(settings));
        timer.as_mut().reset(progress.instant(until));
        let attempt = Attempt::until(progress.instant(until));
        if progress.cancelling.is_due() {
            let asking = transport.cancel_operation_within(name, &attempt);
            let reply = answer(timer, asking, &progress.span).await;
            let call = progress.ended(asked, settings);
            return progress.keep_cancelled(setup, call, reply.ok_or(limit));
        }
        let patience =
            if progress.may_hold(setup) { limit.patience(until.saturating_sub(asked)) } else { None };
        let held = patience.is_some();
        let asking = match patience {
            Some(patience) => transport.wait_operation_within(name, Some(patience), &attempt),
            None => transport.get_operation_within(name, &attempt),
        };
        let reply = answer(timer, asking, &progress.span).await;
        let reply = reply.map_or(Reply::Cut(limit), Reply::Returned);
        let call = Call { held, ..progress.ended(asked, settings) };
        progress.keep(name, metadata, setup, call, reply)
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
    started: Option<Started>,
) -> Result<&'p mut Progress, Status> {
    match progress {
        Some(progress) => Ok(progress),
        None => Ok(progress.insert(Progress::begin(name, setup, started)?)),
    }
}

/// Returns the result of the call, or `None` if the timer fires first. A result at the same instant wins.
fn answer<'f, T>(
    mut timer: Pin<&'f mut Sleep>,
    mut call: Pin<Box<dyn Future<Output = T> + Send + 'f>>,
    span: &'f Span,
) -> impl Future<Output = Option<T>> + Send + 'f
where
    T: 'f,
{
    poll_fn(move |context| match span.in_scope(|| call.as_mut().poll(context)) {
        Poll::Ready(reply) => Poll::Ready(Some(reply)),
        Poll::Pending if timer.as_mut().poll(context).is_ready() => Poll::Ready(None),
        // A call that exhausts tokio's cooperative budget makes the timer pending, although it has fired.
        Poll::Pending if timer.is_elapsed() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
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
