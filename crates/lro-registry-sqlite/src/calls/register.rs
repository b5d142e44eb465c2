use lro_registry::{
    Record, RecordState,
    store::{Entry, Registered},
};
use rusqlite::{CachedStatement, params};

use super::row::{self, columns};
use crate::{call::Transaction, time};

pub(crate) fn register(
    transaction: &Transaction<'_>,
    entries: &[Entry],
) -> rusqlite::Result<Vec<Registered>> {
    let mut statements = Statements {
        insert: transaction.connection.prepare_cached(INSERT)?,
        tag: transaction.connection.prepare_cached("INSERT INTO payloads (id, tag) VALUES (?1, ?2)")?,
        get: transaction.connection.prepare_cached(GET)?,
    };
    entries.iter().map(|entry| statements.register(transaction, entry)).collect()
}

struct Statements<'a> {
    insert: CachedStatement<'a>,
    tag: CachedStatement<'a>,
    get: CachedStatement<'a>,
}

impl Statements<'_> {
    fn register(&mut self, transaction: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<Registered> {
        let mut record = record(transaction.now, entry);
        let due = transaction.now + time::micros(entry.intent.map_or(entry.delay, |intent| intent.lease));
        let inserted = self.insert.execute(params![
            entry.key,
            entry.service.key(),
            entry.service.version(),
            entry.name.as_ref().map(AsRef::<str>::as_ref),
            entry.kind,
            entry.fingerprint,
            record.state.number(),
            transaction.now,
            entry.deadline.map(time::micros),
            due,
            record.epoch,
            entry.intent.map(|intent| intent.claim.to_bytes()),
            entry.started,
            entry.state,
        ])?;
        if inserted == 0 {
            let stored = row::one(&mut self.get, transaction, &entry.key)?;
            let stored = stored.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            let is_equal = stored.fingerprint == entry.fingerprint;
            return Ok(if is_equal { Registered::Existing(stored) } else { Registered::Conflict(stored) });
        }
        if !entry.tag.is_empty() {
            self.tag.execute(params![transaction.connection.last_insert_rowid(), entry.tag])?;
        }
        if entry.intent.is_none() && due <= transaction.now {
            transaction.is_due.set(true);
        }
        record.due = Some(time::system_time(due));
        Ok(Registered::New(record))
    }
}

/// Returns the record of a new entry, without its payloads.
fn record(now: i64, entry: &Entry) -> Record {
    let state = if entry.intent.is_some() { RecordState::Intent } else { RecordState::Pending };
    let mut record = Record::new(&entry.key, entry.service.clone(), state, time::system_time(now));
    record.name = entry.name.clone();
    record.kind = entry.kind.clone();
    record.fingerprint = entry.fingerprint.clone();
    record.deadline = entry.deadline.map(|deadline| time::duration(time::micros(deadline)));
    record.is_claimed = entry.intent.is_some();
    record.epoch = i64::from(entry.intent.is_some());
    record
}

const INSERT: &str = "
    INSERT INTO records (key, service, version, name, kind, fingerprint, state, created, deadline, due, epoch, claim, started, saved)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
    ON CONFLICT (key) DO NOTHING";

const GET: &str = concat!("SELECT ", columns!(), " FROM records r WHERE r.key = ?1");
