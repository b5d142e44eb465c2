use lro_registry::{
    StoreError,
    store::{CancelState, ClaimRequest, Claimed, ClaimedRecord, DeliveryRequest, Fence, Undelivered},
};
use tokio_postgres::SimpleQueryRow;

use crate::{
    call::Call,
    row::{Row, corrupt},
    time::{count, micros},
};

pub(crate) fn claim(schema: &str, request: &ClaimRequest, mark: i64) -> String {
    let call = Call::new(schema, "claim_v1")
        .bytes(request.service.key().as_bytes())
        .bytes(request.service.version().as_bytes())
        .bytes(&request.claim.to_bytes())
        .number(count(request.most))
        .number(micros(request.lease))
        .number(request.most_claims.into())
        .flag(request.is_random);
    let call = match &request.bucket {
        Some(bucket) => {
            call.bytes(bucket.quota.as_bytes()).float(finite(bucket.capacity)).float(finite(bucket.refill))
        }
        None => call.null().null().null(),
    };
    call.number(mark).finish()
}

/// Returns the result of a claim and the low-water mark of the due times.
pub(crate) fn claimed(request: &ClaimRequest, rows: &[SimpleQueryRow]) -> Result<(Claimed, i64), StoreError> {
    let mut claimed = Claimed::default();
    let mut mark = None;
    for row in rows {
        let mut row = Row::new(row);
        let what = row.number()?;
        let (key, epoch) = (row.maybe_string()?, row.number()?);
        match (what, key) {
            (1, Some(key)) => match record(&mut row, Fence { key, epoch, claim: request.claim }) {
                Ok(record) => claimed.records.push(record),
                // The others are good. This one is set aside after some claims.
                Err(error) => tracing::error!(%error, "a record cannot be read"),
            },
            (2, Some(key)) => claimed.set_aside.push(key),
            _ => {
                let (_, _) = (row.maybe_text()?, row.maybe_text()?);
                claimed.next_due = row.maybe_duration()?;
                claimed.next_token = row.duration()?;
                mark = Some(epoch);
            }
        }
    }
    Ok((claimed, mark.ok_or_else(|| corrupt("the result of a claim"))?))
}

fn record(row: &mut Row<'_>, fence: Fence) -> Result<ClaimedRecord, StoreError> {
    Ok(ClaimedRecord {
        fence,
        name: row.maybe_name()?.ok_or_else(|| corrupt("an operation name"))?,
        kind: row.string()?,
        age: row.duration()?,
        deadline: row.maybe_duration()?,
        started: row.flag()?,
        cancel: row.number()? == i64::from(CancelState::Requested.number()),
        claims: row.count()?,
        state: row.bytes()?,
        cursor: row.bytes()?,
    })
}

pub(crate) fn deliver(schema: &str, request: &DeliveryRequest, mark: i64) -> String {
    Call::new(schema, "undelivered_v1")
        .bytes(&request.claim.to_bytes())
        .number(count(request.most))
        .number(micros(request.lease))
        .number(micros(request.first_pause))
        .number(micros(request.longest_pause))
        .number(mark)
        .finish()
}

/// Returns the outcomes to deliver and the low-water mark of the due times.
pub(crate) fn delivered(
    request: &DeliveryRequest,
    rows: &[SimpleQueryRow],
) -> Result<(Vec<Undelivered>, i64), StoreError> {
    let mut delivered = Vec::new();
    let mut mark = None;
    for row in rows {
        let mut row = Row::new(row);
        let _what = row.number()?;
        let (key, epoch) = (row.maybe_string()?, row.number()?);
        match key {
            Some(key) => match outcome(&mut row, Fence { key, epoch, claim: request.claim }) {
                Ok(outcome) => delivered.push(outcome),
                Err(error) => tracing::error!(%error, "an outcome cannot be read"),
            },
            None => mark = Some(epoch),
        }
    }
    Ok((delivered, mark.ok_or_else(|| corrupt("the result of a delivery"))?))
}

fn outcome(row: &mut Row<'_>, fence: Fence) -> Result<Undelivered, StoreError> {
    Ok(Undelivered {
        fence,
        service: row.service()?,
        name: row.maybe_name()?,
        kind: row.string()?,
        tag: row.bytes()?,
        age: row.duration()?,
        deliveries: row.count()?,
        error: row.maybe_string()?,
        outcome: row.bytes()?,
        state: row.bytes()?,
    })
}

/// Returns a number that the database can calculate with.
fn finite(number: f64) -> f64 {
    if number.is_nan() { 0.0 } else { number.clamp(0.0, 1e12) }
}
