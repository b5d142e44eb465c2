//! Copies of the store, and stores that an older copy replaced.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use common::{Folder, claim, complete, delivery, entries, entry, get, reschedule};
use lro_registry::{
    RecordState, Store, StoreErrorKind,
    store::{ListRequest, Written},
};
use lro_registry_sqlite::SqliteStore;

#[tokio::test(flavor = "multi_thread")] // g28
async fn a_backup_under_load_is_one_file_with_all_that_was_stored_before_it() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.register(&entries(0..5_000)).await.unwrap();
    let (stop, registered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(5_000)));
    let load = tokio::spawn({
        let (store, stop, registered) = (store.clone(), Arc::clone(&stop), Arc::clone(&registered));
        async move {
            while !stop.load(Ordering::Relaxed) {
                let number = registered.load(Ordering::Relaxed);
                store.register(&entries(number..number + 10)).await.unwrap();
                registered.store(number + 10, Ordering::Relaxed);
                let claimed = claim(&store, 50).await.records.into_iter();
                let writes: Vec<_> = claimed.map(|it| reschedule(it.fence, Duration::ZERO)).collect();
                store.reschedule(&writes).await.unwrap();
            }
        }
    });
    for number in 0..5 {
        let before = registered.load(Ordering::Relaxed);
        let copy = folder.path().join(format!("copy-{number}"));
        store.backup(&copy).await.unwrap();
        let after = registered.load(Ordering::Relaxed) + 10;
        // One file: it is moved to another folder and opened there.
        let elsewhere = Folder::new();
        fs::rename(&copy, elsewhere.file()).unwrap();
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
        let check: String =
            elsewhere.shell().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
        let copied = elsewhere
            .open()
            .await
            .list(&ListRequest { most: 1_000_000, ..Default::default() })
            .await
            .unwrap();
        assert!((before..=after).contains(&copied.len()), "{before} {} {after}", copied.len());
        assert_eq!(copied.len() % 10, 0, "a part of a call was copied");
    }
    stop.store(true, Ordering::Relaxed);
    load.await.unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().filter(is_copy).count(), 0);
}

#[tokio::test] // g28
async fn a_backup_replaces_no_file_and_leaves_none_after_a_failure() {
    let folder = Folder::new();
    let store = folder.open().await;
    let copy = folder.path().join("copy");
    fs::write(&copy, "precious").unwrap();
    let error = store.backup(&copy).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    assert_eq!(fs::read(&copy).unwrap(), b"precious");
    assert_eq!(store.backup(folder.file()).await.unwrap_err().kind(), StoreErrorKind::Refused);
    let nowhere = folder.path().join("none/copy");
    assert_eq!(store.backup(&nowhere).await.unwrap_err().kind(), StoreErrorKind::Refused);
}

#[tokio::test] // g04
async fn an_older_copy_gives_out_the_same_epoch_and_the_claim_id_fences_the_zombie() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.register(&[entry("polled"), entry("done")]).await.unwrap();
    let copy = folder.path().join("copy");
    store.backup(&copy).await.unwrap();

    let lost = claim(&store, 2).await.records;
    store.register(&[entry("registered after the copy")]).await.unwrap();
    let done = lost.iter().find(|it| it.fence.key == "done").unwrap();
    store.complete(&[complete(done.fence.clone(), b"first")]).await.unwrap();
    drop(store);
    let restored_folder = Folder::new();
    fs::rename(&copy, restored_folder.file()).unwrap();
    let store = restored_folder.open().await;

    let claimed = claim(&store, 2).await.records;
    assert_eq!(claimed.len(), 2, "what had ended is polled again");
    for (zombie, current) in lost.iter().flat_map(|it| claimed.iter().map(move |other| (it, other))) {
        let is_same_record = zombie.fence.key == current.fence.key;
        assert!(!is_same_record || zombie.fence.epoch == current.fence.epoch);
    }
    for zombie in &lost {
        let fence = zombie.fence.clone();
        assert_eq!(store.complete(&[complete(fence.clone(), b"late")]).await.unwrap(), [Written::Fenced]);
        assert_eq!(
            store.reschedule(&[reschedule(fence.clone(), Duration::ZERO)]).await.unwrap(),
            [Written::Fenced]
        );
        assert_eq!(store.acknowledge(&[fence]).await.unwrap(), [Written::Fenced]);
    }
    for current in claimed {
        assert_eq!(store.complete(&[complete(current.fence, b"again")]).await.unwrap(), [Written::Stored]);
    }
    let delivered = store.undelivered(&delivery(9)).await.unwrap();
    assert!(delivered.iter().all(|it| it.outcome == b"again") && delivered.len() == 2);
    assert!(get(&store, "registered after the copy").await.is_none(), "what came after the copy is lost");
}

#[tokio::test] // g04
async fn a_row_that_was_put_back_by_sql_is_fenced_as_well() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.register(&[entry("key")]).await.unwrap();
    let zombie = claim(&store, 1).await.records.remove(0).fence;
    folder.shell().execute_batch("UPDATE records SET epoch = epoch - 1, due = 0").unwrap();
    let current = claim(&store, 1).await.records.remove(0).fence;
    assert_eq!(current.epoch, zombie.epoch);
    assert_eq!(store.complete(&[complete(zombie, b"late")]).await.unwrap(), [Written::Fenced]);
    assert_eq!(store.complete(&[complete(current, b"right")]).await.unwrap(), [Written::Stored]);
    assert_eq!(get(&store, "key").await.unwrap().outcome.unwrap(), b"right");
}

#[tokio::test]
async fn what_was_answered_is_in_the_file_when_it_is_opened_again() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.register(&entries(0..3)).await.unwrap();
    let claimed = claim(&store, 2).await.records;
    store.complete(&[complete(claimed[0].fence.clone(), b"done")]).await.unwrap();
    // A second store sees it while the first is open, as after the end of its process.
    let again = folder.open().await;
    let states: Vec<_> = again
        .list(&Default::default())
        .await
        .unwrap()
        .into_iter()
        .map(|it| (it.state, it.is_claimed))
        .collect();
    let expected =
        [(RecordState::Finished, false), (RecordState::Pending, true), (RecordState::Pending, false)];
    assert_eq!(states, expected);
    assert_eq!(
        again.reschedule(&[reschedule(claimed[1].fence.clone(), Duration::ZERO)]).await.unwrap(),
        [Written::Stored]
    );
    let path = folder.file();
    assert!(SqliteStore::open(&path).await.is_ok());
}

fn is_copy(file: &std::io::Result<fs::DirEntry>) -> bool {
    file.as_ref().unwrap().file_name().to_string_lossy().contains("copy")
}
