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
    let each = keys.iter().map(|key| {
        let was_set_aside = update.execute(params![key, transaction.now])? > 0;
        if was_set_aside {
            transaction.is_due.set(true);
        }
        Ok(was_set_aside)
    });
    each.collect()
}

const REQUEST_CANCEL: &str = "
    UPDATE records SET cancel = 1, due = CASE WHEN state = 1 AND claim IS NULL THEN ?2 ELSE due END WHERE id = ?1";

const TAKE_BACK: &str = "
    UPDATE records SET state = 1, due = ?2, claim = NULL, claims = 0 WHERE key = ?1 AND state = 2";
