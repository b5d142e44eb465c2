//! A disk that is full: an error for each call, one report of it, and no restart once there is space.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use common::{Folder, Mount, claim, complete, entries, entry, get, reschedule};
use lro_registry::{Store, StoreErrorKind, store::ListRequest};
use lro_registry_sqlite::SqliteStore;
use tracing::{Event, Metadata, Subscriber, field::Field, span};

/// The events of this test program. They come from threads of the store, so there is one for all tests.
static EVENTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[tokio::test] // g27
async fn a_full_disk_fails_the_calls_and_is_reported_once_until_there_is_space() {
    tracing::subscriber::set_global_default(Events).unwrap();
    let folder = Folder::new();
    let Some(_mount) = Mount::new(folder.path(), "6m") else { return };
    let store = folder.open().await;
    store.register(&entries(0..1_000)).await.unwrap();
    let claimed = claim(&store, 1_000).await.records;
    let filling = fill(folder.path());

    let (mut accepted, mut refused) = (1_000, 0);
    while refused < 300 {
        match store.register(&[large_entry(accepted)]).await {
            Ok(_) => accepted += 1,
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Full, "{error:?}");
                assert!(error.is_transient() && error.to_string().contains("free space"), "{error}");
                refused += 1;
            }
        }
    }
    assert_eq!(reports(&folder, "accepts no writes"), 1);
    assert_eq!(reports(&folder, "accepts writes again"), 0);
    assert_eq!(count(&store).await, accepted);

    make_space(&filling);
    for writes in claimed.chunks(100) {
        let writes: Vec<_> = writes.iter().map(|it| complete(it.fence.clone(), b"done")).collect();
        store.complete(&writes).await.unwrap();
    }
    store.register(&[large_entry(accepted)]).await.unwrap();
    assert_eq!(count(&store).await, accepted + 1);
    tokio::time::sleep(Duration::from_secs(11)).await;
    store.register(&[entry("later")]).await.unwrap();
    assert_eq!((reports(&folder, "accepts no writes"), reports(&folder, "accepts writes again")), (1, 1));
    is_sound(&folder);
}

#[tokio::test] // g27
async fn a_disk_that_fills_while_the_log_moves_to_the_file_loses_nothing() {
    let folder = Folder::new();
    let Some(_mount) = Mount::new(folder.path(), "12m") else { return };
    let store = folder.open().await;
    store.register(&entries(0..100)).await.unwrap();
    // A reader keeps the log from moving. Then the log has more pages than there is space for in the file.
    let reader = folder.shell();
    reader.execute_batch("BEGIN; SELECT count(*) FROM records").unwrap();
    for number in 100..200 {
        store.register(&[large_entry(number)]).await.unwrap();
    }
    let filling = fill(folder.path());
    reader.execute_batch("COMMIT").unwrap();
    let mut accepted = 200;
    for number in 200..300 {
        match store.register(&[entry(format!("key-{number:07}"))]).await {
            Ok(_) => accepted += 1,
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Full, "{error:?}"),
        }
    }
    assert_eq!(count(&store).await, accepted);
    make_space(&filling);
    store.register(&[entry("later")]).await.unwrap();
    assert_eq!(count(&store).await, accepted + 1);
    is_sound(&folder);
}

#[tokio::test] // g27
async fn a_disk_that_is_full_when_the_tables_are_made_leaves_a_file_that_opens_later() {
    let folder = Folder::new();
    let Some(_mount) = Mount::new(folder.path(), "1m") else { return };
    let filling = fill(folder.path());
    let mut failed = 0;
    for spare in [0, 8 << 10, 40 << 10, 64 << 10] {
        let length = fs::metadata(&filling).unwrap().len();
        File::options().write(true).open(&filling).unwrap().set_len(length - spare).unwrap();
        match SqliteStore::open(folder.file()).await {
            Ok(_) => break,
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Full, "{spare}: {error:?}"),
        }
        failed += 1;
        fill(folder.path());
    }
    assert!(failed >= 2, "{failed}");
    make_space(&filling);
    let store = folder.open().await;
    store.register(&[entry("key")]).await.unwrap();
    is_sound(&folder);
}

#[tokio::test] // g27
async fn a_large_call_that_does_not_fit_does_not_undo_the_small_ones_before_it() {
    let folder = Folder::new();
    let Some(_mount) = Mount::new(folder.path(), "6m") else { return };
    let store = folder.open().await;
    store.register(&entries(0..10)).await.unwrap();
    let claimed = claim(&store, 10).await.records;
    let mut huge = entry("huge");
    huge.tag = vec![7; 16 << 20];
    let error = store.register(&[huge.clone()]).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Full, "{error:?}");
    let writes: Vec<_> = claimed.iter().map(|it| reschedule(it.fence.clone(), Duration::ZERO)).collect();
    store.reschedule(&writes).await.unwrap();
    assert!(get(&store, "huge").await.is_none());
    assert_eq!(claim(&store, 20).await.records.len(), 10);
    is_sound(&folder);
}

fn large_entry(number: usize) -> lro_registry::store::Entry {
    let mut entry = entry(format!("key-{number:07}"));
    entry.tag = vec![7; 20_000];
    entry
}

async fn count(store: &SqliteStore) -> usize {
    store.list(&ListRequest { most: 10_000, ..Default::default() }).await.unwrap().len()
}

/// Fills the file system to the last byte.
fn fill(folder: &Path) -> PathBuf {
    let path = folder.join("filling");
    let mut file = File::options().append(true).create(true).open(&path).unwrap();
    for size in [1 << 16, 1 << 12, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
    path
}

/// Frees what [`fill`] took. The file is emptied first: a process that another test starts has its descriptors until it
/// runs its program, and the space of a file that is only removed is free after the last of them.
fn make_space(filling: &Path) {
    File::options().write(true).truncate(true).open(filling).unwrap();
    fs::remove_file(filling).unwrap();
}

fn is_sound(folder: &Folder) {
    let check: String = folder.shell().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}

fn reports(folder: &Folder, text: &str) -> usize {
    let file = folder.file();
    let file = file.to_str().unwrap();
    EVENTS.lock().unwrap().iter().filter(|event| event.contains(text) && event.contains(file)).count()
}

/// A subscriber that keeps the events. Each has the path of its file, and each test has a file of its own.
struct Events;

impl Subscriber for Events {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("lro_registry_sqlite")
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = String::new();
        event.record(&mut |field: &Field, value: &dyn std::fmt::Debug| {
            write!(text, "{field}={value:?} ").unwrap()
        });
        EVENTS.lock().unwrap().push(text);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}
