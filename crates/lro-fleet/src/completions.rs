use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::Stream;
use lro::{OperationName, Outcome, Report, Status};
use serde::de::DeserializeOwned;

use crate::{shared::Hold, state::State, table::End};

/// The outcomes of registered operations, as they come: from [`Fleet::completions`](crate::Fleet::completions).
///
/// The stream ends when the fleet was shut down and all of them are taken.
#[derive(Debug)]
#[must_use = "completions that are not taken stop the asking in the end"]
pub struct Completions(Listener);

/// A place among those who are told when there is a completion, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    hold: Arc<Hold>,
    number: usize,
}

/// How the wait for a registered operation ended.
#[derive(Clone, Debug)]
pub struct Completion {
    name: OperationName,
    end: End,
    report: Report,
}

impl Completions {
    pub(crate) fn new(hold: Arc<Hold>) -> Self {
        Self(Listener::new(hold))
    }
}

impl Stream for Completions {
    type Item = Completion;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Completion>> {
        self.0.poll(context, |state| match state.take_completion() {
            Some(completion) => Some(Some(completion)),
            None => state.is_closed().then_some(None),
        })
    }
}

impl Listener {
    pub(crate) fn new(hold: Arc<Hold>) -> Self {
        let number = hold.0.with(State::enlist);
        Self { hold, number }
    }

    /// Takes what there is to take, or else is woken when there may be something.
    pub(crate) fn poll<T>(
        &self,
        context: &Context<'_>,
        take: impl FnOnce(&mut State) -> Option<T>,
    ) -> Poll<T> {
        self.hold.0.with(|state| {
            let taken = take(state);
            if taken.is_none() {
                state.listen(self.number, context.waker());
            }
            taken.map_or(Poll::Pending, Poll::Ready)
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.hold.0.with(|state| state.delist(self.number));
    }
}

impl Completion {
    pub(crate) fn new(name: OperationName, end: End, report: Report) -> Self {
        Self { name, end, report }
    }

    /// The operation's name.
    pub fn name(&self) -> &OperationName {
        &self.name
    }

    /// The outcome as it came: of the operation if it is `Ok`, else why the wait ended before.
    pub fn outcome(&self) -> Result<&Outcome, &Status> {
        self.end.as_ref().as_ref()
    }

    /// What was known of the operation.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The response, decoded as `R`.
    ///
    /// # Errors
    ///
    /// As [`poll_until_done`](lro::poll_until_done).
    pub fn decode<R: DeserializeOwned>(&self) -> Result<R, Status> {
        decode(&self.end, &self.report)
    }
}

/// The response of an operation that ended so, as `R`.
pub(crate) fn decode<R: DeserializeOwned>(
    end: &Result<Outcome, Status>,
    report: &Report,
) -> Result<R, Status> {
    let outcome = end.as_ref().map_err(Status::clone)?;
    outcome.decode().map_err(|status| status.with_report(report.clone()))
}
