//! The store passes the contract.

mod common;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use common::{database, session};
use lro_registry::{
    Store,
    contract::{self, Fresh, Subject, SubjectError},
};
use lro_registry_postgres::PostgresStore;
use lro_testkit::postgres::Postgres;

#[tokio::test]
async fn passes_the_contract() {
    if Postgres::shared().is_some() {
        contract::all(&InPostgres).await;
    }
}

#[derive(Debug)]
struct InPostgres;

#[derive(Debug)]
struct Database(String);

#[async_trait]
impl Subject for InPostgres {
    async fn fresh(&self) -> Result<Box<dyn Fresh>, SubjectError> {
        Ok(Box::new(Database(database().ok_or("skipped: no PostgreSQL binaries")?)))
    }
}

#[async_trait]
impl Fresh for Database {
    async fn open(&self) -> Result<Arc<dyn Store>, SubjectError> {
        let store = PostgresStore::new(&self.0)?;
        // The setters need the tables.
        store.connect().await?;
        Ok(Arc::new(store))
    }

    async fn set_epoch(&self, key: &str, epoch: i64) -> Result<bool, SubjectError> {
        let session = session(&self.0).await;
        let sql = "UPDATE lro.records SET epoch = $1 WHERE key = $2";
        Ok(session.execute(sql, &[&epoch, &key]).await? == 1)
    }

    async fn set_last_finished(&self, number: i64) -> Result<bool, SubjectError> {
        let session = session(&self.0).await;
        let sql = "INSERT INTO lro.finished (number, worker, kind, running, polls) VALUES ($1, 0, '', 0, 0)";
        Ok(session.execute(sql, &[&number]).await? == 1)
    }

    async fn set_bucket_ahead(&self, quota: &str, ahead: Duration) -> Result<bool, SubjectError> {
        let session = session(&self.0).await;
        let sql = "UPDATE lro.buckets SET filled = lro.now_v1() + $1 WHERE quota = $2";
        Ok(session.execute(sql, &[&i64::try_from(ahead.as_micros())?, &quota]).await? == 1)
    }
}
