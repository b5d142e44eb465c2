//! A call on its way to the thread of a connection, and its answer on the way back.

use std::{cell::Cell, time::Instant};

use lro_registry::StoreError;
use rusqlite::Connection;
use tokio::sync::oneshot;

/// What a call works with: an open transaction and the time in it.
#[derive(Debug)]
pub(crate) struct Transaction<'a> {
    pub(crate) connection: &'a Connection,
    /// The clock, read with the lock of the file held.
    pub(crate) now: i64,
    /// Whether this call is a reason for a hint: a record is due sooner than a worker knows.
    pub(crate) is_due: Cell<bool>,
}

/// A call without its type.
pub(crate) trait Call: Send {
    /// Returns whether the caller still waits.
    fn is_wanted(&self) -> bool;

    /// Returns when the call was made.
    fn made(&self) -> Instant;

    /// Runs the call, once.
    fn run(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()>;

    /// Answers with the result of the run. It is called after the commit.
    fn succeed(self: Box<Self>);

    /// Answers with an error.
    fn fail(self: Box<Self>, error: StoreError);
}

/// Creates a call and the receiver of its answer.
pub(crate) fn new<T: Send + 'static>(
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
) -> (Box<dyn Call>, oneshot::Receiver<Result<T, StoreError>>) {
    let (sender, receiver) = oneshot::channel();
    (Box::new(Typed { work: Some(work), result: None, made: Instant::now(), sender }), receiver)
}

struct Typed<T, W> {
    work: Option<W>,
    result: Option<T>,
    made: Instant,
    sender: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, W: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send> Call for Typed<T, W> {
    fn is_wanted(&self) -> bool {
        !self.sender.is_closed()
    }

    fn made(&self) -> Instant {
        self.made
    }

    fn run(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        if let Some(work) = self.work.take() {
            self.result = Some(work(transaction)?);
        }
        Ok(())
    }

    fn succeed(self: Box<Self>) {
        if let Some(result) = self.result {
            // A caller that dropped its future needs no answer.
            drop(self.sender.send(Ok(result)));
        }
    }

    fn fail(self: Box<Self>, error: StoreError) {
        drop(self.sender.send(Err(error)));
    }
}
