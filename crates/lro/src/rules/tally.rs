use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Age;
use crate::{Code, Status, status::stored};

/// The counters of a wait. Every operation has them, so they take 16 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Calls made.
    pub polls: u32,
    /// Calls that returned the state of the operation.
    pub replies: u32,
    /// The age at which the operation was last seen running, in microseconds.
    running: u64,
}

/// The failures of a wait. An operation has none until a call fails.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trouble {
    /// Consecutive failures that count against the budget.
    failures: u32,
    /// All consecutive failures. They set the exponent of the delay.
    setbacks: u32,
    /// Whether a credential was refused since the last successful reply.
    refused_credential: bool,
    /// Whether `NOT_FOUND` was retried within its window.
    #[serde(skip_serializing_if = "is_default")]
    not_found: bool,
    /// Whether `PERMISSION_DENIED` was retried within its window.
    #[serde(skip_serializing_if = "is_default")]
    permission_denied: bool,
    /// All failed calls of the wait.
    #[serde(skip_serializing_if = "is_default")]
    failed: u32,
    /// The last failed call, whether it was retried or ended the wait.
    #[serde(with = "stored")]
    last: Option<Status>,
}

impl Tally {
    /// Returns the age at which the operation was last seen running. Zero if it never was.
    pub fn running(&self) -> Age {
        Duration::from_micros(self.running)
    }

    pub(super) fn saw_running(&mut self, looked: Age) {
        self.running = u64::try_from(looked.as_micros()).unwrap_or(u64::MAX);
    }
}

impl Trouble {
    /// Creates the failures of an operation whose starting call answered that it is running, with this error beside.
    pub fn of_running(error: Status) -> Self {
        Self { last: Some(error), ..Self::default() }
    }

    /// Returns the last failed call, whether it was retried or ended the wait.
    pub fn last_failure(&self) -> Option<&Status> {
        self.last.as_ref()
    }

    /// Returns the number of calls that failed since the wait began.
    pub fn failed(&self) -> u32 {
        self.failed
    }

    /// Returns the number of consecutive failures that were retried, since the last successful reply.
    ///
    /// It counts all of them and sets the delay. The budget counts only the failures that count against it
    /// ([`Call::counts`](super::Call::counts)), and no `NOT_FOUND` within the window.
    pub fn setbacks(&self) -> u32 {
        self.setbacks
    }

    /// Restores the whole budget after a successful reply, whatever its content. Keeps for the report the last failure and
    /// the number of failed calls.
    pub fn refill(&mut self) {
        *self = Self { last: self.last.take(), failed: self.failed, ..Self::default() };
    }

    /// Shortens the last failure to its code and the first 1,000 characters of its message, for a driver that stores it with each
    /// poll. The counts stay as they are.
    pub fn shorten_last(&mut self) {
        self.last = self.last.take().map(shortened);
    }

    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    pub(super) fn refused_credential(&self) -> bool {
        self.refused_credential
    }

    /// Stores an error that is not a failed call.
    pub(crate) fn keep_last(&mut self, status: &Status) {
        self.last = Some(status.clone());
    }

    pub(crate) fn keep_failed(&mut self, status: &Status) {
        self.failed = self.failed.saturating_add(1);
        self.keep_last(status);
    }

    /// Stores that a failure with this code was retried within its window.
    pub(super) fn keep_windowed(&mut self, code: Code) {
        self.not_found |= code == Code::NotFound;
        self.permission_denied |= code == Code::PermissionDenied;
    }

    /// Returns the codes of the failures that were retried within their windows since the last successful reply.
    pub(super) fn windowed(&self) -> impl Iterator<Item = Code> {
        let codes = [(self.not_found, Code::NotFound), (self.permission_denied, Code::PermissionDenied)];
        codes.into_iter().filter_map(|(is_windowed, code)| is_windowed.then_some(code))
    }

    /// Counts a failure after which the call is made again: against the budget if it `counts`, and for the delay if it
    /// `grows`. Returns whether it is the first refusal of a credential.
    pub(super) fn keep_survived(&mut self, is_refusal: bool, counts: bool, grows: bool) -> bool {
        self.setbacks = self.setbacks.saturating_add(u32::from(grows || self.setbacks == 0));
        self.failures = self.failures.saturating_add(u32::from(counts));
        let is_first = is_refusal && !self.refused_credential;
        self.refused_credential |= is_first;
        is_first
    }
}

/// Cuts a status that is too large to be stored.
pub(super) fn shortened(status: Status) -> Status {
    let message: String = status.message().chars().take(LONGEST_MESSAGE).collect();
    status.with_message(message).with_details(Vec::new())
}

/// Longer than the messages of Google's services. The rest is for people, who have enough with so much.
const LONGEST_MESSAGE: usize = 1_000;

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
