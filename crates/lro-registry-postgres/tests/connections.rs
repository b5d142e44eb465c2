//! How the store survives callers that give up, several processes at once and a database that goes away.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

mod common;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use common::{claim, complete, database, entries, entry, number, reschedule, session, store};
use lro_registry::{
    Store, StoreErrorKind,
    store::{Bucket, ClaimRequest, Reschedule, Written},
};
use lro_registry_postgres::PostgresStore;
use lro_testkit::postgres::Postgres;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

#[tokio::test]
async fn the_largest_settings_are_taken() {
    let Some(config) = database() else { return };
    let builder = PostgresStore::builder(&config).connections(usize::MAX).timeout(Duration::MAX);
    builder.build().unwrap().register(&[entry("k")]).await.unwrap();
}

/// g12
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_calls_leave_no_transaction_open() {
    let Some(config) = database() else { return };
    let (store, session) = (store(&config), session(&config).await);
    store.register(&entries("k", 0..200)).await.unwrap();
    let mut longest_idle = 0;
    for round in 0..200 {
        // Each round drops some calls at moments between the first byte and the reply.
        let calls = (0..6).map(|i| {
            let store = store.clone();
            let limit = Duration::from_micros(fastrand::u64(0..6_000));
            tokio::spawn(async move {
                let call = async {
                    let claimed = store.claim(&common::request(3)).await.unwrap();
                    let writes: Vec<_> = claimed
                        .records
                        .iter()
                        .map(|record| reschedule(&record.fence, Duration::ZERO))
                        .collect();
                    store.reschedule(&writes).await.unwrap();
                    store.request_cancel(&[format!("k{:06}", round + i)]).await.unwrap();
                };
                timeout(limit, call).await
            })
        });
        for call in calls.collect::<Vec<_>>() {
            let _ = call.await.unwrap();
        }
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
        longest_idle = longest_idle.max(number(&session, sql).await);
    }
    assert_eq!(longest_idle, 0, "sessions idle in a transaction");
    // A call that was dropped is done within moments. What it left claimed is leased, everything else can be claimed.
    eventually(|| async {
        claim(&store, 500).await;
        number(&session, "SELECT count(*) FROM lro.records WHERE claim IS NOT NULL").await == 200
    })
    .await;
}

/// g12: a reply that is larger than all buffers waits for its reader, after the commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_does_not_read_holds_no_lock() {
    let Some(config) = database() else { return };
    let (others, session) = (store(&config), session(&config).await);
    others.register(&entries("k", 0..30)).await.unwrap();
    let large = |fence| Reschedule { state: vec![0; 500_000], ..reschedule(fence, Duration::ZERO) };
    let claimed = claim(&others, 30).await.records;
    others.reschedule(&claimed.iter().map(|it| large(&it.fence)).collect::<Vec<_>>()).await.unwrap();
    let stalls = Arc::<AtomicBool>::default();
    let server = Postgres::shared().unwrap().port();
    let port = unread(server, Arc::clone(&stalls)).await;
    let behind = config.replace(&format!("port={server}"), &format!("port={port}"));
    let stopped = PostgresStore::builder(&behind).connections(1).timeout(2 * LONGEST).build().unwrap();
    let bucket = Bucket { quota: "q".into(), capacity: 1e6, refill: 1e6 };
    let request = |most| ClaimRequest { bucket: Some(bucket.clone()), ..common::request(most) };
    stopped.claim(&request(0)).await.unwrap();
    stalls.store(true, Ordering::SeqCst);
    let request_of_all = request(30);
    let waiting = tokio::spawn(async move { stopped.claim(&request_of_all).await });
    let sql = "SELECT count(*) FROM lro.records WHERE claim IS NOT NULL";
    eventually(|| async { number(&session, sql).await == 30 }).await;
    assert!(!waiting.is_finished(), "it has read the reply");
    // It needs the row of the bucket.
    others.claim(&request(0)).await.unwrap();
    let transactions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_xmin IS NOT NULL \
        AND pid <> pg_backend_pid()";
    // A connection that is being opened has a snapshot for a moment.
    eventually(|| async { number(&session, transactions).await == 0 }).await;
    assert!(!waiting.is_finished(), "it has read the reply");
}

