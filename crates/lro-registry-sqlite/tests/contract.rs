//! The store keeps the contract of all stores.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod common;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use common::Folder;
use lro_registry::{
    Store,
    contract::{Fresh, Subject, SubjectError},
};
use lro_registry_sqlite::SqliteStore;
use rusqlite::{ToSql, params};

lro_registry::store_contract!(InFile, #[tokio::test]);

#[derive(Debug)]
struct InFile;

#[async_trait]
impl Subject for InFile {
    async fn fresh(&self) -> Result<Box<dyn Fresh>, SubjectError> {
        Ok(Box::new(Folder::new()))
    }
}

/// Each handle has connections of its own, as if it were in another process.
#[async_trait]
impl Fresh for Folder {
    async fn open(&self) -> Result<Arc<dyn Store>, SubjectError> {
        // On a slow disk a handle waits long for its turn among others that write all the time.
        let builder = SqliteStore::builder(self.file()).busy_timeout(Duration::from_secs(100));
        Ok(Arc::new(builder.open().await?))
    }

    async fn set_epoch(&self, key: &str, epoch: i64) -> Result<bool, SubjectError> {
        change(self, "UPDATE records SET epoch = ?2 WHERE key = ?1", params![key, epoch])
    }

    async fn set_last_finished(&self, number: i64) -> Result<bool, SubjectError> {
        change(self, "INSERT INTO finished VALUES (?1, 0, 'other', 0, 0, 0)", params![number])
    }

    async fn set_bucket_ahead(&self, quota: &str, ahead: Duration) -> Result<bool, SubjectError> {
        let sql =
            "UPDATE buckets SET updated = CAST(1e6 * unixepoch('subsec') AS INTEGER) + ?2 WHERE quota = ?1";
        change(self, sql, params![quota, i64::try_from(ahead.as_micros())?])
    }
}

fn change(folder: &Folder, sql: &str, params: &[&dyn ToSql]) -> Result<bool, SubjectError> {
    Ok(folder.shell().execute(sql, params)? > 0)
}
