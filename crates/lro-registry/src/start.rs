mod recording;

use std::{future::Future, time::Duration};

use lro::{Operation, OperationName, Service, Status};

use self::recording::with_a_name;
use crate::{
    Error, Receipt, Record, RecordState, Registry, StoreErrorKind,
    registration::{Settings, check, settings},
    store::{ClaimId, Entry, Fence, Intent, StoreError},
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
    /// Dropping the future before the call has returned leaves the intent. Another start returns [`Started::Unresolved`] from then on, and
    /// the registry reports the intent when its [lease](StartRequest::lease) ends, after 10 minutes by default: until then the call counts as
    /// in flight. After the call has returned, its result is stored in the background.
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
}

/// Longer than any starting call of a service: those that upload take minutes. Before it ends an intent is not reported.
const START_LEASE: Duration = Duration::from_secs(600);
