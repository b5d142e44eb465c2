//! g09: a transaction of another session that stays open, and keeps the old versions of all rows.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use lro_registry::{
    Store, StoreError,
    store::{Bucket, ClaimRequest},
};
use lro_registry_postgres::PostgresStore;
use lro_testkit::postgres::Postgres;
use tokio::time::sleep;
use tokio_postgres::Client;

use super::{
    Row, Scale,
    requests::{claim, reschedule},
    sessions::{session, value},
};
use crate::Fault;

/// The work of the workers in a minute.
#[derive(Debug, Default)]
struct Minute {
    polls: usize,
    /// The time of each claim.
    claims: Vec<Duration>,
}

/// Runs the case. The figures of each minute are printed to the standard error.
///
/// # Errors
///
/// The fault of the store.
pub async fn run(scale: Scale) -> Result<Row, Fault> {
    let Some(postgres) = Postgres::start() else { return Ok(Row::skipped(CASE, REQUIRED)) };
    let config = postgres.database();
    let store = PostgresStore::builder(&config).connections(WORKERS + 1).build()?;
    store.connect().await?;
    let (admin, reader) = (session(&config).await?, session(&config).await?);
    admin.batch_execute(FILL).await?;
    reader.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM lro.records").await?;
    let (minute, mut rates) = (scale.time(MINUTE), Vec::new());
    for number in 1..=MINUTES {
        rates.push(measured(&store, &admin, minute, &format!("minute {number}")).await?);
    }
    let health = store.health().await?.details;
    let snapshot = health.iter().find(|(name, _)| *name == "oldest snapshot");
    reader.batch_execute("COMMIT").await?;
    let after = measured(&store, &admin, minute, "the minute after it").await?;
    let (first, last) = (rates[0], rates[rates.len() - 1]);
    let age = snapshot.map_or_else(|| "none".to_owned(), |(_, age)| format!("{age:?}"));
    let measured = format!(
        "{first:.0} polls/s in minute 1, {last:.0} in minute 10, {after:.0} in the one after; oldest snapshot {age}"
    );
    let holds = last >= first / 2.0 && after >= first * 0.9;
    Ok(Row::new(CASE, REQUIRED, measured, snapshot.is_some(), holds))
}

/// Polls for a minute, prints its figures and returns the rate.
async fn measured(
    store: &PostgresStore,
    admin: &Client,
    minute: Duration,
    title: &str,
) -> Result<f64, Fault> {
    let end = Instant::now() + minute;
    let workers = (0..WORKERS).map(|_| tokio::spawn(poll(store.clone(), end)));
    let mut all = Minute::default();
    for worker in try_join_all(workers).await? {
        let Minute { polls, claims } = worker?;
        all.polls += polls;
        all.claims.extend(claims);
    }
    all.claims.sort_unstable();
    let p99 = all.claims.get(all.claims.len() * 99 / 100).copied().unwrap_or_default();
    let (polls, claims) = (per_second(all.polls, minute), per_second(all.claims.len(), minute));
    let dead = value(admin, DEAD).await?;
    eprintln!("{CASE}: {title}: {polls:.0} polls/s, {claims:.0} claims/s, p99 {p99:.1?}, dead rows: {dead}");
    Ok(polls)
}

/// Claims and reschedules in batches, within the rate of all workers.
async fn poll(store: PostgresStore, end: Instant) -> Result<Minute, StoreError> {
    let mut minute = Minute::default();
    let bucket = Bucket { quota: "q".into(), capacity: RATE / 10.0, refill: RATE };
    while Instant::now() < end {
        let request = ClaimRequest { bucket: Some(bucket.clone()), ..claim(50, Duration::from_secs(30)) };
        let begun = Instant::now();
        let claimed = store.claim(&request).await?;
        minute.claims.push(begun.elapsed());
        let writes: Vec<_> = claimed.records.into_iter().map(|it| reschedule(it.fence, DELAY)).collect();
        if writes.is_empty() {
            sleep(Duration::from_millis(10)).await;
        } else {
            minute.polls += store.reschedule(&writes).await?.len();
        }
    }
    Ok(minute)
}

fn per_second(number: usize, time: Duration) -> f64 {
    number as f64 / time.as_secs_f64()
}

const CASE: &str = "g09";
const REQUIRED: &str = "a snapshot open for 10 minutes, 100,000 pending, 2,000 polls/s: half of the rate at its end, 0.9 of it in the minute after";
const MINUTE: Duration = Duration::from_secs(60);
const MINUTES: u32 = 10;
const WORKERS: usize = 3;
/// The polls in a second.
const RATE: f64 = 2_000.0;
/// The delay between two polls, shorter than the time in which all records are polled once, so that a record is always due.
const DELAY: Duration = Duration::from_secs(20);
const FILL: &str = "INSERT INTO lro.records (key, state, service, version, name, kind, fingerprint, created, due) \
    SELECT md5(i::text), 1, 'jobs.example.com', 'v1', 'operations/' || i, 'k', '', lro.now_v1(), \
    lro.now_v1() + i * 10 FROM generate_series(1, 100000) AS i";
const DEAD: &str = "SELECT format('%s of the records, %s of the buckets', \
    pg_stat_get_dead_tuples('lro.records'::regclass), pg_stat_get_dead_tuples('lro.buckets'::regclass))";
