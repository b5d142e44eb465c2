use lro_registry::store::{CancelStep, Complete, Fence, GiveBack, Reschedule, Written};
use rusqlite::{OptionalExtension, params};

use super::{history, readable};
use crate::{call::Transaction, time};

pub(crate) fn reschedule(
    transaction: &Transaction<'_>,
    writes: &[Reschedule],
) -> rusqlite::Result<Vec<Written>> {
    let Transaction { connection, now, ref is_due } = *transaction;
    let mut update = connection.prepare_cached(RESCHEDULE)?;
    let mut resolve = connection.prepare_cached(RESOLVE)?;
    let each = writes.iter().map(|write| {
        let fence = &write.fence;
        let (is_seen, is_sent) = (write.cancel != CancelStep::NotSeen, write.cancel == CancelStep::Sent);
        let written = params![
            fence.key,
            fence.epoch,
            fence.claim.to_bytes(),
            write.name.as_ref().map(AsRef::<str>::as_ref),
            now,
            now + time::micros(write.delay),
            is_seen,
            is_sent,
            write.state,
            write.cursor,
            readable(write.error.as_deref()),
            write.failures,
        ];
        // Most records are pending. Writing `state` moves the record in more indexes, so it is a statement of its own.
        let cancel: Option<bool> = match update.query_one(written, |row| row.get(0)).optional()? {
            None => resolve.query_one(written, |row| row.get(0)).optional()?,
            found => found,
        };
        if cancel.is_some_and(|cancel| cancel || write.needs_hint()) {
            is_due.set(true);
        }
        Ok(if cancel.is_some() { Written::Stored } else { Written::Fenced })
    });
    each.collect()
}

pub(crate) fn complete(transaction: &Transaction<'_>, writes: &[Complete]) -> rusqlite::Result<Vec<Written>> {
    let Transaction { connection, now, .. } = *transaction;
    let mut update = connection.prepare_cached(COMPLETE)?;
    let mut outcome = connection.prepare_cached(OUTCOME)?;
    let each = writes.iter().map(|write| {
        let Fence { key, epoch, claim } = &write.fence;
        let name = write.name.as_ref().map(AsRef::<str>::as_ref);
        let written = params![key, epoch, claim.to_bytes(), name, now, write.state];
        let Some(id) = update.query_one(written, |row| row.get::<_, i64>(0)).optional()? else {
            return Ok(Written::Fenced);
        };
        outcome.execute(params![id, write.outcome])?;
        if let Some(finished) = &write.finished {
            history::add(transaction, finished)?;
        }
        Ok(Written::Stored)
    });
    each.collect()
}

pub(crate) fn give_back(
    transaction: &Transaction<'_>,
    writes: &[GiveBack],
) -> rusqlite::Result<Vec<Written>> {
    let Transaction { connection, now, .. } = *transaction;
    let mut update = connection.prepare_cached(GIVE_BACK)?;
    let each = writes.iter().map(|write| {
        let Fence { key, epoch, claim } = &write.fence;
        let (due, error) = (now + time::micros(write.delay), readable(write.error.as_deref()));
        let written = params![key, epoch, claim.to_bytes(), now, due, write.counts, error];
        let stored_due: Option<i64> = update.query_one(written, |row| row.get(0)).optional()?;
        Ok(if stored_due.is_some() { Written::Stored } else { Written::Fenced })
    });
    each.collect()
}

/// The right sides see the record as it was. The statement returns whether a request to cancel waits that the worker has not seen.
macro_rules! reschedule {
    ($changes:literal, $state:literal) => {
        concat!(
            "UPDATE records SET ",
            $changes,
            "name = coalesce(?4, name), due = CASE WHEN cancel = 1 AND NOT ?7 THEN ?5 ELSE ?6 END,
             cancel = CASE WHEN ?8 THEN 2 ELSE cancel END, claim = NULL, claims = 0, saved = ?9, cursor = ?10,
             error = coalesce(?11, error), failures = ?12
             WHERE key = ?1 AND epoch = ?2 AND claim = ?3 AND state = ",
            $state,
            " RETURNING cancel = 1 AND NOT ?7"
        )
    };
}

const RESCHEDULE: &str = reschedule!("", "1");

const RESOLVE: &str = reschedule!("state = 1, created = ?5, ", "0");

const COMPLETE: &str = "
    UPDATE records SET state = 3, created = CASE state WHEN 0 THEN ?5 ELSE created END, name = coalesce(?4, name), due = ?5,
        claim = NULL, claims = 0, deliveries = 0, error = NULL, saved = ?6
    WHERE key = ?1 AND epoch = ?2 AND claim = ?3 AND state IN (0, 1)
    RETURNING id";

const OUTCOME: &str = "
    INSERT INTO payloads (id, outcome) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome";

const GIVE_BACK: &str = "
    UPDATE records SET due = CASE WHEN state = 1 AND cancel = 1 AND NOT ?6 THEN ?4 ELSE ?5 END, claim = NULL,
        claims = CASE WHEN state = 1 AND NOT ?6 THEN max(claims - 1, 0) ELSE claims END, error = coalesce(?7, error)
    WHERE key = ?1 AND epoch = ?2 AND claim = ?3 AND state IN (0, 1, 3)
    RETURNING due";
