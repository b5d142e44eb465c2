use lro_registry::{Record, RecordState, store::ListRequest};
use rusqlite::{OptionalExtension, Row, params};

use super::{
    limit,
    row::{self, columns},
};
use crate::call::Transaction;

pub(crate) fn get(transaction: &Transaction<'_>, keys: &[String]) -> rusqlite::Result<Vec<Option<Record>>> {
    let mut get = transaction.connection.prepare_cached(GET)?;
    keys.iter().map(|key| row::one(&mut get, transaction, key)).collect()
}

/// Reads a page. Every way to it ends after about as many index entries as the page has records, for each state and service.
pub(crate) fn list(transaction: &Transaction<'_>, request: &ListRequest) -> rusqlite::Result<Vec<Record>> {
    let places = if request.overdue {
        overdue(transaction, request)?
    } else if request.state.is_none() && request.service.is_none() {
        Place::query(transaction, ALL, params![first_key(request), limit(request.most)])?
    } else {
        by_state_and_service(transaction, request)?
    };
    let sql = if request.payloads { WITH_PAYLOADS } else { WITHOUT_PAYLOADS };
    let mut read = transaction.connection.prepare_cached(sql)?;
    let mut records = Vec::with_capacity(places.len());
    for Place { id, .. } in places {
        records.extend(row::one(&mut read, transaction, id)?);
    }
    Ok(records)
}

/// Where a record of a page is.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    key: String,
    id: i64,
}

impl Place {
    fn query(
        transaction: &Transaction<'_>,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> rusqlite::Result<Vec<Self>> {
        let mut select = transaction.connection.prepare_cached(sql)?;
        let read = |row: &Row<'_>| Ok(Self { key: row.get(0)?, id: row.get(1)? });
        select.query_map(params, read)?.collect()
    }
}

/// The states, in any order.
pub(super) const STATES: [RecordState; 5] = [
    RecordState::Intent,
    RecordState::Pending,
    RecordState::SetAside,
    RecordState::Finished,
    RecordState::Acknowledged,
];

/// Merges the lists of each state and service, which the index has in the order of the keys.
fn by_state_and_service(
    transaction: &Transaction<'_>,
    request: &ListRequest,
) -> rusqlite::Result<Vec<Place>> {
    let first_key = first_key(request);
    let mut places = Vec::new();
    for state in STATES.iter().filter(|state| request.state.is_none_or(|asked| asked == **state)) {
        let services = match &request.service {
            Some(service) => vec![(service.key().to_owned(), service.version().to_owned())],
            None => services(transaction, *state)?,
        };
        for (service, version) in services {
            let of = params![state.number(), service, version, first_key, limit(request.most)];
            places.extend(Place::query(transaction, LISTED, of)?);
        }
    }
    Ok(page(places, request.most))
}

/// Reads the records that are due. They are sorted by key if they are few, and found among all in the order of the keys if not.
fn overdue(transaction: &Transaction<'_>, request: &ListRequest) -> rusqlite::Result<Vec<Place>> {
    let first_key = first_key(request);
    let state = request.state.map(RecordState::number);
    let [service, version] = match &request.service {
        Some(service) => [Some(service.key()), Some(service.version())],
        None => [None; 2],
    };
    let (pending, count) = match service {
        Some(_) => (DUE_PENDING_OF, COUNT_PENDING_OF),
        None => (DUE_PENDING, COUNT_PENDING),
    };
    // The index alone says whether they are many. Reading the keys of many costs a hundred times as much.
    let mut are_many = state.is_none_or(|asked| asked == 1) && {
        let counted = params![transaction.now, service, version, limit(FEW + 1)];
        let due: i64 = transaction.connection.prepare_cached(count)?.query_one(counted, |row| row.get(0))?;
        due > limit(FEW)
    };
    let mut places = Vec::new();
    for (sql, of) in [(DUE_INTENTS, 0), (pending, 1), (DUE_FINISHED, 3)] {
        if state.is_none_or(|asked| asked == of) && !are_many {
            let (now, most) = (transaction.now, limit(FEW + 1));
            places.extend(if of != 1 && is_rare(transaction, request, of)? {
                Place::query(transaction, DUE_LISTED, params![now, service, version, most, of])?
            } else {
                Place::query(transaction, sql, params![now, service, version, most])?
            });
            are_many = places.len() > FEW;
        }
    }
    if are_many {
        let of = params![transaction.now, service, version, limit(request.most), first_key, state];
        return Place::query(transaction, DUE_BY_KEY, of);
    }
    places.retain(|place| place.key >= first_key);
    Ok(page(places, request.most))
}

/// Returns whether the service asked for has few records in a state. The due ones are then found among them: the indexes of what is due
/// have those of all services, except for pending records.
fn is_rare(transaction: &Transaction<'_>, request: &ListRequest, state: i16) -> rusqlite::Result<bool> {
    let Some(service) = &request.service else { return Ok(false) };
    let counted = params![state, service.key(), service.version(), limit(FEW + 1)];
    let listed: i64 =
        transaction.connection.prepare_cached(COUNT_LISTED)?.query_one(counted, |row| row.get(0))?;
    Ok(listed <= limit(FEW))
}

