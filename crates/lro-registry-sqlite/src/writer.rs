//! The thread of the connection that writes. It commits the calls that wait for it as a group.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use lro_registry::{StoreError, StoreErrorKind};
use rusqlite::Connection;
use tokio::sync::Notify;

use crate::{
    call::{Call, Transaction},
    fault::Faults,
    file_system, time,
    trouble::Trouble,
};

/// What the thread is asked for.
pub(crate) enum Message {
    /// Run this call.
    Call(Box<dyn Call>),
    /// Somebody begins to wait for a change.
    Watch,
}

/// Who waits for changes, and how they are woken.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) waiting: AtomicUsize,
    pub(crate) notify: Notify,
}

impl Changes {
    /// Wakes every caller that waits, and the next one if it does not wait yet.
    fn wake(&self) {
        self.notify.notify_waiters();
        self.notify.notify_one();
    }
}

/// The connection that writes, and what belongs to it.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) faults: Faults,
    pub(crate) busy_timeout: Duration,
    pub(crate) changes: Arc<Changes>,
    pub(crate) trouble: Trouble,
    /// What the path was when the file was opened.
    pub(crate) identity: Option<(u64, u64)>,
    /// SQLite's number of the last change by another connection.
    pub(crate) data_version: Option<i64>,
}

/// How often another process's changes are looked for, while somebody waits for them. A look costs some microseconds.
const LOOK: Duration = Duration::from_millis(250);

/// The most calls of a transaction, so that the first one does not wait too long for its answer.
const MOST_CALLS: usize = 1_000;

impl Writer {
    /// Runs calls until nobody can make one any more.
    pub(crate) fn run(mut self, messages: &Receiver<Message>) {
        let mut left = Vec::new();
        let mut looked = Instant::now();
        loop {
            if left.is_empty() {
                let is_watched = self.changes.waiting.load(Ordering::Acquire) > 0;
                let message = if is_watched {
                    messages.recv_timeout(LOOK.saturating_sub(looked.elapsed()))
                } else {
                    messages.recv().map_err(RecvTimeoutError::from)
                };
                match message {
                    Ok(Message::Call(call)) => left.push(call),
                    Ok(Message::Watch) | Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            let more = messages.try_iter().filter_map(|message| match message {
                Message::Call(call) => Some(call),
                Message::Watch => None,
            });
            let room = MOST_CALLS.saturating_sub(left.len());
            left.extend(more.take(room));
            left.retain(|call| call.is_wanted());
            if !left.is_empty() {
                left = self.commit(left);
            }
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                self.look();
            }
        }
    }

    /// Runs a group of calls in one transaction. Returns those that may wait longer for the lock of the file.
    fn commit(&mut self, calls: Vec<Box<dyn Call>>) -> Vec<Box<dyn Call>> {
        if let Err(error) = self.is_in_place() {
            self.trouble.begins(&error);
            fail(calls, &error);
            return Vec::new();
        }
        let oldest = calls.iter().map(|call| call.made().elapsed()).max().unwrap_or_default();
        let patience = self.busy_timeout.saturating_sub(oldest);
        let begun = self.connection.busy_timeout(patience).and_then(|()| self.execute("BEGIN IMMEDIATE"));
        if let Err(error) = begun {
            let is_busy = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy);
            let error = self.faults.translate(error);
            let busy_timeout = self.busy_timeout;
            let (failed, left) =
                calls.into_iter().partition(|call| !is_busy || call.made().elapsed() >= busy_timeout);
            if !is_busy || !Vec::is_empty(&failed) {
                self.trouble.begins(&error);
            }
            fail(failed, &error);
            return left;
        }
        let changes = self.connection.total_changes();
        match self.run_group(calls) {
            Ok((done, is_due)) => {
                if self.connection.total_changes() != changes {
                    self.trouble.ends(&self.faults);
                }
                if is_due {
                    self.changes.wake();
                }
                done.into_iter().for_each(|call| call.succeed());
            }
            Err((done, error)) => {
                self.trouble.begins(&error);
                fail(done, &error);
            }
        }
        Vec::new()
    }

    /// Checks that the path still has the file that was opened. What is written to another one is not found by the next process.
    fn is_in_place(&self) -> Result<(), StoreError> {
        if file_system::identity(self.faults.path()) == self.identity {
            return Ok(());
        }
        let message =
            "was moved, removed or replaced after it was opened: put it back, or open the store again";
        Err(self.faults.new_error(StoreErrorKind::Unavailable, message))
    }

    /// Runs the calls and commits. A call that fails is answered and leaves no trace. Returns the others, and whether a
    /// record became due.
    fn run_group(&mut self, calls: Vec<Box<dyn Call>>) -> Result<(Calls, bool), (Calls, StoreError)> {
        let mut done: Calls = Vec::with_capacity(calls.len());
        let mut is_due = false;
        let mut calls = calls.into_iter();
        for mut call in calls.by_ref() {
            let transaction =
                Transaction { connection: &self.connection, now: time::now(), is_due: Cell::new(false) };
            let ran = self.execute("SAVEPOINT call").and_then(|()| call.run(&transaction));
            is_due |= ran.is_ok() && transaction.is_due.get();
            let error = match ran.and_then(|()| self.execute("RELEASE call")) {
                Ok(()) => {
                    done.push(call);
                    continue;
                }
                Err(error) => self.faults.translate(error),
            };
            self.trouble.begins(&error);
            call.fail(error.clone());
            // After a fault of the disk, SQLite has rolled back the whole transaction, or does not go on with it.
            if self.execute("ROLLBACK TO call").and_then(|()| self.execute("RELEASE call")).is_err() {
                self.roll_back();
                return Err((done.into_iter().chain(calls).collect(), error));
            }
        }
        match self.execute("COMMIT") {
            Ok(()) => Ok((done, is_due)),
            Err(error) => {
                self.roll_back();
                Err((done, self.faults.translate(error)))
            }
        }
    }

    /// Ends a transaction that cannot be committed. An error says that there is none any more.
    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            drop(self.execute("ROLLBACK"));
        }
    }

    /// Looks whether another process has changed something.
    fn look(&mut self) {
        let version = self.connection.pragma_query_value(None, "data_version", |row| row.get(0)).ok();
        if version.is_some() && self.data_version.is_some() && version != self.data_version {
            self.changes.wake();
        }
        self.data_version = version.or(self.data_version);
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }
}

type Calls = Vec<Box<dyn Call>>;

fn fail(calls: Calls, error: &StoreError) {
    calls.into_iter().for_each(|call| call.fail(error.clone()));
}
