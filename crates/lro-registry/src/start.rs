use std::{future::Future, io, time::Duration};

use lro::{
    Code, Operation, OperationName, Origin, Service, Status,
    rules::{Ending, Tally},
};
use tokio::time::{Instant, sleep};

use crate::{
    Error, Receipt, Record, RecordState, Registry, StoreErrorKind,
    limits::stored_error,
    registration::{Settings, check, settings},
    store::{CancelStep, ClaimId, Complete, Entry, Fence, GiveBack, Intent, Reschedule, StoreError, Written},
    worker::{outcome as stored_outcome, saved},
};

/// A starting call to announce before it is made.
///
/// ```
/// use lro::Service;
/// use lro_registry::StartRequest;
///
/// let service = Service::new("routeoptimization.googleapis.com", "v1");
/// let request = StartRequest::new(&service, "order 7", "sha256:2c26b46b").tag("7");
/// ```
#[derive(Clone, Debug)]
pub struct StartRequest {
    service: Service,
    key: String,
    fingerprint: String,
    lease: Duration,
    settings: Settings,
}

/// The result of [`Registry::start`].
#[must_use = "the call is not made if one was announced before"]
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Started {
    /// The call was made, and the operation is registered. `None` if the service gave it no name, as after a request that was
    /// only validated; it is done.
    New(Option<OperationName>),
    /// A call with this key and fingerprint was made before, so none was made now.
    Existing(Box<Record>),
    /// A call with this key and fingerprint was announced before, and its result is not known: it is in flight, or its result is
    /// lost. No call was made. The operation may not exist.
    Unresolved(Box<Record>),
}

impl StartRequest {
    /// Creates a request. The key identifies it, and the fingerprint its content: a hash of the message, for example.
    pub fn new(service: &Service, key: impl Into<String>, fingerprint: impl Into<String>) -> Self {
        let (key, fingerprint) = (key.into(), fingerprint.into());
        Self { service: service.clone(), key, fingerprint, lease: START_LEASE, settings: Settings::default() }
    }

    settings! {
        /// Sets the time from the start after which the polling stops. The operation goes on. Default: no limit.
    }

    /// Sets the time after which the intent counts as unresolved, if the call has not returned. Default: 10 minutes.
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    fn entry(self, claim: ClaimId) -> Result<Entry, Error> {
        let Self { service, key, fingerprint, lease, settings } = self;
        let intent = Some(Intent { claim, lease });
        let entry = Entry { started: true, intent, ..settings.entry(key, service, fingerprint) };
        check(&entry)?;
        Ok(entry)
    }
}

impl Registry {
    /// Starts an operation at most once for a key, and registers it.
    ///
    /// It stores the intent, then makes the call, then stores the name that the call returned. A crash in between leaves an
    /// intent: the registry reports it ([`Registry::health`], [`Registry::list`], the log of a worker) and never repeats the call.
    /// A person, or code that knows the service, looks whether the operation exists. [`Registry::register`] with the same key and
    /// fingerprint then resolves the intent, or [`Registry::forget`] removes it.
    ///
    /// The call is not made if the key exists.
    ///
    /// ```
    /// # use lro::{Operation, Service};
    /// # use lro_registry::{MemoryStore, Registry, Started, StartRequest};
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let registry = Registry::new(MemoryStore::new());
    /// # let service = Service::new("print.example.com", "v1");
    /// let request = StartRequest::new(&service, "order 7", "sha256:2c26b46b");
    /// let started = registry.start(request, || async { Ok(Operation::running("operations/1")) }).await?;
    /// assert!(matches!(started, Started::New(Some(name)) if name.as_str() == "operations/1"));
    /// # Ok::<(), lro_registry::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// Dropping the future before the call has returned leaves the intent. After that the result is stored in the background.
    ///
    /// # Errors
    ///
    /// [`Error::Start`] if the call fails. The intent is removed if the service has surely not started an operation, and kept
    /// with the error otherwise:
    ///
    /// | failure | intent |
    /// |---|---|
    /// | the request was rejected before it was sent, or the connection was refused | removed |
    /// | `INVALID_ARGUMENT`, `NOT_FOUND`, `PERMISSION_DENIED`, `UNAUTHENTICATED`, `RESOURCE_EXHAUSTED`, `FAILED_PRECONDITION`, `OUT_OF_RANGE`, `UNIMPLEMENTED` | removed |
    /// | any other | kept |
    ///
    /// A refused connection is recognized by its [source](std::error::Error::source): a [`std::io::Error`] of that kind.
    ///
    /// [`Error::Unrecorded`] if the store stays away for a minute after the call: register the operation with the same key and
    /// fingerprint then. [`Error::Conflict`],
    /// [`Error::Invalid`] and the fault of the store before the call.
    pub async fn start<F>(&self, request: StartRequest, call: impl FnOnce() -> F) -> Result<Started, Error>
    where
        F: Future<Output = Result<Operation, Status>>,
    {
        let claim = ClaimId::random();
        let entry = request.entry(claim)?;
        let fence = Fence { key: entry.key.clone(), epoch: 1, claim };
        let Receipt { record, is_new } = self.store_entry(entry).await?;
        if !is_new {
            let record = Box::new(record);
            let is_unresolved = record.state == RecordState::Intent;
            return Ok(if is_unresolved { Started::Unresolved(record) } else { Started::Existing(record) });
        }
        let result = call().await.and_then(with_a_name);
        let registry = self.clone();
        // A task: the result must be stored although the caller stops waiting for it.
        let recorded = tokio::spawn(async move { registry.record(fence, result).await });
        recorded.await.unwrap_or_else(|panicked| {
            let fault = StoreError::new(StoreErrorKind::Other, "the task that records a start has ended");
            Err(Error::Store(fault.with_source(panicked)))
        })
    }

