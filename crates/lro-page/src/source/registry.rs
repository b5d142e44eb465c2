use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lro_registry::{
    ListRequest, Record, RecordState, Registry, StoreError, WorkerWatch, store::CountRequest,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use super::{Fault, bounded};
use crate::{
    fresh::{Computed, Fresh},
    view::overview::{RegistryOverview, WorkerView},
};

/// A registry, its counts, and the workers of this process.
#[derive(Debug)]
pub(crate) struct OfRegistry {
    registry: Registry,
    workers: Arc<Vec<Watched>>,
    overview: Arc<Fresh<RegistryOverview>>,
    /// The calls that are not shared.
    calls: Semaphore,
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
        Self { registry, workers, overview: Fresh::new(), calls: Semaphore::new(CALLS) }
    }

    /// Returns the counts, which all open pages share. `None` if they are being made for the first time.
    pub(crate) async fn overview(&self) -> Option<Arc<Computed<RegistryOverview>>> {
        let (registry, workers) = (self.registry.clone(), Arc::clone(&self.workers));
        self.overview
            .get(|| async move {
                let overview = match timeout(LONGEST_COUNT, counted(&registry)).await {
                    Ok(Ok(overview)) => overview,
                    Ok(Err(error)) => RegistryOverview::fault(&error.to_string()),
                    Err(_) => RegistryOverview::fault("the store does not answer"),
                };
                RegistryOverview { workers: workers.iter().map(Watched::view).collect(), ..overview }
            })
            .await
    }

    pub(crate) async fn list(&self, request: &ListRequest) -> Result<Vec<Record>, Fault> {
        bounded(self.one_of_few(self.registry.list(request))).await
    }

    pub(crate) async fn operation(&self, key: &str) -> Result<Record, Fault> {
        let record = bounded(self.one_of_few(self.registry.get(key))).await?;
        record.ok_or(Fault::NotFound)
    }

    async fn one_of_few<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        // The semaphore is never closed.
        let _permit = self.calls.acquire().await;
        call.await
    }
}

/// Makes the calls one after the other: each is short, and leaves others their turn.
async fn counted(registry: &Registry) -> Result<RegistryOverview, StoreError> {
    let health = registry.health().await?;
    let counts = registry.counts(&CountRequest::default()).await?;
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
        let rate = (time > 0.0).then(|| state.calls.saturating_sub(calls) as f64 / time);
        WorkerView::new(&state, rate)
    }
}

/// The calls of the store that pages make at a time. The workers have the rest of its connections.
const CALLS: usize = 4;
/// The records that the overview shows of what needs attention.
const SOME: usize = 10;
/// A store that has not counted after this time is away.
const LONGEST_COUNT: Duration = Duration::from_secs(30);
