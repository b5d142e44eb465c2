use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{Stream, StreamExt};
use lro::{OperationName, Outcome, Report, Status};
use serde::de::DeserializeOwned;

use crate::{shared::Hold, state::State};

/// The outcomes of registered operations, as they come: from [`Fleet::completions`](crate::Fleet::completions).
///
/// The stream ends after [`Fleet::drain`](crate::Fleet::drain) with the last outcome, and after a shutdown once all outcomes are
/// taken.
#[must_use = "completions that are not taken stop the asking in the end"]
pub struct Completions(Listener);

/// A place among the tasks that are woken when there is a completion, given back when it is dropped.
pub(crate) struct Listener {
    hold: Arc<Hold>,
    number: usize,
}

/// How the wait for a registered operation ended, with its outcome as `R`.
#[derive(Clone, Debug)]
pub struct Completion<R = Outcome> {
    name: OperationName,
    kind: Arc<str>,
    tag: Option<String>,
    result: Result<R, Status>,
    report: Report,
}

impl Completions {
    pub(crate) fn new(hold: Arc<Hold>) -> Self {
        Self(Listener::new(hold))
    }

    /// Decodes the responses as `R`, for a fleet whose operations have one type of response.
    pub fn decode<R: DeserializeOwned>(self) -> impl Stream<Item = Completion<R>> + Send + Unpin {
        self.map(Completion::decoded)
    }
}

impl Stream for Completions {
    type Item = Completion;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Completion>> {
        self.0.poll(context, |state| match state.take_completion() {
            Some(completion) => Some(Some(completion)),
            None => state.is_drained().then_some(None),
        })
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

    /// Takes what there is to take. Otherwise the task is woken when there may be something.
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

    /// Returns the outcome: of the operation if it is `Ok`, otherwise why the wait ended before.
    pub fn outcome(&self) -> Result<&R, &Status> {
        self.result.as_ref()
    }

    /// Returns the outcome as [`outcome`](Self::outcome) does, by value.
    ///
    /// # Errors
    ///
    /// As [`poll_until_done`](lro::poll_until_done).
    pub fn into_outcome(self) -> Result<R, Status> {
        self.result
    }

    /// Returns what was known of the operation.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

impl Completion {
    pub(crate) fn new(
        name: OperationName,
        kind: Arc<str>,
        tag: Option<String>,
        end: &Result<Outcome, Status>,
        report: Report,
    ) -> Self {
        let result = end.clone().map_err(|status| status.with_report(report.clone()));
        Self { name, kind, tag, result, report }
    }

    /// Returns the response, decoded as `R`.
    ///
    /// # Errors
    ///
    /// As [`poll_until_done`](lro::poll_until_done).
    pub fn decode<R: DeserializeOwned>(&self) -> Result<R, Status> {
        decode(&self.result, &self.report)
    }

    /// Decodes the response as `R`.
    pub fn decoded<R: DeserializeOwned>(self) -> Completion<R> {
        let result = self.decode();
        let Self { name, kind, tag, report, .. } = self;
        Completion { name, kind, tag, result, report }
    }
}

/// Returns the response of an operation that ended so, as `R`.
pub(crate) fn decode<R: DeserializeOwned>(
    end: &Result<Outcome, Status>,
    report: &Report,
) -> Result<R, Status> {
    let decoded = end.as_ref().map_err(Status::clone).and_then(Outcome::decode);
    decoded.map_err(|status| status.with_report(report.clone()))
}
