use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use lro::Service;
use lro_registry::{
    Record, Store, StoreError,
    store::{
        CancelRequested, ClaimRequest, Claimed, Complete, CountRequest, Counts, DeliveryRequest, Entry,
        Fence, Finished, GiveBack, Health, ListRequest, Registered, Reschedule, Undelivered, Written,
    },
};
use tokio::{sync::Notify, task::AbortHandle, time::Instant};
use tokio_postgres::SimpleQueryRow;

use crate::{
    PostgresStoreBuilder,
    call::Call,
    claims,
    connection::{Connector, Pool, Settings},
    counts, health,
    listen::Listener,
    marks::{Marks, Start},
    notify::Notifier,
    records,
    row::{Row, corrupt},
    time::{count, micros},
    writes,
};

/// A [`Store`] in PostgreSQL. See the [crate](crate) for what it promises.
///
/// A clone shares the connections. All calls of a store must be made in one tokio runtime, which has its connections.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pool: Pool,
    marks: Marks,
    changed: Arc<Notify>,
    notifier: OnceLock<Arc<Notifier>>,
    /// What the listening task needs until it is started.
    listener: Mutex<Option<Connector>>,
    listening: OnceLock<AbortHandle>,
}

impl PostgresStore {
    /// Creates a store from a connection string, such as `host=db.example.com user=lro dbname=jobs sslmode=require` or
    /// `postgres://lro@db.example.com/jobs?sslmode=require`.
    ///
    /// It connects with the first call, and creates its schema then.
    ///
    /// # Errors
    ///
    /// [`Invalid`](lro_registry::StoreErrorKind::Invalid) if the connection string is not valid. A database that cannot be
    /// reached is no error here.
    pub fn new(config: &str) -> Result<Self, StoreError> {
        Self::builder(config).build()
    }

    /// Returns a builder with a connection string, as [`new`](Self::new) takes it.
    pub fn builder(config: &str) -> PostgresStoreBuilder {
        PostgresStoreBuilder::new(config)
    }

