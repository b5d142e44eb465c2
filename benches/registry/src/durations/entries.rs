//! g19: batches with the same keys in different order, while other tasks complete and forget the records.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use lro_registry::{
    Store, StoreError,
    store::{Entry, Registered},
};
use lro_registry_postgres::PostgresStore;
use lro_registry_sqlite::SqliteStore;
use lro_testkit::postgres::Postgres;

use super::{
    Row, Scale,
    requests::{claim, complete, delivery, entries},
};
use crate::{Fault, server::name_of, stores::Folder};

/// The results of the batches of a store.
#[derive(Debug, Default)]
struct Returned {
    new: u64,
    existing: u64,
    conflicts: u64,
    /// Results that are missing or belong to another entry.
    wrong: u64,
    failures: Vec<StoreError>,
    forgotten: u64,
}

/// Runs the case on both stores at the same time.
///
/// # Errors
///
/// A server that does not start.
pub async fn run(scale: Scale) -> Result<Row, Fault> {
    let folder = Folder::new()?;
    let sqlite = Arc::new(SqliteStore::open(folder.path().join("registry.db")).await?);
    let Some(postgres) = Postgres::start() else { return Ok(Row::skipped(CASE, REQUIRED)) };
    let shared = PostgresStore::builder(&postgres.database()).connections(CONNECTIONS).build()?;
    shared.connect().await?;
    let time = scale.time(FULL);
    let (in_file, on_server) = tokio::try_join!(storm(sqlite, time), storm(Arc::new(shared), time))?;
    let measured = format!("SQLite: {}; PostgreSQL: {}", in_file.shown(), on_server.shown());
    Ok(Row::new(CASE, REQUIRED, measured, in_file.holds() && on_server.holds(), true))
}

async fn storm(store: Arc<dyn Store>, time: Duration) -> Result<Returned, Fault> {
    let end = Instant::now() + time;
    let tasks = (0..TASKS).map(|_| tokio::spawn(register(Arc::clone(&store), end)));
    let others = (0..WORKERS).map(|_| tokio::spawn(work(Arc::clone(&store), end)));
    let (tasks, others) = tokio::try_join!(try_join_all(tasks), try_join_all(others))?;
    let mut all = Returned::default();
    for one in tasks.into_iter().chain(others) {
        all.new += one.new;
        all.existing += one.existing;
        all.conflicts += one.conflicts;
        all.wrong += one.wrong;
        all.forgotten += one.forgotten;
        all.failures.extend(one.failures);
    }
    Ok(all)
}

/// Registers batches until the end. One entry of each has another fingerprint.
async fn register(store: Arc<dyn Store>, end: Instant) -> Returned {
    let mut returned = Returned::default();
    while Instant::now() < end {
        let mut batch = entries(0..KEYS).unwrap_or_default();
        fastrand::shuffle(&mut batch);
        if let Some(other) = fastrand::choice(&mut batch) {
            other.fingerprint = "other".to_owned();
        }
        match store.register(&batch).await {
            Ok(registered) => returned.count(&batch, &registered),
            Err(failure) => returned.failures.push(failure),
        }
    }
    returned
}

/// Completes, acknowledges and forgets until the end.
async fn work(store: Arc<dyn Store>, end: Instant) -> Returned {
    let mut returned = Returned::default();
    while Instant::now() < end {
        match round(&*store).await {
            Ok(forgotten) => returned.forgotten += forgotten,
            Err(failure) => returned.failures.push(failure),
        }
    }
    returned
}

/// Returns how many records were forgotten.
async fn round(store: &dyn Store) -> Result<u64, StoreError> {
    let claimed = store.claim(&claim(5, Duration::from_secs(1))).await?;
    let outcomes: Vec<_> = claimed.records.into_iter().map(|record| complete(record.fence)).collect();
    store.complete(&outcomes).await?;
    let delivered = store.undelivered(&delivery(5)).await?;
    store.acknowledge(&delivered.into_iter().map(|it| it.fence).collect::<Vec<_>>()).await?;
    let mut keys: Vec<_> = (0..KEYS).map(name_of).collect();
    fastrand::shuffle(&mut keys);
    let forgotten = store.forget(&keys[..fastrand::usize(1..keys.len())]).await?;
    Ok(forgotten.into_iter().filter(|was_there| *was_there).count() as u64)
}

impl Returned {
    fn count(&mut self, batch: &[Entry], registered: &[Registered]) {
        self.wrong += batch.len().abs_diff(registered.len()) as u64;
        for (entry, registered) in batch.iter().zip(registered) {
            let (Registered::New(record) | Registered::Existing(record) | Registered::Conflict(record)) =
                registered;
            let is_conflict = matches!(registered, Registered::Conflict(_));
            let is_same = record.fingerprint == entry.fingerprint;
            if record.key != entry.key || is_same == is_conflict {
                self.wrong += 1;
            }
            match registered {
                Registered::New(_) => self.new += 1,
                Registered::Existing(_) => self.existing += 1,
                Registered::Conflict(_) => self.conflicts += 1,
            }
        }
    }

    /// Returns whether the counts hold. Without records that were forgotten between two batches, the case shows nothing.
    fn holds(&self) -> bool {
        self.wrong == 0 && self.failures.is_empty() && self.new > 0 && self.forgotten > 0
    }

    fn shown(&self) -> String {
        let Self { new, existing, conflicts, wrong, failures, forgotten } = self;
        let first = failures.first().map(|failure| format!(" ({failure})")).unwrap_or_default();
        let entries = new + existing + conflicts;
        format!(
            "{entries} entries ({new} new, {existing} existing, {conflicts} conflicts), {forgotten} forgotten, \
             {wrong} wrong, {} calls failed{first}",
            failures.len()
        )
    }
}

const CASE: &str = "g19";
const REQUIRED: &str = "8 tasks, the same 10 keys in any order, others complete and forget: 0 entries without their result, 0 calls failed";
/// The full time. Both stores run at the same time.
const FULL: Duration = Duration::from_secs(300);
const TASKS: usize = 8;
const WORKERS: usize = 2;
const CONNECTIONS: usize = TASKS + WORKERS;
const KEYS: u32 = 10;
