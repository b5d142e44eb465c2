//! Workers and consumers while the store is away.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use lro_registry::{Registration, Registry, Worker};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::common::{FaultyStore, Jobs, SECOND, name, service};

// g14
#[tokio::test(start_paused = true)]
async fn outcomes_are_stored_and_delivered_when_the_store_is_back() {
    let jobs = Jobs::new();
    let store = FaultyStore::new();
    let registry = Registry::new(store.clone());
    let worker = Worker::builder(&registry).serve(jobs.clone()).start().await.unwrap();
    for number in 0..100 {
        let operation = format!("operations/{number}");
        jobs.runs_for(&operation, 20 * SECOND);
        registry.register(Registration::new(&service(), name(&operation)).key(operation)).await.unwrap();
    }
    sleep(15 * SECOND).await;
    let before = store.calls();
    store.fails_for(1_800 * SECOND);
    sleep(1_700 * SECOND).await;
    assert!(worker.state().store_away_for >= Some(1_600 * SECOND), "{:?}", worker.state());
    // Pauses grow to half a minute: claims, writes, deliveries and chores make some hundred calls in half an hour.
    assert!(store.calls() - before < 600, "{}", store.calls() - before);
    let back = Instant::now() + 100 * SECOND;
    let mut deliveries = registry.deliveries();
    for _ in 0..100 {
        let delivery = deliveries.next().await.unwrap();
        delivery.decode::<Value>().unwrap();
        delivery.acknowledge().await.unwrap();
    }
    assert!(Instant::now() < back + 60 * SECOND, "{:?}", Instant::now() - back);
    assert_eq!(worker.state().store_away_for, None);
}

// g14
#[tokio::test(start_paused = true)]
async fn a_worker_starts_although_the_store_is_away() {
    let store = FaultyStore::new();
    let registry = Registry::new(store.clone());
    registry.register(Registration::new(&service(), name("operations/1"))).await.unwrap();
    store.fails_for(60 * SECOND);
    let _worker = Worker::builder(&registry).serve(Jobs::new()).start().await.unwrap();
    let began = Instant::now();
    registry.deliveries().next().await.unwrap().decode::<Value>().unwrap();
    assert!(began.elapsed() < 100 * SECOND, "{:?}", began.elapsed());
}
