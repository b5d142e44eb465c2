use lro_registry::{
    StoreError,
    store::{CancelStep, Complete, Fence, GiveBack, Reschedule, Written},
};
use tokio_postgres::SimpleQueryRow;

use crate::{call::Call, row::Row, time::micros};

pub(crate) fn reschedule(schema: &str, writes: &[Reschedule]) -> String {
    let errors: Vec<_> = writes.iter().map(|write| write.error.as_deref().map(without_nul)).collect();
    fences(Call::new(schema, "reschedule_v1"), writes.iter().map(|write| &write.fence))
        .each_bytes_or_null(
            writes.iter().map(|write| write.name.as_ref().map(|name| name.as_str().as_bytes())),
        )
        .each_number(writes.iter().map(|write| micros(write.delay)))
        .each_bytes(writes.iter().map(|write| &*write.state))
        .each_bytes(writes.iter().map(|write| &*write.cursor))
        .each_number(writes.iter().map(|write| match write.cancel {
            CancelStep::NotSeen => 0,
            CancelStep::Failed => 1,
            CancelStep::Sent => 2,
        }))
        .each_number(writes.iter().map(|write| write.failures.into()))
        .each_bytes_or_null(errors.iter().map(|error| error.as_deref().map(str::as_bytes)))
        .finish()
}

pub(crate) fn complete(schema: &str, writes: &[Complete]) -> String {
    let finished = || writes.iter().map(|write| write.finished.as_ref());
    fences(Call::new(schema, "complete_v1"), writes.iter().map(|write| &write.fence))
        .each_bytes_or_null(
            writes.iter().map(|write| write.name.as_ref().map(|name| name.as_str().as_bytes())),
        )
        .each_bytes(writes.iter().map(|write| &*write.outcome))
        .each_bytes(writes.iter().map(|write| &*write.state))
        .each_number_or_null(finished().map(|finished| Some(finished?.worker)))
        .each_bytes_or_null(finished().map(|finished| Some(finished?.kind.as_bytes())))
        .each_number_or_null(finished().map(|finished| Some(micros(finished?.running))))
        .each_number_or_null(finished().map(|finished| Some(micros(finished?.done?))))
        .each_number_or_null(finished().map(|finished| Some(finished?.polls.into())))
        .finish()
}

pub(crate) fn give_back(schema: &str, writes: &[GiveBack]) -> String {
    let errors: Vec<_> = writes.iter().map(|write| write.error.as_deref().map(without_nul)).collect();
    fences(Call::new(schema, "give_back_v1"), writes.iter().map(|write| &write.fence))
        .each_number(writes.iter().map(|write| micros(write.delay)))
        .each_flag(writes.iter().map(|write| write.counts))
        .each_bytes_or_null(errors.iter().map(|error| error.as_deref().map(str::as_bytes)))
        .finish()
}

pub(crate) fn acknowledge(schema: &str, given: &[Fence]) -> String {
    fences(Call::new(schema, "acknowledge_v1"), given.iter()).finish()
}

pub(crate) fn withdraw(schema: &str, given: &[Fence]) -> String {
    fences(Call::new(schema, "withdraw_v1"), given.iter()).finish()
}

/// Returns the call of a function that takes keys.
pub(crate) fn of_keys(schema: &str, function: &str, keys: &[String]) -> String {
    Call::new(schema, function).each_text(keys.iter().map(|key| &**key)).finish()
}

/// Returns whether a record is due sooner than its write asked for. The position of such a write is negative.
pub(crate) fn is_sooner(rows: &[SimpleQueryRow]) -> bool {
    rows.iter().any(|row| Row::new(row).number().is_ok_and(i64::is_negative))
}

/// Returns for each item of a batch whether its position, from 1 on, is among the rows. The sign does not matter.
pub(crate) fn is_among(items: usize, rows: &[SimpleQueryRow]) -> Result<Vec<bool>, StoreError> {
    let mut among = vec![false; items];
    for row in rows {
        let position = usize::try_from(Row::new(row).number()?.unsigned_abs()).ok();
        if let Some(item) = position.and_then(|position| among.get_mut(position.checked_sub(1)?)) {
            *item = true;
        }
    }
    Ok(among)
}

pub(crate) fn written(items: usize, rows: &[SimpleQueryRow]) -> Result<Vec<Written>, StoreError> {
    let of = |stored| if stored { Written::Stored } else { Written::Fenced };
    Ok(is_among(items, rows)?.into_iter().map(of).collect())
}

fn fences<'a>(call: Call, fences: impl Iterator<Item = &'a Fence> + Clone) -> Call {
    let claims: Vec<_> = fences.clone().map(|fence| fence.claim.to_bytes()).collect();
    call.each_text(fences.clone().map(|fence| &*fence.key))
        .each_number(fences.map(|fence| fence.epoch))
        .each_bytes(claims.iter().map(|claim| &claim[..]))
}

/// A text of PostgreSQL cannot have the character NUL.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
