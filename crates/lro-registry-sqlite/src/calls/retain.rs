use std::time::Duration;

use lro_registry::store::{Fence, Written};
use rusqlite::params;

use super::limit;
use crate::{call::Transaction, time};

pub(crate) fn forget(transaction: &Transaction<'_>, keys: &[String]) -> rusqlite::Result<Vec<bool>> {
    let mut delete = transaction.connection.prepare_cached("DELETE FROM records WHERE key = ?1")?;
    keys.iter().map(|key| Ok(delete.execute([key])? > 0)).collect()
}

pub(crate) fn withdraw(transaction: &Transaction<'_>, fences: &[Fence]) -> rusqlite::Result<Vec<Written>> {
    let mut delete = transaction.connection.prepare_cached(WITHDRAW)?;
    let each = fences.iter().map(|Fence { key, epoch, claim }| {
        let removed = delete.execute(params![key, epoch, claim.to_bytes()])?;
        Ok(if removed > 0 { Written::Stored } else { Written::Fenced })
    });
    each.collect()
}

pub(crate) fn retain(
    transaction: &Transaction<'_>,
    acknowledged_for: Duration,
    most: usize,
) -> rusqlite::Result<usize> {
    let latest = transaction.now - time::micros(acknowledged_for);
    let mut delete = transaction.connection.prepare_cached(RETAIN)?;
    delete.execute(params![latest, limit(most)])
}

const WITHDRAW: &str = "DELETE FROM records WHERE key = ?1 AND epoch = ?2 AND claim = ?3 AND state = 0";

const RETAIN: &str = "
    DELETE FROM records WHERE id IN
        (SELECT id FROM records INDEXED BY records_acknowledged WHERE state = 4 AND acknowledged <= ?1 ORDER BY acknowledged LIMIT ?2)";
