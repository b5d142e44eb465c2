use lro::{OperationName, Service};
use lro_registry::{Record, RecordState, store::CancelState};
use rusqlite::{Error, OptionalExtension, Row, Statement};

use crate::{call::Transaction, time};

/// The columns that [`record`] reads, of `records r` and `payloads p`. The payloads may be left out.
macro_rules! columns {
    () => {
        "r.service, r.version, r.key, r.state, r.created, r.name, r.kind, r.fingerprint, r.deadline, r.due, \
         r.claim IS NOT NULL, r.epoch, r.claims, r.cancel, r.deliveries, r.failures, r.error"
    };
    (payloads) => {
        concat!(columns!(), ", r.saved, p.tag, p.outcome")
    };
}

pub(super) use columns;

/// Reads a record. The payloads are read if the statement returns them.
pub(super) fn record(row: &Row<'_>, now: i64) -> rusqlite::Result<Record> {
    let service = service(row, 0)?;
    let state = known(row, 3, RecordState::from_number)?;
    let created = row.get(4)?;
    let mut record = Record::new(row.get::<_, String>(2)?, service, state, time::system_time(created));
    record.age = time::between(created, now);
    record.name = name(row, 5)?;
    record.kind = row.get(6)?;
    record.fingerprint = row.get(7)?;
    record.deadline = row.get::<_, Option<i64>>(8)?.map(time::duration);
    record.due = row.get::<_, Option<i64>>(9)?.map(time::system_time);
    record.is_claimed = row.get(10)?;
    record.epoch = row.get(11)?;
    record.claims = count(row, 12)?;
    record.cancel = known(row, 13, CancelState::from_number)?;
    record.deliveries = count(row, 14)?;
    record.failures = count(row, 15)?;
    record.error = row.get(16)?;
    if row.as_ref().column_count() > 17 {
        record.saved = row.get(17)?;
        record.tag = row.get::<_, Option<_>>(18)?.unwrap_or_default();
        record.outcome = row.get(19)?;
    }
    Ok(record)
}

/// Runs a statement that returns one record or none.
pub(super) fn one(
    statement: &mut Statement<'_>,
    transaction: &Transaction<'_>,
    key: impl rusqlite::ToSql,
) -> rusqlite::Result<Option<Record>> {
    statement.query_one([key], |row| record(row, transaction.now)).optional()
}

/// Reads a service from two columns.
pub(super) fn service(row: &Row<'_>, column: usize) -> rusqlite::Result<Service> {
    Ok(Service::owned(row.get::<_, String>(column)?, row.get::<_, String>(column + 1)?))
}

/// Reads the name of an operation. A text that somebody stored by hand and that is no name counts as none.
pub(super) fn name(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<OperationName>> {
    let name = row.get_ref(column)?.as_str_or_null()?;
    Ok(name.and_then(|name| OperationName::parse(name).ok()))
}

/// Reads a number of claims, deliveries or failures.
pub(super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u32> {
    let count: i64 = row.get(column)?;
    Ok(u32::try_from(count.max(0)).unwrap_or(u32::MAX))
}

/// Reads the number of a state. A number of a later version is an error.
pub(super) fn known<T>(row: &Row<'_>, column: usize, known: fn(i16) -> Option<T>) -> rusqlite::Result<T> {
    let number: i64 = row.get(column)?;
    let state = i16::try_from(number).ok().and_then(known);
    state.ok_or(Error::IntegralValueOutOfRange(column, number))
}
