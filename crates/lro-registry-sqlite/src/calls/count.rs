use std::time::Duration;

use lro::Service;
use lro_registry::store::{BucketLevel, Count, CountRequest, Counts, KindCounts, ServiceCounts};
use rusqlite::params;

use super::{health, limit, list::STATES};
use crate::{call::Transaction, time};

/// Counts by the indexes alone, except for the kinds.
pub(crate) fn counts(transaction: &Transaction<'_>, request: &CountRequest) -> rusqlite::Result<Counts> {
    let mut counts = Counts::default();
    let mut of_state = transaction.connection.prepare_cached(OF_STATE)?;
    for state in STATES {
        let counted = of_state.query_one(params![state.number(), more_than(request.most)], number)?;
        if counted > 0 {
            counts.states.push((state, Count::of(counted, request.most)));
        }
    }
    let services = health::services(transaction, request.most_groups)?;
    let share = services.len().max(1);
    let shared = request.most(request.most / share).most_read(request.most_read / share);
    let services = services.into_iter().map(|it| service(transaction, it.service, &shared));
    counts.services = services.collect::<rusqlite::Result<_>>()?;
    counts.buckets = buckets(transaction, request.most_groups)?;
    Ok(counts)
}

fn service(
    transaction: &Transaction<'_>,
    service: Service,
    request: &CountRequest,
) -> rusqlite::Result<ServiceCounts> {
    let Transaction { connection, now, .. } = *transaction;
    let (key, version) = (service.key(), service.version());
    let mut count = connection.prepare_cached(OF_SERVICE)?;
    let mut until = |due: i64| {
        let counted = count.query_one(params![key, version, due, more_than(request.most)], number)?;
        Ok::<_, rusqlite::Error>(Count::of(counted, request.most))
    };
    let (pending, overdue) = (until(i64::MAX)?, until(now)?);
    let mut kinds = connection.prepare_cached(KINDS)?;
    let of = params![key, version, now, limit(request.most_read), limit(request.most_groups)];
    let kinds = kinds.query_map(of, |row| {
        let mut counts = KindCounts::new(row.get::<_, String>(0)?);
        counts.pending = row.get::<_, i64>(1)?.unsigned_abs();
        counts.overdue = row.get::<_, i64>(2)?.unsigned_abs();
        counts.failing = row.get::<_, i64>(3)?.unsigned_abs();
        counts.oldest = time::between(row.get(4)?, now);
        Ok(counts)
    })?;
    let kinds = kinds.collect::<rusqlite::Result<_>>()?;
    Ok(ServiceCounts::new(service, pending, overdue, kinds))
}

fn buckets(transaction: &Transaction<'_>, most: usize) -> rusqlite::Result<Vec<BucketLevel>> {
    let mut buckets = transaction.connection.prepare_cached(BUCKETS)?;
    let buckets = buckets.query_map([limit(most)], |row| {
        let age: Duration = time::between(row.get(2)?, transaction.now);
        Ok(BucketLevel::new(row.get::<_, String>(0)?, row.get(1)?, age))
    })?;
    buckets.collect()
}

fn number(row: &rusqlite::Row<'_>) -> rusqlite::Result<u64> {
    row.get::<_, i64>(0).map(i64::unsigned_abs)
}

fn more_than(most: usize) -> i64 {
    limit(most).saturating_add(1)
}

const OF_STATE: &str = "
    SELECT count(*) FROM (SELECT 1 FROM records INDEXED BY records_listed WHERE state = ?1 LIMIT ?2)";

const OF_SERVICE: &str = "
    SELECT count(*) FROM (
        SELECT 1 FROM records INDEXED BY records_due
        WHERE state = 1 AND service = ?1 AND version = ?2 AND due <= ?3 LIMIT ?4)";

const KINDS: &str = "
    SELECT kind, count(*), sum(due <= ?3), sum(failures > 0), min(created) FROM (
        SELECT kind, due, failures, created FROM records INDEXED BY records_due
        WHERE state = 1 AND service = ?1 AND version = ?2 ORDER BY due LIMIT ?4)
    GROUP BY kind ORDER BY count(*) DESC, kind LIMIT ?5";

const BUCKETS: &str = "SELECT quota, tokens, updated FROM buckets ORDER BY quota LIMIT ?1";
