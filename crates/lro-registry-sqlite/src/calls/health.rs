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
    health.services = services(transaction)?;
    health.unresolved_intents = count(UNRESOLVED_INTENTS, Some(now))?;
    health.set_aside = count(SET_ASIDE, None)?;
    health.undelivered = count(UNDELIVERED, None)?;
    let mut oldest = connection.prepare_cached("SELECT min(due) FROM records WHERE state = 3")?;
    let oldest: Option<i64> = oldest.query_one([], |row| row.get(0))?;
    health.undelivered_for = oldest.filter(|due| *due <= now).map(|due| time::between(due, now));
    for pragma in ["page_size", "page_count", "freelist_count", "wal_autocheckpoint"] {
        let value: i64 = connection.pragma_query_value(None, pragma, |row| row.get(0))?;
        health.details.push((pragma.replace('_', " "), value.to_string()));
    }
    Ok(health)
}

/// Returns the services that have pending records. It reads one entry of the index for each.
fn services(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<ServiceHealth>> {
    let mut first = transaction.connection.prepare_cached(FIRST_SERVICE)?;
    let mut next = transaction.connection.prepare_cached(NEXT_SERVICE)?;
    let mut services = Vec::new();
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let mut found: Option<(String, String, i64)> = first.query_one([], read).optional()?;
    while let Some((key, version, due)) = found {
        let overdue = (due <= transaction.now).then(|| time::between(due, transaction.now));
        found = next.query_one([&key, &version], read).optional()?;
        services.push(ServiceHealth::new(Service::owned(key, version), overdue));
    }
    Ok(services)
}

const FIRST_SERVICE: &str = "
    SELECT service, version, due FROM records INDEXED BY records_due WHERE state = 1
    ORDER BY service, version, due LIMIT 1";

const NEXT_SERVICE: &str = "
    SELECT service, version, due FROM records INDEXED BY records_due WHERE state = 1 AND (service, version) > (?1, ?2)
    ORDER BY service, version, due LIMIT 1";

const UNRESOLVED_INTENTS: &str = "
    SELECT count(*) FROM (SELECT 1 FROM records WHERE state = 0 AND due <= ?1 LIMIT 10000)";

const SET_ASIDE: &str = "SELECT count(*) FROM (SELECT 1 FROM records WHERE state = 2 LIMIT 10000)";

const UNDELIVERED: &str = "SELECT count(*) FROM (SELECT 1 FROM records WHERE state = 3 LIMIT 10000)";
