//! Many calls on the same records at the same time.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

mod common;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use common::{complete, database, delivery, entries, entry, request, reschedule, session, store, value};
use lro_registry::{
    Record, RecordState, Store,
    store::{
        Bucket, CancelRequested, CancelState, CancelStep, ClaimRequest, GiveBack, Registered, Reschedule,
        Written,
    },
};
use lro_registry_postgres::PostgresStore;
use lro_testkit::postgres::Postgres;

/// g10, the short form. The long one is in `benches/registry`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overlapping_batches_do_not_deadlock_g10() {
    let Some(postgres) = Postgres::start_with(&["fsync=off", "deadlock_timeout=50ms"]) else { return };
    for level in ["serializable", "repeatable read"] {
        let config = postgres.database();
        let session = session(&config).await;
        let name = value(&session, "SELECT current_database()").await;
        let sql = format!("ALTER DATABASE {name} SET default_transaction_isolation = '{level}'");
        session.batch_execute(&sql).await.unwrap();
        let store =
            PostgresStore::builder(&config).connections(8).timeout(Duration::from_secs(60)).build().unwrap();
        store.register(&entries("k", 0..40)).await.unwrap();
        let end = Instant::now() + Duration::from_secs(5);
        let tasks: Vec<_> = (0..8).map(|_| tokio::spawn(storm(store.clone(), end))).collect();
        for task in tasks {
            task.await.unwrap();
        }
    }
    let log = postgres.log();
    for fault in ["deadlock detected", "could not serialize"] {
        let at = log.find(fault);
        assert!(
            at.is_none(),
            "{}",
            &log[at.unwrap_or_default()..].lines().take(20).collect::<Vec<_>>().join("\n")
        );
    }
}

/// Calls with random batches in random order, until the end.
async fn storm(store: PostgresStore, end: Instant) {
    while Instant::now() < end {
        let mut keys: Vec<_> = (0..40).map(|i| format!("k{i:06}")).collect();
        fastrand::shuffle(&mut keys);
        keys.truncate(fastrand::usize(1..20));
        let bucket = fastrand::bool().then(|| Bucket { quota: "q".into(), capacity: 1e6, refill: 1e6 });
        let lease = Duration::from_millis(20);
        let is_random = fastrand::bool();
        let claim = ClaimRequest { bucket, lease, most_claims: 1_000, is_random, ..request(20) };
        let mut fences: Vec<_> =
            store.claim(&claim).await.unwrap().records.into_iter().map(|it| it.fence).collect();
        fastrand::shuffle(&mut fences);
        let error = Some("e".to_owned());
        match fastrand::u8(0..9) {
            0 | 1 => drop(
                store
                    .reschedule(
                        &fences.iter().map(|fence| reschedule(fence, Duration::ZERO)).collect::<Vec<_>>(),
                    )
                    .await
                    .unwrap(),
            ),
            2 => drop(store.complete(&fences.iter().map(complete).collect::<Vec<_>>()).await.unwrap()),
            3 => {
                let give_back =
                    |fence| GiveBack { fence, delay: Duration::ZERO, counts: false, error: error.clone() };
                store.give_back(&fences.into_iter().map(give_back).collect::<Vec<_>>()).await.unwrap();
            }
            4 => drop(store.request_cancel(&keys).await.unwrap()),
            8 => {
                let written = store.withdraw(&fences).await.unwrap();
                assert!(written.iter().all(|it| *it == Written::Fenced), "{written:?}");
            }
            5 => drop(store.forget(&keys).await.unwrap()),
            6 => drop(store.register(&keys.iter().map(|key| entry(key)).collect::<Vec<_>>()).await.unwrap()),
            _ => {
                let delivered = store.undelivered(&delivery(10)).await.unwrap();
                store
                    .acknowledge(&delivered.into_iter().map(|it| it.fence).collect::<Vec<_>>())
                    .await
                    .unwrap();
                store.retain(Duration::ZERO, 10).await.unwrap();
            }
        }
    }
}

