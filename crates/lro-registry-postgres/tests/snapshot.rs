//! g09: a transaction that stays open elsewhere keeps the old versions of all rows.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

mod common;

use std::time::{Duration, Instant};

use common::{database, number, request, reschedule, session};
use lro_registry::{
    Store,
    store::{Bucket, ClaimRequest},
};
use lro_registry_postgres::PostgresStore;

/// Prints polls a second and the dead rows, for each tenth of the time.
///
/// `LRO_SECONDS=600 cargo test --release -p lro-registry-postgres --test snapshot -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures a rate, for a minute or more"]
async fn an_open_snapshot_does_not_slow_down_claims() {
    let seconds = std::env::var("LRO_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let Some(config) = database() else { return };
    let store = PostgresStore::builder(&config).connections(4).build().unwrap();
    store.connect().await.unwrap();
    let session = session(&config).await;
    let sql = "INSERT INTO lro.records (key, state, service, version, name, kind, fingerprint, created, due) \
        SELECT md5(i::text), 1, 'example.googleapis.com', 'v1', 'operations/' || i, 'k', '', lro.now_v1(), \
        lro.now_v1() + i * 10 FROM generate_series(1, 100000) AS i";
    session.batch_execute(sql).await.unwrap();
    let reader = common::session(&config).await;
    reader
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM lro.records")
        .await
        .unwrap();
    let mut rates = Vec::new();
    for part in 0..10 {
        let end = Instant::now() + Duration::from_secs(seconds) / 10;
        let workers: Vec<_> = (0..3).map(|_| tokio::spawn(poll(store.clone(), end))).collect();
        let mut slowest = Duration::ZERO;
        let mut polls = 0;
        for worker in workers {
            let (count, slow) = worker.await.unwrap();
            polls += count;
            slowest = slowest.max(slow);
        }
        let dead = "SELECT pg_stat_get_dead_tuples('lro.records'::regclass)";
        let rate = polls as f64 / (seconds as f64 / 10.0);
        println!(
            "part {part}: {rate:.0} polls/s, slowest claim {slowest:?}, {} dead rows",
            number(&session, dead).await
        );
        rates.push(rate);
    }
    println!("{:?}", store.health().await.unwrap().details);
    assert!(rates[9] > rates[0] / 2.0, "{rates:?}");
}

/// Claims and reschedules in batches, at most 2,000 a second for three workers.
async fn poll(store: PostgresStore, end: Instant) -> (usize, Duration) {
    let (mut polls, mut slowest) = (0, Duration::ZERO);
    let bucket = Bucket { quota: "q".into(), capacity: 200.0, refill: 2_000.0 };
    while Instant::now() < end {
        let begun = Instant::now();
        let claim = ClaimRequest { bucket: Some(bucket.clone()), ..request(50) };
        let claimed = store.claim(&claim).await.unwrap();
        slowest = slowest.max(begun.elapsed());
        let write =
            |record: &lro_registry::store::ClaimedRecord| reschedule(&record.fence, Duration::from_secs(20));
        let writes: Vec<_> = claimed.records.iter().map(write).collect();
        if writes.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        } else {
            polls += store.reschedule(&writes).await.unwrap().len();
        }
    }
    (polls, slowest)
}
