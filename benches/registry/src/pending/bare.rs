//! The statements that a poll needs at least, without this project: pick due rows and lease them, then store the next due time.
//!
//! The rows have the columns that a claim reads and writes, and the index that finds those that are due.

mod postgres;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};

pub use self::postgres::postgres;
use self::postgres::{BATCH, LEASED};
use super::{cost::Cost, usage::own_time};
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
