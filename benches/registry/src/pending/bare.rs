//! The statements that a poll needs at least, without this project: pick due rows and lease them, then store the next due time.
//!
//! The rows have the columns that a claim reads and writes, and the index that finds those that are due.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};
use tokio_postgres::NoTls;

use super::{
    Cost,
    usage::{own_time, server_time},
};
use crate::Fault;

/// Measures SQLite, with the settings of the store: a write-ahead log that is synced at each commit.
///
/// # Errors
///
/// The fault of the database.
pub fn sqlite(path: &Path, rows: u32, time: Duration) -> Result<Cost, Fault> {
    let mut database = Connection::open(path)?;
    database.pragma_update(None, "journal_mode", "wal")?;
    database.pragma_update(None, "synchronous", "full")?;
    database.execute_batch(
        "CREATE TABLE job (key TEXT PRIMARY KEY, service TEXT, due INTEGER, epoch INTEGER, claim BLOB, saved BLOB) WITHOUT ROWID;
         CREATE INDEX job_due ON job (service, due);",
    )?;
    database.execute(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1)
         INSERT INTO job SELECT 'operations/job-' || n, 'jobs', n, 0, NULL, zeroblob(100) FROM number",
        [rows],
    )?;
    let (began, before, mut polls) = (Instant::now(), own_time(), 0);
    while began.elapsed() < time {
        let claim = fastrand::u128(..).to_be_bytes();
        let transaction = database.transaction()?;
        let claimed: Vec<(String, i64)> = transaction
            .prepare_cached(
                "UPDATE job SET due = ?1, epoch = epoch + 1, claim = ?2
                 WHERE key IN (SELECT key FROM job WHERE service = 'jobs' AND due <= ?3 ORDER BY due LIMIT ?4)
                 RETURNING key, epoch",
            )?
            .query_map(params![LEASED, claim, i64::from(rows), BATCH], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        transaction.commit()?;
        if claimed.is_empty() {
            break;
        }
        let transaction = database.transaction()?;
        for (key, epoch) in &claimed {
            transaction
                .prepare_cached(
                    "UPDATE job SET due = ?1, claim = NULL, saved = ?2 WHERE key = ?3 AND epoch = ?4 AND claim = ?5",
                )?
                .execute(params![LEASED, [0_u8; 100], key, epoch, claim])?;
        }
        transaction.commit()?;
        polls += claimed.len() as u64;
    }
    Ok(Cost { polls, time: began.elapsed(), processor: own_time() - before })
}

/// Measures PostgreSQL, with four connections.
///
/// # Errors
///
/// The fault of the database.
pub async fn postgres(config: &str, port: u16, rows: u32, time: Duration) -> Result<Cost, Fault> {
    let setup = connect(config).await?;
    setup
        .batch_execute(&format!(
            "CREATE TABLE job (key text PRIMARY KEY, service text, due bigint, epoch bigint, claim bytea, saved bytea)
                 WITH (fillfactor = 70);
             INSERT INTO job SELECT 'operations/job-' || n, 'jobs', n, 0, NULL, decode(repeat('00', 100), 'hex')
                 FROM generate_series(1, {rows}) AS n;
             CREATE INDEX job_due ON job (service, due);
             ANALYZE job;"
        ))
        .await?;
    let (began, before) = (Instant::now(), own_time() + server_time(port));
    let clients = (0..CONNECTIONS).map(|_| tokio::spawn(poll(config.to_owned(), rows, began + time)));
    let mut polls = 0;
    for client in clients.collect::<Vec<_>>() {
        polls += client.await??;
    }
    Ok(Cost { polls, time: began.elapsed(), processor: own_time() + server_time(port) - before })
}

async fn poll(config: String, rows: u32, end: Instant) -> Result<u64, Fault> {
    let (client, mut polls) = (connect(&config).await?, 0);
    let claim = client
        .prepare(
            "WITH picked AS MATERIALIZED (
                 SELECT key FROM job WHERE service = 'jobs' AND due <= $1 ORDER BY due LIMIT $2 FOR UPDATE SKIP LOCKED
             )
             UPDATE job SET due = $3, epoch = epoch + 1, claim = $4 FROM picked WHERE job.key = picked.key
             RETURNING job.key, job.epoch",
        )
        .await?;
    let reschedule = client
        .prepare(
            "UPDATE job SET due = $1, claim = NULL, saved = $2
             FROM unnest($3::text[], $4::bigint[]) AS done (key, epoch)
             WHERE job.key = done.key AND job.epoch = done.epoch AND job.claim = $5",
        )
        .await?;
    while Instant::now() < end {
        let id = fastrand::u128(..).to_be_bytes().to_vec();
        let claimed = client.query(&claim, &[&i64::from(rows), &BATCH, &LEASED, &id]).await?;
        if claimed.is_empty() {
            break;
        }
        let keys: Vec<&str> = claimed.iter().map(|row| row.get(0)).collect();
        let epochs: Vec<i64> = claimed.iter().map(|row| row.get(1)).collect();
        polls += client.execute(&reschedule, &[&LEASED, &vec![0_u8; 100], &keys, &epochs, &id]).await?;
    }
    Ok(polls)
}

async fn connect(config: &str) -> Result<tokio_postgres::Client, Fault> {
    let (client, connection) = tokio_postgres::connect(config, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The rows of a claim.
const BATCH: i64 = 100;
const CONNECTIONS: usize = 4;
/// After every due time of the bench.
const LEASED: i64 = 1 << 40;