/// The number of due records up to which they are sorted.
const FEW: usize = 10_000;

/// Returns the least key that may be on the page. Nothing lies between a text and the same text with a NUL at its end.
fn first_key(request: &ListRequest) -> String {
    request.after.as_ref().map(|after| format!("{after}\0")).unwrap_or_default()
}

fn page(mut places: Vec<Place>, most: usize) -> Vec<Place> {
    places.sort_unstable();
    places.truncate(most);
    places
}

/// Returns the services that have records in a state. It reads one entry of the index for each.
fn services(transaction: &Transaction<'_>, state: RecordState) -> rusqlite::Result<Vec<(String, String)>> {
    let connection = transaction.connection;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let mut found: Option<(String, String)> =
        connection.prepare_cached(FIRST_SERVICE)?.query_one([state.number()], read).optional()?;
    let mut next_version = connection.prepare_cached(NEXT_VERSION)?;
    let mut next_service = connection.prepare_cached(NEXT_SERVICE)?;
    let mut services = Vec::new();
    while let Some((key, version)) = found {
        found = match next_version.query_one(params![state.number(), key, version], read).optional()? {
            None => next_service.query_one(params![state.number(), key], read).optional()?,
            found => found,
        };
        services.push((key, version));
    }
    Ok(services)
}

const GET: &str = concat!(
    "SELECT ",
    columns!(payloads),
    " FROM records r LEFT JOIN payloads p ON p.id = r.id WHERE r.key = ?1"
);

const WITH_PAYLOADS: &str = concat!(
    "SELECT ",
    columns!(payloads),
    " FROM records r LEFT JOIN payloads p ON p.id = r.id WHERE r.id = ?1"
);

const WITHOUT_PAYLOADS: &str = concat!("SELECT ", columns!(), " FROM records r WHERE r.id = ?1");

const ALL: &str = "SELECT key, id FROM records WHERE key >= ?1 ORDER BY key LIMIT ?2";

const LISTED: &str = "
    SELECT key, id FROM records INDEXED BY records_listed
    WHERE state = ?1 AND service = ?2 AND version = ?3 AND key >= ?4 ORDER BY key LIMIT ?5";

const FIRST_SERVICE: &str = "
    SELECT service, version FROM records INDEXED BY records_listed WHERE state = ?1 ORDER BY service, version LIMIT 1";

// A comparison of both columns at once reads all entries of the service.
const NEXT_VERSION: &str = "
    SELECT service, version FROM records INDEXED BY records_listed WHERE state = ?1 AND service = ?2 AND version > ?3
    ORDER BY version LIMIT 1";

const NEXT_SERVICE: &str = "
    SELECT service, version FROM records INDEXED BY records_listed WHERE state = ?1 AND service > ?2
    ORDER BY service, version LIMIT 1";

macro_rules! due {
    ($index:literal, $state:literal) => {
        concat!(
            "SELECT key, id FROM records ",
            $index,
            " WHERE due <= ?1 AND (?2 IS NULL OR service = ?2 AND version = ?3) AND ",
            $state
        )
    };
}

const DUE_INTENTS: &str = due!("INDEXED BY records_intents", "state = 0 LIMIT ?4");
const DUE_PENDING: &str = due!("INDEXED BY records_due", "state = 1 LIMIT ?4");
const DUE_PENDING_OF: &str = "
    SELECT key, id FROM records INDEXED BY records_due
    WHERE state = 1 AND service = ?2 AND version = ?3 AND due <= ?1 LIMIT ?4";
const COUNT_PENDING: &str = "
    SELECT count(*) FROM (SELECT 1 FROM records INDEXED BY records_due
    WHERE state = 1 AND due <= ?1 AND (?2 IS NULL OR service = ?2 AND version = ?3) LIMIT ?4)";
const COUNT_PENDING_OF: &str = "
    SELECT count(*) FROM (SELECT 1 FROM records INDEXED BY records_due
    WHERE state = 1 AND service = ?2 AND version = ?3 AND due <= ?1 LIMIT ?4)";
const DUE_FINISHED: &str = due!("INDEXED BY records_undelivered", "state = 3 LIMIT ?4");
const DUE_LISTED: &str = "
    SELECT key, id FROM records INDEXED BY records_listed
    WHERE state = ?5 AND service = ?2 AND version = ?3 AND due <= ?1 LIMIT ?4";
const COUNT_LISTED: &str = "
    SELECT count(*) FROM (SELECT 1 FROM records INDEXED BY records_listed
    WHERE state = ?1 AND service = ?2 AND version = ?3 LIMIT ?4)";
const DUE_BY_KEY: &str = due!("", "(?6 IS NULL OR state = ?6) AND key >= ?5 ORDER BY key LIMIT ?4");
