//! g16: the cost of wake-up hints for the processes that register.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use lro_registry::{Store, StoreError};
use lro_registry_postgres::PostgresStore;
use lro_testkit::postgres::Postgres;
use tokio_postgres::{AsyncMessage, Client, NoTls};

use super::{Row, Scale, requests::entries};
use crate::Fault;

/// Runs the case: segments with hints and without them in turn.
///
/// # Errors
///
/// The fault of a store.
pub async fn run(scale: Scale) -> Result<Row, Fault> {
    // A hint is expensive because its commit holds a lock while it syncs.
    let Some(postgres) = Postgres::start_with(&["max_wal_size=4GB"]) else {
        return Ok(Row::skipped(CASE, REQUIRED));
    };
    let config = postgres.database();
    let mut stores = Vec::new();
    for _ in 0..STORES {
        let store = PostgresStore::builder(&config).connections(CONNECTIONS).build()?;
        store.connect().await?;
        stores.push(store);
    }
    let heard = Arc::new(AtomicU64::new(0));
    let _listening = listen(&config, Arc::clone(&heard)).await?;
    let (next, time) = (Arc::new(AtomicU32::new(0)), scale.time(FULL) / SEGMENTS);
    let (mut on, mut off, mut hints) = (0, 0, 0);
    // A warm-up of half a segment and the order ABBA cancel what changes with time.
    segment(&stores, &next, NEVER, time / 2).await?;
    for turn in 0..SEGMENTS {
        for has_hints in [turn % 2 == 0, turn % 2 != 0] {
            let before = heard.load(Relaxed);
            let delay = if has_hints { Duration::ZERO } else { NEVER };
            let registered = segment(&stores, &next, delay, time).await?;
            if has_hints {
                on += registered;
                hints += heard.load(Relaxed) - before;
            } else {
                off += registered;
            }
        }
    }
    let (ratio, seconds) = (f64::from(on) / f64::from(off), (time * SEGMENTS).as_secs_f64());
    let measured = format!(
        "{ratio:.3}: {:.0}/s with hints, {:.0}/s without; {:.1} hints a second of {STORES} processes",
        f64::from(on) / seconds,
        f64::from(off) / seconds,
        hints as f64 / seconds
    );
    Ok(Row::new(CASE, REQUIRED, measured, true, ratio >= 0.9))
}

/// Registers records one by one from all connections. Returns how many were registered.
async fn segment(
    stores: &[PostgresStore],
    next: &Arc<AtomicU32>,
    delay: Duration,
    time: Duration,
) -> Result<u32, Fault> {
    let end = Instant::now() + time;
    let tasks = (0..STORES * CONNECTIONS)
        .map(|task| tokio::spawn(register(stores[task % STORES].clone(), Arc::clone(next), delay, end)));
    let mut registered = 0;
    for task in try_join_all(tasks).await? {
        registered += task?;
    }
    Ok(registered)
}

async fn register(
    store: PostgresStore,
    next: Arc<AtomicU32>,
    delay: Duration,
    end: Instant,
) -> Result<u32, StoreError> {
    let mut registered = 0;
    while Instant::now() < end {
        let number = next.fetch_add(1, Relaxed);
        let mut batch = entries(number..number + 1).unwrap_or_default();
        batch.iter_mut().for_each(|entry| entry.delay = delay);
        store.register(&batch).await?;
        registered += 1;
    }
    Ok(registered)
}

/// Counts the hints while the client lives.
async fn listen(config: &str, heard: Arc<AtomicU64>) -> Result<Client, Fault> {
    let (client, mut connection) = tokio_postgres::connect(config, NoTls).await?;
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(_) = message {
                heard.fetch_add(1, Relaxed);
            }
        }
    });
    client.batch_execute("LISTEN lro").await?;
    Ok(client)
}

const CASE: &str = "g16";
const REQUIRED: &str = "16 connections register: at least 0.9 of the rate without hints";
/// The full time with hints, and the same time without them.
const FULL: Duration = Duration::from_secs(60);
/// The segments of each kind.
const SEGMENTS: u32 = 12;
/// The stores, which stand for processes: each sends its own hints.
const STORES: usize = 4;
const CONNECTIONS: usize = 4;
/// The delay of records that cause no hint, because they are due later.
const NEVER: Duration = Duration::from_secs(1_000_000);