/// g19
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_entry_has_its_record_while_others_forget_them() {
    let Some(config) = database() else { return };
    let store =
        PostgresStore::builder(&config).connections(12).timeout(Duration::from_secs(60)).build().unwrap();
    store.connect().await.unwrap();
    let end = Instant::now() + Duration::from_secs(5);
    let registering = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut batches = 0;
            while batches == 0 || Instant::now() < end {
                let mut batch = entries("k", 0..10);
                fastrand::shuffle(&mut batch);
                let other = fastrand::usize(0..10);
                batch[other].fingerprint = "other".to_owned();
                let registered = store.register(&batch).await.unwrap();
                assert_eq!(registered.len(), 10);
                for (entry, registered) in batch.iter().zip(registered) {
                    match registered {
                        Registered::New(record) | Registered::Existing(record) => {
                            assert_eq!((&record.key, &record.fingerprint), (&entry.key, &entry.fingerprint));
                        }
                        Registered::Conflict(record) => {
                            assert_eq!(record.key, entry.key);
                            assert_ne!(record.fingerprint, entry.fingerprint);
                        }
                    }
                }
                batches += 1;
            }
            batches
        })
    });
    let registering: Vec<_> = registering.collect();
    while Instant::now() < end {
        let mut keys: Vec<_> = entries("k", 0..10).into_iter().map(|entry| entry.key).collect();
        fastrand::shuffle(&mut keys);
        store.forget(&keys[..fastrand::usize(1..10)]).await.unwrap();
    }
    for task in registering {
        assert!(task.await.unwrap() > 0);
    }
}

/// g20
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_is_never_lost() {
    let Some(config) = database() else { return };
    let store = store(&config);
    let all = entries("k", 0..300);
    store.register(&all).await.unwrap();
    let end = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..4).map(|_| tokio::spawn(work(store.clone(), end.clone()))).collect();
    let mut ended = 0;
    for entry in &all {
        match store.request_cancel(std::slice::from_ref(&entry.key)).await.unwrap()[..] {
            [CancelRequested::Ended] => ended += 1,
            [CancelRequested::Requested] => {}
            ref other => panic!("{other:?}"),
        }
    }
    let keys: Vec<_> = all.into_iter().map(|entry| entry.key).collect();
    // A request makes its record due at once, so a slow machine needs seconds and not an hour.
    let patience = Instant::now() + Duration::from_secs(60);
    while Instant::now() < patience && has_requests(&store, &keys).await {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    end.store(true, Ordering::Relaxed);
    let mut sent: Vec<String> = Vec::new();
    for worker in workers {
        sent.extend(worker.await.unwrap());
    }
    let records = store.get(&keys).await.unwrap();
    let mut unfinished = 0;
    for record in records.into_iter().flatten() {
        let times = sent.iter().filter(|key| **key == record.key).count();
        match (record.state, record.cancel) {
            (RecordState::Pending, CancelState::Requested) => unfinished += 1,
            (RecordState::Pending, CancelState::Sent) => assert_eq!(times, 1, "{record:?}"),
            // It ended before a worker saw the request, or before the request.
            (RecordState::Finished, _) => assert!(times <= 1),
            _ => panic!("{record:?}"),
        }
    }
    assert_eq!(unfinished, 0, "requests that wait for another time");
    assert!(ended < 300);
}

/// Whether a request to cancel waits for a worker.
async fn has_requests(store: &PostgresStore, keys: &[String]) -> bool {
    let records = store.get(keys).await.unwrap();
    let is_requested =
        |record: &Record| (record.state, record.cancel) == (RecordState::Pending, CancelState::Requested);
    records.iter().flatten().any(is_requested)
}

/// Polls until the end, and returns the keys whose cancellation it has sent.
async fn work(store: PostgresStore, end: Arc<AtomicBool>) -> Vec<String> {
    let mut sent = Vec::new();
    while !end.load(Ordering::Relaxed) {
        for record in store.claim(&request(10)).await.unwrap().records {
            if fastrand::u8(..) < 10 {
                store.complete(&[complete(&record.fence)]).await.unwrap();
                continue;
            }
            let cancel = if record.cancel { CancelStep::Sent } else { CancelStep::NotSeen };
            // An hour: a request must not wait for the next poll.
            let delay = if record.cancel {
                Duration::from_secs(3_600)
            } else {
                Duration::from_millis(fastrand::u64(0..50))
            };
            let write = Reschedule { cancel, ..reschedule(&record.fence, delay) };
            store.reschedule(&[write]).await.unwrap();
            sent.extend(record.cancel.then_some(record.fence.key));
        }
    }
    sent
}
