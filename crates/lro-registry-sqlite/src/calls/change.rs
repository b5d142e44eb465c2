use lro_registry::{
    RecordState,
    store::{CancelRequested, CancelState},
};
use rusqlite::{OptionalExtension, params};

use super::row;
use crate::call::Transaction;

pub(crate) fn request_cancel(
    transaction: &Transaction<'_>,
    keys: &[String],
) -> rusqlite::Result<Vec<CancelRequested>> {
    let Transaction { connection, now, ref is_due } = *transaction;
    let mut find = connection.prepare_cached("SELECT id, state, cancel FROM records WHERE key = ?1")?;
    let mut update = connection.prepare_cached(REQUEST_CANCEL)?;
    let each = keys.iter().map(|key| {
        let found = find.query_one([key], |row| {
            let state = row::known(row, 1, RecordState::from_number)?;
            Ok((row.get::<_, i64>(0)?, state, row::known(row, 2, CancelState::from_number)?))
        });
        Ok(match found.optional()? {
            None => CancelRequested::Unknown,
            Some((_, RecordState::Finished | RecordState::Acknowledged, _)) => CancelRequested::Ended,
            Some((id, _, CancelState::None)) => {
                update.execute(params![id, now])?;
                is_due.set(true);
                CancelRequested::Requested
            }
            Some(_) => CancelRequested::Already,
        })
    });
    each.collect()
}

pub(crate) fn take_back(transaction: &Transaction<'_>, keys: &[String]) -> rusqlite::Result<Vec<bool>> {
    let mut update = transaction.connection.prepare_cached(TAKE_BACK)?;
    let mut reopen = transaction.connection.prepare_cached(REOPEN)?;
    let mut outcome =
        transaction.connection.prepare_cached("UPDATE payloads SET outcome = NULL WHERE id = ?1")?;
    let each = keys.iter().map(|key| {
        let is_taken = if update.execute(params![key, transaction.now])? > 0 {
            true
        } else {
            let id: Option<i64> =
                reopen.query_one(params![key, transaction.now], |row| row.get(0)).optional()?;
            id.map(|id| outcome.execute([id])).transpose()?.is_some()
        };
        if is_taken {
            transaction.is_due.set(true);
        }
        Ok(is_taken)
    });
    each.collect()
}

const REQUEST_CANCEL: &str = "
    UPDATE records SET cancel = 1, due = CASE WHEN state = 1 AND claim IS NULL THEN ?2 ELSE due END WHERE id = ?1";

const TAKE_BACK: &str = "
    UPDATE records SET state = 1, due = ?2, claim = NULL, claims = 0 WHERE key = ?1 AND state = 2";

const REOPEN: &str = "
    UPDATE records SET state = 1, due = ?2, created = ?2, claim = NULL, claims = 0, deliveries = 0, failures = 0, error = NULL,
        saved = x'', cursor = x'', acknowledged = NULL
    WHERE key = ?1 AND state IN (3, 4) AND name IS NOT NULL
    RETURNING id";
