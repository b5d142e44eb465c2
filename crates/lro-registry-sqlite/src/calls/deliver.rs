use std::time::Duration;

use lro_registry::store::{DeliveryRequest, Fence, Undelivered, Written};
use rusqlite::{Row, params};

use super::{limit, row};
use crate::{call::Transaction, time};

pub(crate) fn undelivered(
    transaction: &Transaction<'_>,
    request: &DeliveryRequest,
) -> rusqlite::Result<Vec<Undelivered>> {
    let Transaction { connection, now, .. } = *transaction;
    let mut due = connection.prepare_cached(DUE)?;
    let mut lease = connection.prepare_cached(LEASE)?;
    let picks =
        due.query_map(params![now, limit(request.most)], |row| Ok((row.get(0)?, read(row, now, request)?)))?;
    let picks: Vec<(i64, Undelivered)> = picks.collect::<rusqlite::Result<_>>()?;
    for (id, outcome) in &picks {
        let end = now + time::micros(request.lease) + time::micros(pause(request, outcome.deliveries));
        let Fence { epoch, claim, .. } = &outcome.fence;
        lease.execute(params![id, end, epoch, claim.to_bytes(), outcome.deliveries])?;
    }
    Ok(picks.into_iter().map(|(_, outcome)| outcome).collect())
}

pub(crate) fn acknowledge(transaction: &Transaction<'_>, fences: &[Fence]) -> rusqlite::Result<Vec<Written>> {
    let mut update = transaction.connection.prepare_cached(ACKNOWLEDGE)?;
    let each = fences.iter().map(|Fence { key, epoch, claim }| {
        let changed = update.execute(params![key, epoch, claim.to_bytes(), transaction.now])?;
        Ok(if changed > 0 { Written::Stored } else { Written::Fenced })
    });
    each.collect()
}

fn read(row: &Row<'_>, now: i64, request: &DeliveryRequest) -> rusqlite::Result<Undelivered> {
    let epoch = row.get::<_, i64>(4)?.saturating_add(1);
    Ok(Undelivered {
        service: row::service(row, 1)?,
        fence: Fence { key: row.get(3)?, epoch, claim: request.claim },
        name: row::name(row, 5)?,
        kind: row.get(6)?,
        age: time::between(row.get(7)?, now),
        deliveries: row::count(row, 8)?.saturating_add(1),
        error: row.get(9)?,
        state: row.get(10)?,
        tag: row.get::<_, Option<_>>(11)?.unwrap_or_default(),
        // A record that somebody set to finished by hand may have none.
        outcome: row.get::<_, Option<_>>(12)?.unwrap_or_default(),
    })
}

/// The pause after a delivery, as [`DeliveryRequest`] defines it.
fn pause(request: &DeliveryRequest, deliveries: u32) -> Duration {
    let Some(doublings) = deliveries.checked_sub(2) else { return Duration::ZERO };
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    request.first_pause.saturating_mul(factor).min(request.longest_pause)
}

const DUE: &str = "
    SELECT r.id, r.service, r.version, r.key, r.epoch, r.name, r.kind, r.created, r.deliveries, r.error, r.saved, p.tag, p.outcome
    FROM records r INDEXED BY records_undelivered LEFT JOIN payloads p ON p.id = r.id
    WHERE r.state = 3 AND r.due <= ?1 ORDER BY r.due LIMIT ?2";

const LEASE: &str = "UPDATE records SET due = ?2, epoch = ?3, claim = ?4, deliveries = ?5 WHERE id = ?1";

const ACKNOWLEDGE: &str = "
    UPDATE records SET state = 4, due = NULL, acknowledged = ?4, claim = NULL
    WHERE key = ?1 AND epoch = ?2 AND claim = ?3 AND state = 3";