    /// Connects and creates the schema now, so that a fault is reported before the first call.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    pub async fn connect(&self) -> Result<(), StoreError> {
        self.run("SELECT 1".to_owned()).await.map(drop)
    }

    pub(crate) fn with(connector: Connector, listener: Option<Connector>, settings: Settings) -> Self {
        let shared = Shared {
            pool: Pool::new(connector, settings),
            marks: Marks::default(),
            changed: Arc::default(),
            notifier: OnceLock::new(),
            listener: Mutex::new(listener),
            listening: OnceLock::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    async fn run(&self, statement: String) -> Result<Vec<SimpleQueryRow>, StoreError> {
        self.shared.pool.run(statement).await
    }

    /// For a statement that locks rows and has a reply that may be large.
    async fn run_held(&self, statement: String) -> Result<Vec<SimpleQueryRow>, StoreError> {
        self.shared.pool.run_held(statement).await
    }

    fn schema(&self) -> &str {
        self.shared.pool.schema()
    }

    fn notifier(&self) -> &Arc<Notifier> {
        let start = || Arc::new(Notifier::start(self.shared.pool.clone()));
        self.shared.notifier.get_or_init(start)
    }

    fn notify_if(&self, is_due: bool) {
        if is_due {
            self.notifier().notify();
        }
    }

    /// Runs a full search for what is due below the mark, beside the calls.
    fn search(&self, service: Option<&Service>, start: Start) {
        if !start.needs_search {
            return;
        }
        let call = match service {
            Some(service) => Call::new(self.schema(), "below_v1")
                .bytes(service.key().as_bytes())
                .bytes(service.version().as_bytes()),
            None => Call::new(self.schema(), "undelivered_below_v1"),
        };
        let (this, service, call) = (self.clone(), service.cloned(), call.number(start.mark).finish());
        tokio::spawn(async move {
            let begun = Instant::now();
            if let Ok(rows) = this.run(call).await
                && let Some(Ok(below)) = rows.first().map(|row| Row::new(row).maybe_number())
            {
                this.shared.marks.searched(service.as_ref(), begun, below);
            }
        });
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn register(&self, entries: &[Entry]) -> Result<Vec<Registered>, StoreError> {
        let rows = self.run_held(records::register(self.schema(), entries)).await?;
        let registered: Vec<_> = rows.iter().map(records::registered).collect::<Result<_, _>>()?;
        if registered.len() != entries.len() {
            return Err(corrupt("a record for each entry"));
        }
        self.notify_if(registered.iter().any(Registered::needs_hint));
        Ok(registered)
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed, StoreError> {
        let service = Some(&request.service);
        let start = self.shared.marks.start(service);
        self.search(service, start);
        let rows = self.run_held(claims::claim(self.schema(), request, start.mark)).await?;
        let (claimed, low) = claims::claimed(request, &rows)?;
        self.shared.marks.found(service, start, low);
        Ok(claimed)
    }

    async fn reschedule(&self, items: &[Reschedule]) -> Result<Vec<Written>, StoreError> {
        let rows = self.run(writes::reschedule(self.schema(), items)).await?;
        let written = writes::written(items.len(), &rows)?;
        let is_stored = |(item, written): (&Reschedule, _)| item.needs_hint() && written == Written::Stored;
        let is_started = items.iter().zip(written.iter().copied()).any(is_stored);
        self.notify_if(is_started || writes::is_sooner(&rows));
        Ok(written)
    }

    async fn complete(&self, items: &[Complete]) -> Result<Vec<Written>, StoreError> {
        writes::written(items.len(), &self.run(writes::complete(self.schema(), items)).await?)
    }

    async fn give_back(&self, items: &[GiveBack]) -> Result<Vec<Written>, StoreError> {
        writes::written(items.len(), &self.run(writes::give_back(self.schema(), items)).await?)
    }

    async fn withdraw(&self, fences: &[Fence]) -> Result<Vec<Written>, StoreError> {
        writes::written(fences.len(), &self.run(writes::withdraw(self.schema(), fences)).await?)
    }

    async fn undelivered(&self, request: &DeliveryRequest) -> Result<Vec<Undelivered>, StoreError> {
        let start = self.shared.marks.start(None);
        self.search(None, start);
        let rows = self.run_held(claims::deliver(self.schema(), request, start.mark)).await?;
        let (delivered, low) = claims::delivered(request, &rows)?;
        self.shared.marks.found(None, start, low);
        Ok(delivered)
    }

    async fn acknowledge(&self, fences: &[Fence]) -> Result<Vec<Written>, StoreError> {
        writes::written(fences.len(), &self.run(writes::acknowledge(self.schema(), fences)).await?)
    }

    async fn get(&self, keys: &[String]) -> Result<Vec<Option<Record>>, StoreError> {
        records::got(keys, &self.run(records::get(self.schema(), keys)).await?)
    }

    async fn list(&self, request: &ListRequest) -> Result<Vec<Record>, StoreError> {
        let rows = self.run(records::list(self.schema(), request)).await?;
        rows.iter().map(|row| records::record(row, request.payloads)).collect()
    }

    async fn request_cancel(&self, keys: &[String]) -> Result<Vec<CancelRequested>, StoreError> {
        let rows = self.run(writes::of_keys(self.schema(), "request_cancel_v1", keys)).await?;
        let requested: Vec<_> = rows.iter().map(cancel_requested).collect::<Result<_, _>>()?;
        self.notify_if(requested.contains(&CancelRequested::Requested));
        Ok(requested)
    }

    async fn take_back(&self, keys: &[String]) -> Result<Vec<bool>, StoreError> {
        let rows = self.run(writes::of_keys(self.schema(), "take_back_v1", keys)).await?;
        let taken = writes::is_among(keys.len(), &rows)?;
        self.notify_if(taken.contains(&true));
        Ok(taken)
    }

    async fn forget(&self, keys: &[String]) -> Result<Vec<bool>, StoreError> {
        let rows = self.run(writes::of_keys(self.schema(), "forget_v1", keys)).await?;
        writes::is_among(keys.len(), &rows)
    }

    async fn retain(&self, acknowledged_for: Duration, most: usize) -> Result<usize, StoreError> {
        let call = Call::new(self.schema(), "retain_v1").number(micros(acknowledged_for)).number(count(most));
        let rows = self.run(call.finish()).await?;
        let row = rows.first().ok_or_else(|| corrupt("a number"))?;
        Ok(usize::try_from(Row::new(row).number()?).unwrap_or_default())
    }

    async fn finished(&self, after: i64, most: usize) -> Result<Vec<(i64, Finished)>, StoreError> {
        let call = Call::new(self.schema(), "finished_v1").number(after).number(count(most));
        self.run(call.finish()).await?.iter().map(finished).collect()
    }

    async fn health(&self) -> Result<Health, StoreError> {
        let rows = self.run(health::statement(self.schema())).await?;
        health::health(&rows)
    }

    async fn counts(&self, request: &CountRequest) -> Result<Counts, StoreError> {
        counts::counts(request, &self.run(counts::statement(self.schema(), request)).await?)
    }

    async fn changed(&self) {
        let connector = self.shared.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(connector) = connector {
            let (schema, changed) = (self.schema().to_owned(), Arc::clone(&self.shared.changed));
            let notifier = Arc::clone(self.notifier());
            let listener = Listener { connector, schema, changed, notifier };
            let _ = self.shared.listening.set(tokio::spawn(listener.run()).abort_handle());
        }
        self.shared.changed.notified().await;
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.get() {
            listening.abort();
        }
    }
}

fn cancel_requested(row: &SimpleQueryRow) -> Result<CancelRequested, StoreError> {
    match Row::new(row).number()? {
        0 => Ok(CancelRequested::Requested),
        1 => Ok(CancelRequested::Already),
        2 => Ok(CancelRequested::Ended),
        3 => Ok(CancelRequested::Unknown),
        _ => Err(corrupt("a result of a cancellation")),
    }
}

fn finished(row: &SimpleQueryRow) -> Result<(i64, Finished), StoreError> {
    let mut row = Row::new(row);
    let (number, worker, kind) = (row.number()?, row.number()?, row.string()?);
    let (running, done, polls) = (row.duration()?, row.maybe_duration()?, row.count()?);
    Ok((number, Finished { worker, kind, running, done, polls }))
}
