use std::collections::HashMap;

use lro_registry::{
    Record, RecordState, StoreError,
    store::{CancelState, Entry, ListRequest, Registered},
};
use tokio_postgres::SimpleQueryRow;

use crate::{
    call::Call,
    row::{Row, corrupt},
    time::{count, micros},
};

pub(crate) fn register(schema: &str, entries: &[Entry]) -> String {
    let services = entries.iter().map(|entry| entry.service.key());
    let claims: Vec<_> =
        entries.iter().map(|entry| entry.intent.map(|intent| intent.claim.to_bytes())).collect();
    Call::new(schema, "register_v1")
        .each_text(entries.iter().map(|entry| &*entry.key))
        .each_text(services)
        .each_text(entries.iter().map(|entry| entry.service.version()))
        .each_bytes_or_null(
            entries.iter().map(|entry| entry.name.as_ref().map(|name| name.as_str().as_bytes())),
        )
        .each_text(entries.iter().map(|entry| &*entry.kind))
        .each_text(entries.iter().map(|entry| &*entry.fingerprint))
        .each_bytes(entries.iter().map(|entry| &*entry.tag))
        .each_number_or_null(entries.iter().map(|entry| entry.deadline.map(micros)))
        .each_flag(entries.iter().map(|entry| entry.started))
        .each_number(
            entries.iter().map(|entry| micros(entry.intent.map_or(entry.delay, |intent| intent.lease))),
        )
        .each_bytes(entries.iter().map(|entry| &*entry.state))
        .each_bytes_or_null(claims.iter().map(|claim| claim.as_ref().map(|claim| &claim[..])))
        .finish()
}

pub(crate) fn registered(row: &SimpleQueryRow) -> Result<Registered, StoreError> {
    let mut row = Row::new(row);
    let what = row.number()?;
    let record = without_payloads(&mut row)?;
    match what {
        0 => Ok(Registered::New(record)),
        1 => Ok(Registered::Existing(record)),
        2 => Ok(Registered::Conflict(record)),
        _ => Err(corrupt("a result of a registration")),
    }
}

pub(crate) fn get(schema: &str, keys: &[String]) -> String {
    let keys = Call::function(schema, "texts_v1").each_text(keys.iter().map(|key| &**key)).finish();
    format!("{} WHERE r.key = ANY ({keys})", select(schema, &format!("\"{schema}\".records"), true))
}

pub(crate) fn got(keys: &[String], rows: &[SimpleQueryRow]) -> Result<Vec<Option<Record>>, StoreError> {
    let records: Result<Vec<_>, _> = rows.iter().map(|row| record(row, true)).collect();
    let records: HashMap<String, Record> =
        records?.into_iter().map(|record| (record.key.clone(), record)).collect();
    Ok(keys.iter().map(|key| records.get(key).cloned()).collect())
}

pub(crate) fn list(schema: &str, request: &ListRequest) -> String {
    let ListRequest { state, service, overdue, after, most, payloads } = request;
    let mut call = Call::function(schema, "list_v1").column("n.now");
    call = match state {
        Some(state) => call.number(state.number().into()),
        None => call.null(),
    };
    call = match service {
        Some(service) => call.bytes(service.key().as_bytes()).bytes(service.version().as_bytes()),
        None => call.null().null(),
    };
    call = call.flag(*overdue);
    call = match after {
        Some(after) => call.bytes(after.as_bytes()),
        None => call.null(),
    };
    let call = call.number(count(*most)).finish();
    format!("{} ORDER BY r.key", select(schema, &call, *payloads))
}

pub(crate) fn record(row: &SimpleQueryRow, payloads: bool) -> Result<Record, StoreError> {
    let mut row = Row::new(row);
    let mut record = without_payloads(&mut row)?;
    if payloads {
        record.tag = row.bytes()?;
        record.saved = row.bytes()?;
        record.outcome = row.maybe_bytes()?;
    }
    Ok(record)
}

fn select(schema: &str, from: &str, payloads: bool) -> String {
    let payloads = if payloads { ", r.tag, r.saved, r.outcome" } else { "" };
    format!(
        "SELECT r.key, r.state, r.service, r.version, r.name, r.kind, r.fingerprint, r.created, n.now - r.created, \
         r.deadline, r.due, r.claim IS NOT NULL, r.epoch, r.claims, r.cancel, r.deliveries, r.failures, r.error{payloads} \
         FROM (SELECT \"{schema}\".now_v1() AS now OFFSET 0) AS n, {from} AS r"
    )
}

fn without_payloads(row: &mut Row<'_>) -> Result<Record, StoreError> {
    let key = row.text()?;
    let state = i16::try_from(row.number()?).ok().and_then(RecordState::from_number);
    let (service, name) = (row.service()?, row.maybe_name()?);
    let (kind, fingerprint, created) = (row.string()?, row.string()?, row.time()?);
    let mut record = Record::new(key, service, state.ok_or_else(|| corrupt("a state"))?, created);
    record.name = name;
    record.kind = kind;
    record.fingerprint = fingerprint;
    record.age = row.duration()?;
    record.deadline = row.maybe_duration()?;
    record.due = row.maybe_time()?;
    record.is_claimed = row.flag()?;
    record.epoch = row.number()?;
    record.claims = row.count()?;
    let cancel = i16::try_from(row.number()?).ok().and_then(CancelState::from_number);
    record.cancel = cancel.ok_or_else(|| corrupt("a state of a cancellation"))?;
    record.deliveries = row.count()?;
    record.failures = row.count()?;
    record.error = row.maybe_string()?;
    Ok(record)
}