    /// Stores the result of a starting call. A fault of the store is retried for a while.
    async fn record(&self, fence: Fence, result: Result<Operation, Status>) -> Result<Started, Error> {
        let operation = match result {
            Ok(operation) => operation,
            Err(status) => return self.record_failure(fence, status).await,
        };
        let name = OperationName::parse(&operation.name).ok();
        let until = Instant::now() + RECORD_FOR;
        let mut pause = FIRST_PAUSE;
        loop {
            let written = match &operation.outcome {
                Some(outcome) => {
                    let outcome = stored_outcome(&Ending::Done(outcome.clone()));
                    let state = saved_state(&operation);
                    let complete =
                        Complete { fence: fence.clone(), name: name.clone(), outcome, state, finished: None };
                    self.store().complete(&[complete]).await
                }
                None => {
                    let delay = operation.retry_after.unwrap_or(FIRST_DELAY).max(FIRST_DELAY);
                    let reschedule = Reschedule {
                        fence: fence.clone(),
                        name: name.clone(),
                        delay,
                        state: saved_state(&operation),
                        cursor: Vec::new(),
                        cancel: CancelStep::NotSeen,
                        error: None,
                    };
                    self.store().reschedule(&[reschedule]).await
                }
            };
            match written {
                // Fenced: the intent was resolved or forgotten meanwhile, or this very write was stored and its reply lost.
                Ok(written)
                    if written.first() == Some(&Written::Stored)
                        || self.is_recorded(&fence.key, &operation).await =>
                {
                    self.completed().notify_waiters();
                    return Ok(Started::New(name));
                }
                Ok(_) => {
                    let source = StoreError::new(
                        StoreErrorKind::Other,
                        "the intent was removed or resolved during the call",
                    );
                    return Err(Error::Unrecorded { operation: Box::new(operation), source });
                }
                Err(source) if !source.is_transient() || Instant::now() >= until => {
                    return Err(Error::Unrecorded { operation: Box::new(operation), source });
                }
                Err(_) => sleep(pause).await,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Returns whether the record has the name of this operation or, if it has none, an outcome.
    async fn is_recorded(&self, key: &str, operation: &Operation) -> bool {
        let Ok(Some(record)) = self.get(key).await else {
            return false;
        };
        match &record.name {
            Some(name) => name.as_str() == operation.name,
            None => record.outcome.is_some(),
        }
    }

    /// Removes the intent of a call that has surely started nothing. Otherwise stores the error with it.
    async fn record_failure(&self, fence: Fence, status: Status) -> Result<Started, Error> {
        let may_have_started = !is_surely_not_started(&status);
        let stored = if may_have_started {
            let error = Some(stored_error(&format!("the starting call failed: {status}")));
            let give_back = GiveBack { fence, delay: Duration::ZERO, counts: true, error };
            self.store().give_back(&[give_back]).await.map(|_| ())
        } else {
            self.store().withdraw(&[fence]).await.map(|_| ())
        };
        if let Err(error) = stored {
            tracing::warn!(%error, "the failure of a starting call was not stored; its intent stays unresolved");
        }
        Err(Error::Start { status, may_have_started })
    }
}

/// A running operation without a valid name cannot be polled.
fn with_a_name(operation: Operation) -> Result<Operation, Status> {
    match OperationName::parse(&operation.name) {
        Err(fault) if operation.outcome.is_none() => {
            let message = format!("the operation that was started has no usable name: {}", fault.message());
            Err(operation
                .running_error
                .unwrap_or_else(|| Status::new(Code::Unknown, message).with_origin(Origin::MalformedReply)))
        }
        _ => Ok(operation),
    }
}

fn saved_state(operation: &Operation) -> Vec<u8> {
    saved(Tally::default(), None, operation.metadata.clone(), Duration::ZERO)
}

/// Returns whether the service has surely not started an operation: no call was made, or the service refused the request.
fn is_surely_not_started(status: &Status) -> bool {
    use Code::{
        FailedPrecondition, InvalidArgument, NotFound, OutOfRange, PermissionDenied, ResourceExhausted,
        Unauthenticated, Unimplemented,
    };
    let refuses = matches!(
        status.code(),
        InvalidArgument
            | NotFound
            | PermissionDenied
            | Unauthenticated
            | ResourceExhausted
            | FailedPrecondition
            | OutOfRange
            | Unimplemented
    );
    status.is_refused() || was_not_connected(status) || (status.origin() == Origin::CallFailed && refuses)
}

/// Returns whether the connection was refused: nothing was sent.
fn was_not_connected(status: &Status) -> bool {
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        {
            return true;
        }
        source = error.source();
    }
    false
}

/// Longer than any starting call of a service: those that upload take minutes. Before it ends an intent is not reported.
const START_LEASE: Duration = Duration::from_secs(600);
/// The default pacing makes its second poll after 250 ms.
const FIRST_DELAY: Duration = Duration::from_millis(250);
/// A failover of a database takes some tens of seconds.
const RECORD_FOR: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
