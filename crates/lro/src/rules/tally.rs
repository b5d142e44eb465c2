use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Age;
use crate::{Any, Origin, Status};

/// The state of every operation that is waited for: sixteen bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// The calls made.
    pub polls: u32,
    /// The calls that were answered with the state of the operation.
    pub replies: u32,
    /// When the operation was last seen running, in microseconds.
    running: u64,
}

/// The state of an operation whose calls have failed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trouble {
    /// The consecutive failures that count against the budget.
    failures: u32,
    /// All consecutive failures: the exponent of the delay.
    setbacks: u32,
    /// Whether a credential was refused since the last good reply.
    refused_credential: bool,
    /// The last failed call, survived or not.
    #[serde(with = "stored")]
    last: Option<Status>,
}

impl Tally {
    /// When the operation was last seen running; zero if it never was.
    pub fn running(&self) -> Age {
        Duration::from_micros(self.running)
    }

    pub(super) fn saw_running(&mut self, looked: Age) {
        self.running = u64::try_from(looked.as_micros()).unwrap_or(u64::MAX);
    }
}

impl Trouble {
    /// The last failed call, survived or not.
    pub fn last_failure(&self) -> Option<&Status> {
        self.last.as_ref()
    }

    /// The consecutive failures up to now.
    pub fn setbacks(&self) -> u32 {
        self.setbacks
    }

    /// Refills the budget after a good reply, whatever it says. The last failure is kept for the report.
    pub fn refill(&mut self) {
        *self = Self { last: self.last.take(), ..Self::default() };
    }

    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    pub(super) fn refused_credential(&self) -> bool {
        self.refused_credential
    }

    pub(super) fn keep_last(&mut self, status: &Status) {
        self.last = Some(status.clone());
    }

    /// Counts a failure that is survived. Returns whether it is the first refusal of a credential.
    pub(super) fn keep_survived(&mut self, is_refusal: bool, counts: bool) -> bool {
        self.setbacks = self.setbacks.saturating_add(1);
        self.failures = self.failures.saturating_add(u32::from(counts));
        let is_first = is_refusal && !self.refused_credential;
        self.refused_credential |= is_first;
        is_first
    }
}

/// A failed call as it is stored: the members of a status, and whether the reply was malformed.
mod stored {
    use super::{Any, Deserialize, Deserializer, Origin, Serialize, Serializer, Status};

    #[derive(Serialize, Deserialize)]
    struct Failure {
        code: i32,
        #[serde(default)]
        message: String,
        #[serde(default)]
        details: Vec<Any>,
        #[serde(default)]
        malformed: bool,
    }

    pub(super) fn serialize<S: Serializer>(
        status: &Option<Status>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let failure = status.as_ref().map(|status| Failure {
            code: status.raw_code(),
            message: status.message().to_owned(),
            details: status.details().as_slice().to_vec(),
            malformed: status.origin() == Origin::MalformedReply,
        });
        failure.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Status>, D::Error> {
        let failure = Option::<Failure>::deserialize(deserializer)?;
        Ok(failure.map(|Failure { code, message, details, malformed }| {
            let origin = if malformed { Origin::MalformedReply } else { Origin::CallFailed };
            Status::from_number(code, message).with_details(details).with_origin(origin)
        }))
    }
}
