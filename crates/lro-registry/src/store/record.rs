use std::time::{Duration, SystemTime};

use lro::{
    Any, OperationName, Service, Status,
    rules::{Ending, Saved},
    telemetry,
};
use serde::de::DeserializeOwned;

/// A record as it is stored.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// The key.
    pub key: String,
    /// The service of the operation.
    pub service: Service,
    /// The name of the operation. `None` for an intent.
    pub name: Option<OperationName>,
    /// The kind of the operation.
    pub kind: String,
    /// The fingerprint of the request.
    pub fingerprint: String,
    /// The state.
    pub state: RecordState,
    /// When the wait began, by the clock of the store.
    pub created: SystemTime,
    /// The time since the wait began.
    pub age: Duration,
    /// The deadline, as the age at which the wait ends.
    pub deadline: Option<Duration>,
    /// When the next poll or delivery is due, or the lease ends, by the clock of the store. `None` if nothing is due any more.
    pub due: Option<SystemTime>,
    /// Whether a worker or a consumer has claimed it.
    pub is_claimed: bool,
    /// The number of claims and deliveries so far.
    pub epoch: i64,
    /// The claims without a result since the last result.
    pub claims: u32,
    /// The failures of calls in a row, as [`Reschedule`](super::Reschedule) stored them.
    pub failures: u32,
    /// Whether the operation is to be cancelled.
    pub cancel: CancelState,
    /// The deliveries of the outcome.
    pub deliveries: u32,
    /// The last error of a poll or of a delivery, or the reason why the record is set aside.
    pub error: Option<String>,
    /// The bytes of the caller. Empty if the payloads were not asked for.
    pub tag: Vec<u8>,
    /// The state of the wait, as JSON: [`wait`](Self::wait) decodes it. Empty if the payloads were not asked for.
    pub saved: Vec<u8>,
    /// The outcome. `None` if there is none, or if the payloads were not asked for.
    pub outcome: Option<Vec<u8>>,
}

/// The state of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordState {
    /// A starting call was announced. It is not known whether it was made, or what it returned.
    Intent,
    /// A worker polls the operation.
    Pending,
    /// Claims have ended without a result too often. The operation is not polled.
    SetAside,
    /// The wait has ended. The outcome is being delivered.
    Finished,
    /// The outcome was delivered and acknowledged.
    Acknowledged,
}

/// How far a requested cancellation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CancelState {
    /// Nobody has requested it.
    #[default]
    None,
    /// It is requested, and not sent to the service yet.
    Requested,
    /// A worker has sent it, or the service refused it; then the record has the error.
    Sent,
}

macro_rules! numbers {
    ($name:ident: $($variant:ident = $number:literal)*) => {
        impl $name {
            /// Returns the number that is stored. It does not change between versions.
            pub fn number(self) -> i16 {
                match self { $(Self::$variant => $number,)* }
            }

            /// Returns the value with this number. `None` for a number of a later version.
            pub fn from_number(number: i16) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

numbers!(RecordState: Intent = 0 Pending = 1 SetAside = 2 Finished = 3 Acknowledged = 4);
numbers!(CancelState: None = 0 Requested = 1 Sent = 2);

impl Record {
    /// Returns how the wait ended. `None` if it has not ended, or if the payloads were not asked for.
    ///
    /// # Errors
    ///
    /// [`Origin::MalformedReply`](lro::Origin::MalformedReply) if a later version of this crate stored the outcome.
    pub fn ending(&self) -> Option<Result<Ending, Status>> {
        self.outcome.as_ref().map(|outcome| ending(&self.key, outcome))
    }

    /// Returns the last metadata, decoded as `M`: how far the work is. `None` if the service sent none, if it does not decode, or if the
    /// payloads were not asked for.
    ///
    /// It is that of the last poll, and stays when the operation has ended. Metadata beyond 64 KiB is not stored. The first metadata in the process that does not decode as
    /// `M` is logged as a warning. [`try_metadata`](Self::try_metadata) returns the reason.
    ///
    /// ```
    /// # use lro::{Any, Operation, Service};
    /// # use lro_registry::{MemoryStore, Registry, StartRequest};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let registry = Registry::new(MemoryStore::new());
    /// # let request = StartRequest::new(&Service::new("print.example.com", "v1"), "order 7", "sha256:2c26b46b");
    /// # let metadata = Some(Any::from_json(r#"{"pagesPrinted": 3}"#)?);
    /// # let operation = Operation { metadata, ..Operation::running("operations/1") };
    /// # let _ = registry.start(request, || async { Ok(operation) }).await?;
    /// let record = registry.get("order 7").await?.ok_or("no such order")?;
    /// let progress: Option<serde_json::Value> = record.metadata();
    /// assert_eq!(progress.ok_or("no metadata")?["pagesPrinted"], 3);
    /// assert_eq!((record.wait()?.tally.polls, record.failures), (0, 0));
    /// # Ok(()) }
    /// ```
    pub fn metadata<M: DeserializeOwned>(&self) -> Option<M> {
        telemetry::metadata(&self.wait().ok()?.metadata?)
    }

    /// Returns the last metadata, decoded as `M`. `None` if the service sent none, or if the payloads were not asked for.
    ///
    /// # Errors
    ///
    /// As [`Any::decode`] and [`wait`](Self::wait).
    pub fn try_metadata<M: DeserializeOwned>(&self) -> Result<Option<M>, Status> {
        self.wait()?.metadata.as_ref().map(Any::decode).transpose()
    }

    /// Returns the state of the wait after the last poll: how many polls were made, the last failure, the metadata as received.
    ///
    /// It is empty before the first poll, and if the payloads were not asked for. The record itself has the
    /// [failures in a row](Self::failures) and the [last error](Self::error) as a text.
    ///
    /// # Errors
    ///
    /// [`Origin::MalformedReply`](lro::Origin::MalformedReply) if a later version of this crate stored the state.
    pub fn wait(&self) -> Result<Saved, Status> {
        saved(&self.saved).map_err(|fault| {
            Status::malformed(format!("the stored state of {} cannot be read: {fault}", self.key))
        })
    }

    /// Creates a new record, of an entry that a store has just stored: no claim, no error, no payload.
    pub fn new(key: impl Into<String>, service: Service, state: RecordState, created: SystemTime) -> Self {
        Self {
            key: key.into(),
            service,
            name: None,
            kind: String::new(),
            fingerprint: String::new(),
            state,
            created,
            age: Duration::ZERO,
            deadline: None,
            due: None,
            is_claimed: false,
            epoch: 0,
            claims: 0,
            failures: 0,
            cancel: CancelState::None,
            deliveries: 0,
            error: None,
            tag: Vec::new(),
            saved: Vec::new(),
            outcome: None,
        }
    }
}

/// Decodes a stored state of a wait. An empty one is that of a wait without a poll.
pub(crate) fn saved(state: &[u8]) -> serde_json::Result<Saved> {
    if state.is_empty() { Ok(Saved::default()) } else { serde_json::from_slice(state) }
}

/// Decodes a stored outcome.
pub(crate) fn ending(key: &str, outcome: &[u8]) -> Result<Ending, Status> {
    serde_json::from_slice(outcome)
        .map_err(|fault| Status::malformed(format!("the stored outcome of {key} cannot be read: {fault}")))
}
