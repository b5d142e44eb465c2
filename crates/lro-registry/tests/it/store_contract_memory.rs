//! What the store in memory does beyond the contract of all stores.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use futures::FutureExt;
use lro::{OperationName, Service};
use lro_registry::{MemoryStore, Store, store::Entry};

#[tokio::test(start_paused = true)]
async fn records_that_are_due_soon_wake_the_workers() {
    let store = MemoryStore::new();
    let [one, two] = [store.clone(), store.clone()];
    let mut waiting = futures::future::join(one.changed(), two.changed()).boxed();
    store.register(&[entry("later", Duration::from_secs(60))]).await.unwrap();
    assert!((&mut waiting).now_or_never().is_none());
    store.register(&[entry("soon", Duration::from_secs(1))]).await.unwrap();
    waiting.await;
}

#[tokio::test(start_paused = true)]
async fn requests_to_cancel_wake_a_worker_that_waits_later() {
    let store = MemoryStore::new();
    store.register(&[entry("key", Duration::from_secs(60))]).await.unwrap();
    store.request_cancel(&["unknown".to_owned()]).await.unwrap();
    assert!(store.changed().now_or_never().is_none());
    store.request_cancel(&["key".to_owned()]).await.unwrap();
    assert!(store.changed().now_or_never().is_some());
    assert!(store.changed().now_or_never().is_none());
}

fn entry(key: &str, delay: Duration) -> Entry {
    Entry {
        key: key.to_owned(),
        service: Service::new("example.com", "v1"),
        name: OperationName::parse("operations/1").ok(),
        kind: String::new(),
        fingerprint: String::new(),
        tag: Vec::new(),
        deadline: None,
        started: false,
        delay,
        state: Vec::new(),
        intent: None,
    }
}
