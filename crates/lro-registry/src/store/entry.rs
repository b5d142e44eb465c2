use std::time::Duration;

use lro::{OperationName, Service};

use super::{ClaimId, Record, RecordState, SOON};

/// A record to store.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key, unique in the store.
    pub key: String,
    /// The service of the operation.
    pub service: Service,
    /// The name of the operation. `None` for an intent.
    pub name: Option<OperationName>,
    /// The kind of the operation, for its pacing.
    pub kind: String,
    /// The fingerprint of the request. Two entries with the same key and different fingerprints conflict.
    pub fingerprint: String,
    /// Bytes of the caller, which come back with the outcome.
    pub tag: Vec<u8>,
    /// The deadline, as the age at which the wait ends.
    pub deadline: Option<Duration>,
    /// Whether a starting call has just returned the operation, which the service may not find yet.
    pub started: bool,
    /// The delay of the first poll.
    pub delay: Duration,
    /// The state of the wait, [`rules::Saved`](lro::rules::Saved) as JSON. Empty for none.
    pub state: Vec<u8>,
    /// The claim of the starting call, if this entry is an intent.
    pub intent: Option<Intent>,
}

/// The claim of a starting call on its own record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The claim id. The record is stored with epoch 1.
    pub claim: ClaimId,
    /// The time after which the intent counts as unresolved.
    pub lease: Duration,
}

/// What became of an [`Entry`]. Each variant has the record that is stored now, without its payloads.
#[derive(Clone, Debug, PartialEq)]
pub enum Registered {
    /// The record is new.
    New(Record),
    /// A record with this key and fingerprint was stored before.
    Existing(Record),
    /// A record with this key and another fingerprint was stored before.
    Conflict(Record),
}

impl Registered {
    /// Returns whether the store gives a [hint](super::Store::changed): the record is new, pending, and due within 5 s.
    pub fn needs_hint(&self) -> bool {
        let Self::New(record) = self else { return false };
        let delay = record.due.map(|due| due.duration_since(record.created).unwrap_or_default());
        record.state == RecordState::Pending && delay.is_some_and(|delay| delay <= record.age + SOON)
    }
}
