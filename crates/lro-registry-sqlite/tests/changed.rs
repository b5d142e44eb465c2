//! Hints that a record may be due sooner, from this process and from others.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::time::Duration;

use common::{Folder, LEASE, claim, entries, entry, reschedule};
use lro_registry::{Store, store::Entry};
use lro_registry_sqlite::SqliteStore;
use tokio::time::{Instant, timeout};

/// Longer than the time after which the changes of other processes are looked for.
const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(700);

#[tokio::test]
async fn a_registration_wakes_whoever_waits_or_is_about_to() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.register(&[entry("before")]).await.unwrap();
    timeout(LONG, store.changed()).await.unwrap();
    let waiting = waiting(&store).await;
    store.register(&[entry("while")]).await.unwrap();
    timeout(LONG, waiting).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_cancellation_wakes_and_a_record_that_is_due_later_does_not() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.register(&[Entry { delay: LEASE, ..entry("key") }]).await.unwrap();
    assert!(timeout(SHORT, store.changed()).await.is_err(), "nothing is due");
    store.request_cancel(&["key".to_owned()]).await.unwrap();
    timeout(LONG, store.changed()).await.unwrap();
}

#[tokio::test]
async fn polls_wake_nobody() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.register(&entries(0..10)).await.unwrap();
    timeout(LONG, store.changed()).await.unwrap();
    let claimed = claim(&store, 10).await.records;
    let writes: Vec<_> = claimed.into_iter().map(|it| reschedule(it.fence, LEASE)).collect();
    let waiting = timeout(SHORT, store.changed());
    let (woken, written) = tokio::join!(waiting, store.reschedule(&writes));
    assert!(woken.is_err(), "its own writes woke it");
    written.unwrap();
}

#[tokio::test]
async fn the_change_of_another_process_is_found() {
    let folder = Folder::new();
    let (store, other) = (folder.open().await, folder.open().await);
    let (mut numbers, mut found, begun) = (0.., 0, Instant::now());
    while found < 3 {
        assert!(begun.elapsed() < 9 * LONG, "hints without a change");
        // A hint may come too often: the ones before may be repeated.
        while timeout(SHORT, store.changed()).await.is_ok() {}
        let mut waiting = waiting(&store).await;
        // Long enough that the present state of the file is known, on a machine that is not busy. Else the first change is not found.
        tokio::time::sleep(SHORT).await;
        if waiting.is_finished() {
            continue;
        }
        let change = async {
            loop {
                other.register(&entries(numbers.next())).await.unwrap();
                if let Ok(woken) = timeout(2 * SHORT, &mut waiting).await {
                    return woken.unwrap();
                }
            }
        };
        timeout(LONG, change).await.unwrap();
        found += 1;
    }
}

/// Waits for a change, in a task that has begun to.
async fn waiting(store: &SqliteStore) -> tokio::task::JoinHandle<()> {
    let store = store.clone();
    let waiting = tokio::spawn(async move { store.changed().await });
    tokio::task::yield_now().await;
    waiting
}
