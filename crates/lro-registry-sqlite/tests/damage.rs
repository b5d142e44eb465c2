//! Files that are damaged, of another program, of a later version, or read-only: a clear error, and nothing changes.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use common::{Folder, Mount, entries, entry};
use lro_registry::{Store, StoreError, StoreErrorKind};
use lro_registry_sqlite::SqliteStore;

async fn open_error(path: &Path) -> StoreError {
    SqliteStore::open(path).await.unwrap_err()
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_named_with_what_to_do() {
    let folder = Folder::new();
    let path = folder.path().join("none/registry.db");
    let error = open_error(&path).await;
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    assert!(error.to_string().contains("create the folder first") && !path.exists(), "{error}");
}

#[tokio::test]
async fn a_path_that_is_a_folder_is_an_error() {
    let folder = Folder::new();
    let error = open_error(folder.path()).await;
    assert!(error.to_string().contains("is a folder"), "{error}");
}

// g28: what is written to a file that is gone is lost at the end of the process.
#[tokio::test]
async fn a_file_that_was_moved_or_replaced_takes_no_writes_until_it_is_back() {
    let folder = Folder::new();
    let (store, elsewhere) = (folder.open().await, folder.path().join("elsewhere.db"));
    store.register(&entries([1])).await.unwrap();
    fs::rename(folder.file(), &elsewhere).unwrap();
    for _ in 0..2 {
        let error = store.register(&entries([2])).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(error.to_string().contains("was moved, removed or replaced"), "{error}");
        fs::copy(&elsewhere, folder.file()).unwrap();
    }
    fs::rename(&elsewhere, folder.file()).unwrap();
    store.register(&entries([2])).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_corrupt_and_stays_as_it_is() {
    for bytes in [&b"short"[..], &[b'x'; 20_000], "Liebe Großmutter, ".repeat(99).as_bytes()] {
        let folder = Folder::new();
        fs::write(folder.file(), bytes).unwrap();
        assert_eq!(open_error(&folder.file()).await.kind(), StoreErrorKind::Corrupt);
        assert_eq!(fs::read(folder.file()).unwrap(), bytes);
    }
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_stays_as_it_is() {
    let folder = Folder::new();
    folder.shell().execute_batch("CREATE TABLE records (mine TEXT)").unwrap();
    let before = fs::read(folder.file()).unwrap();
    let error = open_error(&folder.file()).await;
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    assert!(error.to_string().contains("another program"), "{error}");
    assert_eq!(fs::read(folder.file()).unwrap(), before);
}

#[tokio::test] // g25
async fn a_later_schema_that_excludes_this_version_is_newer_and_another_one_is_used() {
    let folder = Folder::new();
    folder.open().await.register(&entries([1])).await.unwrap();
    folder.shell().execute_batch("UPDATE meta SET version = 9").unwrap();
    assert_eq!(folder.open().await.list(&Default::default()).await.unwrap().len(), 1);
    folder.shell().execute_batch("UPDATE meta SET reads_from = 8").unwrap();
    let error = open_error(&folder.file()).await;
    assert_eq!(error.kind(), StoreErrorKind::Newer);
    assert!(!error.is_transient() && error.to_string().contains("update lro-registry-sqlite"), "{error}");
    folder.shell().execute_batch("UPDATE meta SET reads_from = 1").unwrap();
    assert_eq!(folder.open().await.list(&Default::default()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_truncated_file_is_corrupt() {
    let folder = filled().await;
    let length = fs::metadata(folder.file()).unwrap().len();
    File::options().write(true).open(folder.file()).unwrap().set_len(length / 3).unwrap();
    assert_eq!(use_all(&folder).await.unwrap_err().kind(), StoreErrorKind::Corrupt);
}

#[tokio::test]
async fn a_page_that_was_overwritten_is_corrupt_and_no_call_panics() {
    let pages = fs::metadata(filled().await.file()).unwrap().len() / 4_096;
    let mut found = 0;
    for page in 1..pages.min(40) {
        let folder = filled().await;
        let mut file = File::options().write(true).open(folder.file()).unwrap();
        file.seek(SeekFrom::Start(page * 4_096)).unwrap();
        file.write_all(&[0xa5; 4_096]).unwrap();
        drop(file);
        if let Err(error) = use_all(&folder).await {
            assert_eq!(error.kind(), StoreErrorKind::Corrupt, "page {page}: {error:?}");
            found += 1;
        }
    }
    assert!(found > 10, "{found} of {pages} pages");
}

#[tokio::test]
async fn a_read_only_file_is_read_only() {
    let folder = Folder::new();
    let Some(mount) = Mount::new(folder.path(), "4m") else { return };
    let path = folder.file();
    drop(SqliteStore::open(&path).await.unwrap());
    wait_for_close(&path);
    mount.change("ro");
    let error = open_error(&path).await;
    assert_eq!(error.kind(), StoreErrorKind::ReadOnly, "{error:?}");
    assert_eq!(open_error(&folder.path().join("new.db")).await.kind(), StoreErrorKind::ReadOnly);
    mount.change("rw");
    SqliteStore::open(&path).await.unwrap().register(&[entry("key")]).await.unwrap();
}

/// A store with some hundred records, closed.
async fn filled() -> Folder {
    let folder = Folder::new();
    let store = folder.open().await;
    store.register(&entries(0..600)).await.unwrap();
    drop(store);
    wait_for_close(&folder.file());
    folder
}

/// Waits until the last connection has moved the log to the file.
fn wait_for_close(path: &Path) {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    while Path::new(&log).exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let mut header = [0; 16];
    File::open(path).unwrap().read_exact(&mut header).unwrap();
    assert_eq!(&header, b"SQLite format 3\0");
}

/// Opens the store and reads and writes all of it.
async fn use_all(folder: &Folder) -> Result<(), StoreError> {
    let store = SqliteStore::open(folder.file()).await?;
    let records = store
        .list(&lro_registry::store::ListRequest { most: 1_000, payloads: true, ..Default::default() })
        .await?;
    let keys: Vec<String> = records.into_iter().map(|record| record.key).collect();
    store.get(&keys).await?;
    store.health().await?;
    store.claim(&common::claim_request(1_000)).await?;
    store.forget(&keys).await?;
    store.register(&entries(0..600)).await.map(drop)
}
