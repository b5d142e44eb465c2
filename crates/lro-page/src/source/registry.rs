use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lro_registry::{
    ListRequest, Record, RecordState, Registry, StoreError, StoreErrorKind, WorkerWatch, store::CountRequest,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use super::{Fault, bounded, seen::Seen};
use crate::{
    fresh::{Computed, Fresh},
    view::{
        operation::{Operation, Payloads},
        overview::{GROUPS, RegistryOverview, WorkerView},
    },
};

/// A registry, its counts, and the workers of this process.
#[derive(Debug)]
pub(crate) struct OfRegistry {
    registry: Registry,
    workers: Arc<Vec<Watched>>,
    overview: Arc<Fresh<RegistryOverview>>,
    seen: Seen,
    /// The calls that are not shared.
    calls: Arc<Semaphore>,
}

/// A worker, and its calls when they were counted last.
#[derive(Debug)]
struct Watched {
    worker: WorkerWatch,
    before: Mutex<(Instant, u64)>,
}

impl OfRegistry {
    pub(crate) fn new(registry: Registry, workers: Vec<WorkerWatch>) -> Self {
        let workers = workers.into_iter().map(|worker| {
            let before = Mutex::new((Instant::now(), worker.state().calls));
            Watched { worker, before }
        });
        let workers = Arc::new(workers.collect());
        let calls = Arc::new(Semaphore::new(CALLS));
        Self { registry, workers, overview: Fresh::new(), seen: Seen::default(), calls }
    }

    /// Returns the counts, which all open pages share. `None` if they are being made for the first time.
    pub(crate) async fn overview(&self) -> Option<Arc<Computed<RegistryOverview>>> {
        self.overview.get(|| self.count()).await
    }

    /// Returns counts that may be a minute old: their services change rarely.
    pub(crate) async fn last_overview(&self) -> Option<Arc<Computed<RegistryOverview>>> {
        self.overview.recent(|| self.count()).await
    }

    /// Counts. Returns also whether the store did.
    fn count(&self) -> impl Future<Output = (RegistryOverview, bool)> + Send + use<> {
        let (registry, workers) = (self.registry.clone(), Arc::clone(&self.workers));
        async move {
            let overview = match timeout(LONGEST_COUNT, counted(&registry)).await {
                Ok(Ok(overview)) => overview,
                Ok(Err(error)) => RegistryOverview::fault(&error.to_string()),
                Err(_) => RegistryOverview::fault("the store does not answer"),
            };
            let is_good = overview.fault.is_none();
            (RegistryOverview { workers: workers.iter().map(Watched::view).collect(), ..overview }, is_good)
        }
    }

    pub(crate) async fn list(&self, request: &ListRequest) -> Result<Vec<Record>, Fault> {
        let request = request.clone();
        bounded(self.alone(|registry| async move { registry.list(&request).await })).await
    }

    /// Returns an operation. Its payloads, which may be large, are read only if it has changed since.
    pub(crate) async fn operation(&self, key: &str) -> Result<Operation, Fault> {
        let [peeked, got] = [key.to_owned(), key.to_owned()];
        let record = bounded(self.alone(|registry| async move { registry.peek(&peeked).await })).await?;
        let record = record.ok_or(Fault::NotFound)?;
        if let Some(payloads) = self.seen.find(&record) {
            return Ok(Operation::new(&record, payloads));
        }
        let record = bounded(self.alone(|registry| async move { registry.get(&got).await })).await?;
        let record = record.ok_or(Fault::NotFound)?;
        let payloads = Payloads::of(&record);
        let operation = Operation::new(&record, payloads.clone());
        self.seen.keep(record, payloads);
        Ok(operation)
    }

    /// Makes a call while no other one is made. It holds its turn until it has ended, also if nobody waits for it any more: a store
    /// may go on with it.
    async fn alone<T, F>(&self, call: impl FnOnce(Registry) -> F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        // The semaphore is never closed.
        let turn = Arc::clone(&self.calls).acquire_owned().await;
        let call = call(self.registry.clone());
        let called = tokio::spawn(async move {
            let result = call.await;
            drop(turn);
            result
        });
        called.await.unwrap_or_else(|_| Err(StoreError::new(StoreErrorKind::Other, "the call panicked")))
    }
}

/// Makes the calls one after the other: each is short, and leaves others their turn.
async fn counted(registry: &Registry) -> Result<RegistryOverview, StoreError> {
    let health = registry.health().await?;
    let counts = registry.counts(&CountRequest::default().most_groups(GROUPS + 1)).await?;
    let some =
        |state, overdue| ListRequest { state: Some(state), overdue, most: SOME, ..ListRequest::default() };
    let set_aside = registry.list(&some(RecordState::SetAside, false)).await?;
    let unresolved = match health.unresolved_intents {
        0 => Vec::new(),
        _ => registry.list(&some(RecordState::Intent, true)).await?,
    };
    Ok(RegistryOverview::new(health, counts, &set_aside, &unresolved))
}

impl Watched {
    fn view(&self) -> WorkerView {
        let (now, state) = (Instant::now(), self.worker.state());
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, calls) = std::mem::replace(&mut *before, (now, state.calls));
        let time = now.duration_since(since).as_secs_f64();
        // The mean since somebody last looked says nothing about now.
        let rate =
            (time > 0.0 && time < LONGEST_MEAN).then(|| state.calls.saturating_sub(calls) as f64 / time);
        WorkerView::new(&state, rate)
    }
}

/// The calls of the store that pages make at a time, beside that of the counts. The workers have the rest of its connections, which are
/// four by default.
const CALLS: usize = 1;
/// The longest time over which the calls of a worker are averaged, in seconds.
const LONGEST_MEAN: f64 = 60.0;
/// The records that the overview shows of what needs attention.
const SOME: usize = 10;
/// A store that has not counted after this time is away.
const LONGEST_COUNT: Duration = Duration::from_secs(30);
