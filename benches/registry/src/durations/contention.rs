//! g10: all writes on overlapping keys in random order, under other isolation levels than the one that the store sets.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use lro_registry::{
    Store, StoreError,
    store::{Bucket, ClaimRequest, Fence, GiveBack},
};
use lro_registry_postgres::PostgresStore;
use lro_testkit::postgres::Postgres;

use super::{
    Row, Scale,
    requests::{claim, complete, delivery, entries, reschedule},
    sessions::session,
};
use crate::{Fault, server::name_of};

/// Runs the case, half of the time at each level.
///
/// # Errors
///
/// A server that does not start.
pub async fn run(scale: Scale) -> Result<Row, Fault> {
    // The server logs a deadlock when a session finds it, here early.
    let Some(postgres) = Postgres::start_with(&["fsync=off", "deadlock_timeout=50ms"]) else {
        return Ok(Row::skipped(CASE, REQUIRED));
    };
    let (mut made, mut failures) = (0, Vec::new());
    for level in ["serializable", "repeatable read"] {
        let store = store(&postgres, level).await?;
        let end = Instant::now() + scale.time(FULL) / 2;
        let storms = (0..CONNECTIONS).map(|_| tokio::spawn(storm(store.clone(), end)));
        for (calls, failed) in try_join_all(storms).await? {
            made += calls;
            failures.extend(failed);
        }
    }
    let log = postgres.log();
    let deadlocks = log.matches("deadlock detected").count();
    let repeated = deadlocks + log.matches("could not serialize").count();
    let failed = failures.len();
    let first = failures.first().map(|failure| format!(" ({failure})")).unwrap_or_default();
    let measured =
        format!("{made} calls: {deadlocks} deadlocks, {failed} failed{first}, {repeated} repeated");
    Ok(Row::new(CASE, REQUIRED, measured, deadlocks == 0 && failed == 0, true))
}

/// Returns a store whose role has another level as its default.
async fn store(postgres: &Postgres, level: &str) -> Result<PostgresStore, Fault> {
    let config = postgres.database();
    let role = level.replace(' ', "_");
    let sql = format!(
        "CREATE ROLE {role} LOGIN SUPERUSER; ALTER ROLE {role} SET default_transaction_isolation = '{level}'"
    );
    session(&config).await?.batch_execute(&sql).await?;
    let config = config.replace("user=postgres", &format!("user={role}"));
    let store = PostgresStore::builder(&config).connections(CONNECTIONS).build()?;
    store.connect().await?;
    Ok(store)
}

/// Makes calls until the end. Returns their number and the failures.
async fn storm(store: PostgresStore, end: Instant) -> (u64, Vec<StoreError>) {
    let (mut calls, mut failures) = (0, Vec::new());
    while Instant::now() < end {
        // One claim and one write.
        calls += 2;
        failures.extend(step(&store).await.err());
    }
    (calls, failures)
}

async fn step(store: &PostgresStore) -> Result<(), StoreError> {
    let bucket = fastrand::bool().then(|| Bucket { quota: "q".into(), capacity: 1e6, refill: 1e6 });
    let request = ClaimRequest { bucket, is_random: fastrand::bool(), ..claim(20, LEASE) };
    let claimed = store.claim(&request).await?;
    let mut fences: Vec<_> = claimed.records.into_iter().map(|record| record.fence).collect();
    fastrand::shuffle(&mut fences);
    if fastrand::bool() { by_fence(store, fences).await } else { by_key(store).await }
}

async fn by_fence(store: &PostgresStore, fences: Vec<Fence>) -> Result<(), StoreError> {
    let give_back = |fence| GiveBack { fence, delay: Duration::ZERO, counts: false, error: None };
    match fastrand::u8(0..5) {
        0 | 1 => {
            let writes: Vec<_> = fences.into_iter().map(|it| reschedule(it, Duration::ZERO)).collect();
            store.reschedule(&writes).await.map(drop)
        }
        2 => store.complete(&fences.into_iter().map(complete).collect::<Vec<_>>()).await.map(drop),
        3 => store.give_back(&fences.into_iter().map(give_back).collect::<Vec<_>>()).await.map(drop),
        _ => store.withdraw(&fences).await.map(drop),
    }
}

async fn by_key(store: &PostgresStore) -> Result<(), StoreError> {
    let mut keys: Vec<_> = (0..KEYS).map(name_of).collect();
    fastrand::shuffle(&mut keys);
    keys.truncate(fastrand::usize(1..20));
    match fastrand::u8(0..6) {
        0 => store.request_cancel(&keys).await.map(drop),
        1 => store.forget(&keys).await.map(drop),
        2 => store.take_back(&keys).await.map(drop),
        3 | 4 => {
            let mut entries = entries(0..KEYS).unwrap_or_default();
            entries.retain(|entry| keys.contains(&entry.key));
            fastrand::shuffle(&mut entries);
            store.register(&entries).await.map(drop)
        }
        _ => {
            let delivered = store.undelivered(&delivery(10)).await?;
            let mut fences: Vec<_> = delivered.into_iter().map(|it| it.fence).collect();
            fastrand::shuffle(&mut fences);
            store.acknowledge(&fences).await?;
            store.retain(Duration::ZERO, 10).await.map(drop)
        }
    }
}

const CASE: &str = "g10";
const REQUIRED: &str =
    "8 connections, overlapping keys, roles SERIALIZABLE and REPEATABLE READ: 0 deadlocks, 0 calls failed";
/// The full time, for both levels together.
const FULL: Duration = Duration::from_secs(300);
const CONNECTIONS: usize = 8;
const KEYS: u32 = 40;
/// The lease. It is short, so that claims end while their calls are made.
const LEASE: Duration = Duration::from_millis(20);
