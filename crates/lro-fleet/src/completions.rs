use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{Stream, StreamExt};
use lro::{OperationName, Outcome, Report, Response, Status};

use crate::{book::End, shared::Hold, state::State};

/// A stream of the outcomes of registered operations. From [`Fleet::completions`](crate::Fleet::completions).
///
/// After [`Fleet::drain`](crate::Fleet::drain) it ends with the last outcome. After a shutdown it ends when all outcomes are
/// taken.
#[must_use = "completions that are not taken stop the polls in the end"]
pub struct Completions(Listener);

/// An entry among the wakers of the tasks that wait for completions. Dropping it removes the entry.
pub(crate) struct Listener {
    hold: Arc<Hold>,
    number: usize,
}

/// The end of the wait for a registered operation, with its outcome as `R`.
#[derive(Clone, Debug)]
pub struct Completion<R = Outcome> {
    name: OperationName,
    kind: Arc<str>,
    tag: Option<String>,
    result: Result<R, Status>,
    report: Report,
}

/// The parts of a completion, as they are taken with the lock held.
pub(crate) struct Taken {
    pub(crate) name: OperationName,
    pub(crate) kind: Arc<str>,
    pub(crate) tag: Option<String>,
    pub(crate) end: End,
    pub(crate) report: Report,
}

impl Completions {
    pub(crate) fn new(hold: Arc<Hold>) -> Self {
        Self(Listener::new(hold))
    }

    /// Returns a stream whose responses are decoded as `R`, for a fleet whose operations have one type of response.
    pub fn decode<R: Response>(self) -> impl Stream<Item = Completion<R>> + Send + Unpin {
        self.map(Completion::decoded)
    }
}

impl Stream for Completions {
    type Item = Completion;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Completion>> {
        let taken = self.0.poll(context, |state| match state.take_completion() {
            Some(taken) => Some(Some(taken)),
            None => state.is_drained().then_some(None),
        });
        taken.map(|taken| taken.map(Taken::completion))
    }
}

/// The state of a fleet is large, and its lock must not be held while the caller's code prints itself.
impl fmt::Debug for Completions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completions").finish_non_exhaustive()
    }
}

impl Listener {
    pub(crate) fn new(hold: Arc<Hold>) -> Self {
        let number = hold.0.with(State::enlist);
        Self { hold, number }
    }

    /// Returns what `take` returns. If that is `None`, the task is woken when there may be something.
    pub(crate) fn poll<T>(
        &self,
        context: &Context<'_>,
        take: impl FnOnce(&mut State) -> Option<T>,
    ) -> Poll<T> {
        // Cloned without the lock: a waker is code of the caller.
        let waker = context.waker().clone();
        self.hold.0.with(|state| match take(state) {
            Some(taken) => {
                state.discard(waker);
                Poll::Ready(taken)
            }
            None => {
                state.listen(self.number, waker);
                Poll::Pending
            }
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.hold.0.with(|state| state.delist(self.number));
    }
}

impl<R> Completion<R> {
    /// Returns the operation's name.
    pub fn name(&self) -> &OperationName {
        &self.name
    }

    /// Returns the kind of the operation, which selects the type of its response.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Returns the [tag](crate::Registration::tag) of the registration.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// Returns the outcome: the response, the error of the operation, or why the wait ended before the operation did.
    pub fn outcome(&self) -> Result<&R, &Status> {
        self.result.as_ref()
    }

    /// Returns the outcome by value.
    ///
    /// # Errors
    ///
    /// As [`poll_until_done`](lro::poll_until_done).
    pub fn into_outcome(self) -> Result<R, Status> {
        self.result
    }

    /// Returns what the fleet knew of the operation when the wait ended.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

impl Taken {
    /// Returns the completion. If others wait for the operation too, its response is copied, so the lock must not be held.
    fn completion(self) -> Completion {
        let Self { name, kind, tag, end, report } = self;
        let result = Arc::unwrap_or_clone(end).map_err(|status| status.with_report(report.clone()));
        Completion { name, kind, tag, result, report }
    }
}

impl Completion {
    /// Returns the response, decoded as `R`.
    ///
    /// # Errors
    ///
    /// As [`poll_until_done`](lro::poll_until_done).
    pub fn decode<R: Response>(&self) -> Result<R, Status> {
        decode(&self.result, &self.report)
    }

    /// Returns the completion with its response decoded as `R`.
    pub fn decoded<R: Response>(self) -> Completion<R> {
        let result = self.decode();
        let Self { name, kind, tag, report, .. } = self;
        Completion { name, kind, tag, result, report }
    }
}

/// Decodes the response in the end of a wait as `R`.
pub(crate) fn decode<R: Response>(end: &Result<Outcome, Status>, report: &Report) -> Result<R, Status> {
    let decoded = end.as_ref().map_err(Status::clone).and_then(Outcome::decode);
    decoded.map_err(|status| status.with_report(report.clone()))
}
