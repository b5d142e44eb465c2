use lro_registry::store::Finished;
use rusqlite::params;

use super::{limit, row};
use crate::{call::Transaction, time};

/// The operations of a kind that are kept, as [`Store::finished`](lro_registry::Store::finished) promises.
const KEPT: i64 = 64;

/// Stores how an operation finished.
pub(super) fn add(transaction: &Transaction<'_>, finished: &Finished) -> rusqlite::Result<()> {
    let connection = transaction.connection;
    let mut insert = connection.prepare_cached(
        "INSERT INTO finished (worker, kind, running, done, polls) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let Finished { worker, kind, running, done, polls } = finished;
    insert.execute(params![worker, kind, time::micros(*running), done.map(time::micros), polls])?;
    // The last row of the table is never removed, so no number is given out twice.
    // At each 64th operation on the average, so that the costs of one are small. Drawn, because kinds may alternate.
    if fastrand::i64(0..KEPT) == 0 {
        connection.prepare_cached(TRIM)?.execute(params![kind, KEPT])?;
    }
    Ok(())
}

pub(crate) fn finished(
    transaction: &Transaction<'_>,
    after: i64,
    most: usize,
) -> rusqlite::Result<Vec<(i64, Finished)>> {
    let mut select = transaction.connection.prepare_cached(
        "SELECT id, worker, kind, running, done, polls FROM finished WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let rows = select.query_map(params![after, limit(most)], |row| {
        let finished = Finished {
            worker: row.get(1)?,
            kind: row.get(2)?,
            running: time::duration(row.get(3)?),
            done: row.get::<_, Option<i64>>(4)?.map(time::duration),
            polls: row::count(row, 5)?,
        };
        Ok((row.get(0)?, finished))
    })?;
    rows.collect()
}

const TRIM: &str = "
    DELETE FROM finished WHERE kind = ?1
    AND id <= (SELECT id FROM finished WHERE kind = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
