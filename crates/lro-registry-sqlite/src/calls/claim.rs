use std::time::Duration;

use lro::OperationName;
use lro_registry::store::{CancelState, ClaimRequest, Claimed, ClaimedRecord, Fence};
use rusqlite::{CachedStatement, Row, params};

use super::{bucket::Level, limit, row};
use crate::{call::Transaction, time};

pub(crate) fn claim(transaction: &Transaction<'_>, request: &ClaimRequest) -> rusqlite::Result<Claimed> {
    let mut claimed = Claimed::default();
    if let Some(bucket) = &request.bucket {
        let mut level = Level::read(transaction, bucket)?;
        pick(transaction, request, request.most.min(level.available()), &mut claimed)?;
        level.spend(transaction, claimed.records.len() + claimed.set_aside.len())?;
        claimed.next_token = level.next_token();
    } else {
        pick(transaction, request, request.most, &mut claimed)?;
    }
    claimed.next_due = next_due(transaction, request)?;
    Ok(claimed)
}

fn pick(
    transaction: &Transaction<'_>,
    request: &ClaimRequest,
    most: usize,
    claimed: &mut Claimed,
) -> rusqlite::Result<()> {
    if most == 0 {
        return Ok(());
    }
    let Transaction { connection, now, .. } = *transaction;
    let mut due = connection.prepare_cached(statement(request))?;
    let service = &request.service;
    let picks = due.query_map(params![service.key(), service.version(), now, limit(most)], |row| {
        Pick::read(row, now, request)
    })?;
    let picks: Vec<Pick> = picks.collect::<rusqlite::Result<_>>()?;
    let mut lease: CachedStatement<'_> = connection.prepare_cached(LEASE)?;
    let end = now + time::micros(request.lease);
    for pick in picks {
        match pick {
            Pick::Record(id, record) => {
                lease.execute(params![id, end, record.fence.epoch, request.claim.to_bytes()])?;
                claimed.records.push(record);
            }
            Pick::SetAside(id, key, reason) => {
                connection.prepare_cached(SET_ASIDE)?.execute(params![id, reason])?;
                claimed.set_aside.push(key);
            }
        }
    }
    Ok(())
}

/// Returns the statement that picks the records. A coin decides from which end random ones are drawn.
fn statement(request: &ClaimRequest) -> &'static str {
    match (request.is_random, fastrand::bool()) {
        (false, _) => DUE,
        (true, false) => OLDEST_AT_RANDOM,
        (true, true) => NEWEST_AT_RANDOM,
    }
}

/// A record that is due, by its row id.
enum Pick {
    Record(i64, ClaimedRecord),
    SetAside(i64, String, String),
}

impl Pick {
    fn read(row: &Row<'_>, now: i64, request: &ClaimRequest) -> rusqlite::Result<Self> {
        let (id, key) = (row.get(0)?, row.get(1)?);
        let claims = row::count(row, 3)?;
        if claims >= request.most_claims {
            return Ok(Self::SetAside(id, key, format!("{claims} claims have ended without a result")));
        }
        let name: Option<OperationName> = row::name(row, 2)?;
        let Some(name) = name else {
            return Ok(Self::SetAside(
                id,
                key,
                "the operation has no name, or none that is valid".to_owned(),
            ));
        };
        let fence = Fence { key, epoch: row.get::<_, i64>(4)?.saturating_add(1), claim: request.claim };
        let record = ClaimedRecord {
            fence,
            name,
            kind: row.get(5)?,
            age: time::between(row.get(6)?, now),
            deadline: row.get::<_, Option<i64>>(7)?.map(time::duration),
            started: row.get(8)?,
            cancel: row.get::<_, i64>(9)? == i64::from(CancelState::Requested.number()),
            claims: claims.saturating_add(1),
            state: row.get(10)?,
            cursor: row.get(11)?,
        };
        Ok(Self::Record(id, record))
    }
}

fn next_due(transaction: &Transaction<'_>, request: &ClaimRequest) -> rusqlite::Result<Option<Duration>> {
    let mut next = transaction.connection.prepare_cached(NEXT)?;
    let service = &request.service;
    let due: Option<i64> = next.query_one([service.key(), service.version()], |row| row.get(0))?;
    Ok(due.map(|due| time::between(transaction.now, due)))
}

macro_rules! select {
    ($from:expr) => {
        concat!(
            "SELECT id, key, name, claims, epoch, kind, created, deadline, started, cancel, saved, cursor FROM records ",
            $from
        )
    };
}

const DUE: &str = select!(
    "INDEXED BY records_due WHERE state = 1 AND service = ?1 AND version = ?2 AND due <= ?3 ORDER BY due LIMIT ?4"
);

macro_rules! at_random {
    ($order:literal, $offset:literal) => {
        select!(concat!(
            "WHERE id IN (SELECT id FROM records WHERE id IN (
                SELECT id FROM records INDEXED BY records_due WHERE state = 1 AND service = ?1 AND version = ?2 AND due <= ?3
                ORDER BY ",
            $order,
            " LIMIT 1000",
            $offset,
            ") ORDER BY failures, random() LIMIT ?4)"
        ))
    };
}

/// Any 1,000 of the first 10,000. The number from SQLite is between -2^63 and 2^63.
const OLDEST_AT_RANDOM: &str = at_random!(
    "due",
    " OFFSET (SELECT abs(random() % (max(count(*) - 1000, 0) + 1)) FROM (
        SELECT 1 FROM records INDEXED BY records_due WHERE state = 1 AND service = ?1 AND version = ?2 AND due <= ?3
        ORDER BY due LIMIT 10000))"
);

const NEWEST_AT_RANDOM: &str = at_random!("due DESC", "");

const LEASE: &str = "UPDATE records SET due = ?2, epoch = ?3, claim = ?4, claims = claims + 1 WHERE id = ?1";

const SET_ASIDE: &str =
    "UPDATE records SET state = 2, due = NULL, claim = NULL, error = coalesce(error, ?2) WHERE id = ?1";

const NEXT: &str =
    "SELECT min(due) FROM records INDEXED BY records_due WHERE state = 1 AND service = ?1 AND version = ?2";
