//! What callers see while another connection holds the lock of the file.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::{
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use common::{Folder, entries, entry, get};
use lro_registry::{Store, StoreErrorKind, store::Registered};
use lro_registry_sqlite::SqliteStore;

#[tokio::test] // g26
async fn a_lock_that_another_connection_holds_for_a_moment_is_only_a_delay() {
    let folder = Folder::new();
    let store =
        SqliteStore::builder(folder.file()).busy_timeout(Duration::from_secs(60)).open().await.unwrap();
    let begin = Instant::now();
    let shell = hold_lock(&folder, Duration::from_secs(3));
    let registered = register_each(&store, 200).await;
    assert!(registered.iter().all(Result::is_ok), "{registered:?}");
    assert!(begin.elapsed() >= Duration::from_secs(2), "the lock was not held");
    shell.join().unwrap();
}

#[tokio::test] // g26
async fn a_lock_that_is_held_too_long_fails_each_call_and_nothing_is_half_written() {
    let folder = Folder::new();
    let limit = Duration::from_millis(500);
    let store = SqliteStore::builder(folder.file()).busy_timeout(limit).open().await.unwrap();
    let shell = folder.shell();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    for registered in register_each(&store, 200).await {
        let error = registered.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(error.is_transient() && error.to_string().contains("locked"), "{error}");
    }
    // The lock was held until each call had its answer.
    shell.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.list(&Default::default()).await.unwrap(), []);
    assert!(matches!(store.register(&[entry("key")]).await.unwrap()[..], [Registered::New(_)]));
}

#[tokio::test]
async fn the_longest_busy_timeout_opens_the_file() {
    let folder = Folder::new();
    let store = SqliteStore::builder(folder.file()).busy_timeout(Duration::MAX).open().await.unwrap();
    assert!(matches!(store.register(&[entry("key")]).await.unwrap()[..], [Registered::New(_)]));
}

#[tokio::test] // g26
async fn readers_do_not_wait_for_the_lock() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.register(&entries([1])).await.unwrap();
    let shell = hold_lock(&folder, Duration::from_secs(60));
    assert!(get(&store, "key-0000001").await.is_some());
    assert_eq!(store.health().await.unwrap().services.len(), 1);
    assert!(!shell.is_finished());
}

#[tokio::test] // g26
async fn eight_connections_can_create_the_same_file_at_once() {
    let folder = Folder::new();
    let opened = (0..8).map(|_| {
        let path = folder.file();
        tokio::spawn(
            async move { SqliteStore::builder(path).busy_timeout(Duration::from_secs(60)).open().await },
        )
    });
    let mut stores = Vec::new();
    for store in opened.collect::<Vec<_>>() {
        stores.push(store.await.unwrap().unwrap());
    }
    for (number, store) in stores.iter().enumerate() {
        store.register(&entries([number])).await.unwrap();
    }
    assert_eq!(stores[0].list(&Default::default()).await.unwrap().len(), 8);
}

async fn register_each(
    store: &SqliteStore,
    count: usize,
) -> Vec<Result<Vec<Registered>, lro_registry::StoreError>> {
    let calls = (0..count).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { store.register(&entries([2 * number, 2 * number + 1])).await })
    });
    let mut results = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        results.push(call.await.unwrap());
    }
    results
}

/// Locks the file as the SQLite shell does with `BEGIN IMMEDIATE`.
fn hold_lock(folder: &Folder, time: Duration) -> JoinHandle<()> {
    let shell = folder.shell();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    thread::spawn(move || {
        thread::sleep(time);
        shell.execute_batch("ROLLBACK").unwrap();
    })
}