/// g13
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_creates_the_schema() {
    let Some(config) = database() else { return };
    let tasks = (0..8).map(|i| {
        let store = store(&config);
        tokio::spawn(async move { store.register(&[entry(&format!("k{i}"))]).await.unwrap() })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!(claim(&store(&config), 100).await.records.len(), 8);
    let session = session(&config).await;
    assert_eq!(number(&session, "SELECT count(*) FROM lro.meta WHERE version = 1").await, 1);
    let other = PostgresStore::builder(&config).schema("other_jobs").build().unwrap();
    assert!(claim(&other, 100).await.records.is_empty(), "schemas are apart");
}

/// g25
#[tokio::test]
async fn a_later_schema_is_left_alone() {
    let Some(config) = database() else { return };
    store(&config).register(&[entry("k")]).await.unwrap();
    let session = session(&config).await;
    session.batch_execute("UPDATE lro.meta SET version = 7").await.unwrap();
    assert_eq!(
        claim(&store(&config), 1).await.records.len(),
        1,
        "a later version that this one may still use"
    );
    assert_eq!(number(&session, "SELECT version FROM lro.meta").await, 7);
    session.batch_execute("UPDATE lro.meta SET oldest = 7").await.unwrap();
    let error = store(&config).register(&[entry("l")]).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Newer);
    assert!(error.to_string().contains('7'), "{error}");
    assert_eq!(number(&session, "SELECT count(*) FROM lro.records").await, 1);
}

/// g14
#[tokio::test]
async fn goes_on_when_the_database_returns() {
    let Some(postgres) = Postgres::start() else { return };
    let config = postgres.database();
    postgres.stop();
    let store = store(&config);
    assert_eq!(store.register(&[entry("k")]).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    let begun = Instant::now();
    let mut is_known = false;
    while begun.elapsed() < Duration::from_secs(2) || !is_known {
        let call = Instant::now();
        let error = store.register(&[entry("k")]).await.unwrap_err();
        assert!(call.elapsed() < Duration::from_secs(30), "a call during an outage fails soon");
        assert!(begun.elapsed() < LONGEST, "{error}");
        is_known |= error.to_string().contains("has been away for");
        sleep(Duration::from_millis(50)).await;
    }
    postgres.restart();
    eventually(|| async { store.register(&[entry("k")]).await.is_ok() }).await;
    let fence = claim(&store, 1).await.records.remove(0).fence;
    postgres.kill();
    assert_eq!(store.complete(&[complete(&fence)]).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    postgres.restart();
    eventually(|| async {
        matches!(store.complete(&[complete(&fence)]).await.as_deref(), Ok([Written::Stored]))
    })
    .await;
}

/// g14: an error of a read-only server closes the connection, because the address may lead to another server now.
#[tokio::test]
async fn leaves_a_server_that_has_become_read_only() {
    let Some(config) = database() else { return };
    let (store, session) =
        (PostgresStore::builder(&config).connections(2).build().unwrap(), session(&config).await);
    store.register(&[entry("k")]).await.unwrap();
    let name = common::value(&session, "SELECT current_database()").await;
    let backends = "SELECT coalesce(string_agg(pid::text, ',' ORDER BY pid), '') FROM pg_stat_activity \
        WHERE application_name = 'lro' AND datname = current_database()";
    let before = common::value(&session, backends).await;
    session
        .batch_execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"))
        .await
        .unwrap();
    // A new setting of a database applies to new sessions.
    session
        .batch_execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid IN ({before})"
        ))
        .await
        .unwrap();
    eventually(|| async {
        matches!(store.register(&[entry("l")]).await, Err(error) if error.kind() == StoreErrorKind::ReadOnly)
    })
    .await;
    eventually(|| async { common::value(&session, backends).await.is_empty() }).await;
    session.batch_execute("SET transaction_read_only = off").await.unwrap();
    session.batch_execute(&format!("SET default_transaction_read_only = off; ALTER DATABASE {name} RESET default_transaction_read_only")).await.unwrap();
    eventually(|| async { store.register(&[entry("l")]).await.is_ok() }).await;
}

/// g14: the time-out is the server's, for the statement of the call too.
#[tokio::test]
async fn a_slow_statement_is_ended_by_the_server() {
    let Some(config) = database() else { return };
    store(&config).register(&[entry("k")]).await.unwrap();
    let store = PostgresStore::builder(&config).timeout(Duration::from_millis(700)).build().unwrap();
    let session = session(&config).await;
    session
        .batch_execute(
            "CREATE OR REPLACE FUNCTION lro.now_v1() RETURNS bigint LANGUAGE plpgsql AS \
            $f$ BEGIN PERFORM pg_sleep(60); RETURN 1; END $f$",
        )
        .await
        .unwrap();
    // On a busy machine the client may give up before the server's answer arrives.
    eventually(|| async {
        let error = store.register(&[entry("l")]).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        error.to_string().contains("57014")
    })
    .await;
    assert_eq!(number(&session, "SELECT count(*) FROM lro.records").await, 1, "nothing is half written");
}

/// A proxy for one connection after another that does not read what the server sends while it stalls.
async fn unread(server: u16, stalls: Arc<AtomicBool>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
            let ((mut requests, mut client), (mut replies, mut server)) =
                (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut requests, &mut server).await });
            let stalls = Arc::clone(&stalls);
            tokio::spawn(async move {
                let mut buffer = [0; 4_096];
                loop {
                    while stalls.load(Ordering::SeqCst) {
                        sleep(Duration::from_millis(10)).await;
                    }
                    // A read that has begun before the stall takes one buffer.
                    let Ok(read @ 1..) = replies.read(&mut buffer).await else { return };
                    if client.write_all(&buffer[..read]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

/// What is awaited takes moments, on a machine that is free.
const LONGEST: Duration = Duration::from_secs(180);

async fn eventually<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < LONGEST);
        sleep(Duration::from_millis(50)).await;
    }
}
