use lro::Service;
use lro_registry::store::{Health, ServiceHealth};
use rusqlite::{OptionalExtension, Row};

use crate::{call::Transaction, time};

pub(crate) fn health(transaction: &Transaction<'_>) -> rusqlite::Result<Health> {
    let Transaction { connection, now, .. } = *transaction;
    let count = |sql: &str, time: Option<i64>| -> rusqlite::Result<u64> {
        let mut count = connection.prepare_cached(sql)?;
        count.query_one(rusqlite::params_from_iter(time), |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
    };
    let mut health = Health::default();
    health.services = services(transaction, usize::MAX)?;
    health.unresolved_intents = count(UNRESOLVED_INTENTS, Some(now))?;
    health.set_aside = count(SET_ASIDE, None)?;
    health.undelivered = count(UNDELIVERED, None)?;
    let mut oldest = connection.prepare_cached(OLDEST)?;
    let oldest: Option<i64> = oldest.query_one([], |row| row.get(0))?;
    health.undelivered_for = oldest.filter(|due| *due <= now).map(|due| time::between(due, now));
    for pragma in ["page_size", "page_count", "freelist_count", "wal_autocheckpoint"] {
        let value: i64 = connection.pragma_query_value(None, pragma, |row| row.get(0))?;
        health.details.push((pragma.replace('_', " "), value.to_string()));
    }
    Ok(health)
}

/// Returns the first services that have pending records. It reads one entry of the index for each.
pub(super) fn services(transaction: &Transaction<'_>, most: usize) -> rusqlite::Result<Vec<ServiceHealth>> {
    let connection = transaction.connection;
    let mut first = connection.prepare_cached(FIRST_SERVICE)?;
    let mut version = connection.prepare_cached(NEXT_VERSION)?;
    let mut service = connection.prepare_cached(NEXT_SERVICE)?;
    let mut services = Vec::new();
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let mut found: Option<(String, String, i64)> = first.query_one([], read).optional()?;
    while let Some((key, of, due)) = found.take_if(|_| services.len() < most) {
        let overdue = (due <= transaction.now).then(|| time::between(due, transaction.now));
        found = match version.query_one([&key, &of], read).optional()? {
            None => service.query_one([&key], read).optional()?,
            found => found,
        };
        services.push(ServiceHealth::new(Service::owned(key, of), overdue));
    }
    Ok(services)
}

const FIRST_SERVICE: &str = "
    SELECT service, version, due FROM records INDEXED BY records_due WHERE state = 1
    ORDER BY service, version, due LIMIT 1";

// A comparison of both columns at once reads all entries of the service.
const NEXT_VERSION: &str = "
    SELECT service, version, due FROM records INDEXED BY records_due WHERE state = 1 AND service = ?1 AND version > ?2
    ORDER BY version, due LIMIT 1";

const NEXT_SERVICE: &str = "
    SELECT service, version, due FROM records INDEXED BY records_due WHERE state = 1 AND service > ?1
    ORDER BY service, version, due LIMIT 1";

const UNRESOLVED_INTENTS: &str = "
    SELECT count(*) FROM (SELECT 1 FROM records INDEXED BY records_intents WHERE state = 0 AND due <= ?1 LIMIT 10000)";

const SET_ASIDE: &str =
    "SELECT count(*) FROM (SELECT 1 FROM records INDEXED BY records_listed WHERE state = 2 LIMIT 10000)";

const UNDELIVERED: &str =
    "SELECT count(*) FROM (SELECT 1 FROM records INDEXED BY records_listed WHERE state = 3 LIMIT 10000)";

const OLDEST: &str = "SELECT min(due) FROM records INDEXED BY records_undelivered WHERE state = 3";
