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
        tag: transaction.connection.prepare_cached(TAG)?,
        get: transaction.connection.prepare_cached(GET)?,
    };
    let registered: Vec<_> = entries
        .iter()
        .map(|entry| statements.register(transaction, entry))
        .collect::<rusqlite::Result<_>>()?;
    if registered.iter().any(Registered::needs_hint) {
        transaction.is_due.set(true);
    }
    Ok(registered)
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
        let columns = params![
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
        ];
        if self.insert.execute(columns)? == 0 {
            return self.meet(transaction, entry, due);
        }
        if !entry.tag.is_empty() {
            self.tag.execute(params![entry.key, entry.tag])?;
        }
        record.due = Some(time::system_time(due));
        Ok(Registered::New(record))
    }

    /// Registers an entry whose key exists.
    fn meet(
        &mut self,
        transaction: &Transaction<'_>,
        entry: &Entry,
        due: i64,
    ) -> rusqlite::Result<Registered> {
        let stored = self.get(transaction, entry)?;
        if stored.fingerprint != entry.fingerprint {
            return Ok(Registered::Conflict(stored));
        }
        let is_start = stored.state == RecordState::Intent && entry.intent.is_none();
        let Some(name) = entry.name.as_ref().filter(|_| is_start) else {
            return Ok(Registered::Existing(stored));
        };
        let mut resolve = transaction.connection.prepare_cached(RESOLVE)?;
        resolve.execute(params![
            entry.key,
            entry.service.key(),
            entry.service.version(),
            name.as_ref(),
            entry.kind,
            transaction.now,
            entry.deadline.map(time::micros),
            due,
            entry.started,
            entry.state,
        ])?;
        self.tag.execute(params![entry.key, entry.tag])?;
        Ok(Registered::New(self.get(transaction, entry)?))
    }

    fn get(&mut self, transaction: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<Record> {
        row::one(&mut self.get, transaction, &entry.key)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
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

const TAG: &str = "
    INSERT INTO payloads (id, tag) SELECT id, ?2 FROM records WHERE key = ?1
    ON CONFLICT (id) DO UPDATE SET tag = excluded.tag";

// A cancellation that was requested of the intent does not wait for the first poll.
const RESOLVE: &str = "
    UPDATE records SET state = 1, service = ?2, version = ?3, name = ?4, kind = ?5, created = ?6, deadline = ?7,
        due = CASE cancel WHEN 1 THEN ?6 ELSE ?8 END, epoch = epoch + 1, claim = NULL, claims = 0, started = ?9, saved = ?10
    WHERE key = ?1";

const GET: &str = concat!("SELECT ", columns!(), " FROM records r WHERE r.key = ?1");
