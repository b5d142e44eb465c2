use std::time::Duration;

use lro_registry::store::Bucket;
use rusqlite::{OptionalExtension, params};

use crate::{call::Transaction, time};

/// The level of a token bucket, refilled up to now.
#[derive(Debug)]
pub(super) struct Level<'a> {
    bucket: &'a Bucket,
    tokens: f64,
    /// Whether the stored level is another one. That of a full bucket is not, however old it is.
    has_changed: bool,
}

/// What the sum of many small refills may lack of a whole token.
const ROUNDING: f64 = 1e-9;

impl<'a> Level<'a> {
    pub(super) fn read(transaction: &Transaction<'_>, bucket: &'a Bucket) -> rusqlite::Result<Self> {
        let mut read =
            transaction.connection.prepare_cached("SELECT tokens, updated FROM buckets WHERE quota = ?1")?;
        let stored = read.query_one([&bucket.quota], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let (before, updated): (f64, i64) = stored.unwrap_or((1.0, transaction.now));
        // A clock that went back adds nothing.
        let elapsed = time::between(updated, transaction.now).as_secs_f64();
        let tokens = (before + bucket.refill.max(0.0) * elapsed).min(bucket.capacity.max(0.0));
        let has_changed = stored.is_none() || tokens != before || updated > transaction.now;
        Ok(Self { bucket, tokens, has_changed })
    }

    pub(super) fn available(&self) -> usize {
        (self.tokens + ROUNDING) as usize
    }

    /// Takes tokens. The claims of an idle worker find a full bucket and write nothing.
    pub(super) fn spend(&mut self, transaction: &Transaction<'_>, tokens: usize) -> rusqlite::Result<()> {
        self.tokens = (self.tokens - tokens as f64).max(0.0);
        if tokens > 0 || self.has_changed {
            let mut write = transaction.connection.prepare_cached(
                "INSERT INTO buckets (quota, tokens, updated) VALUES (?1, ?2, ?3)
                 ON CONFLICT (quota) DO UPDATE SET tokens = excluded.tokens, updated = excluded.updated",
            )?;
            write.execute(params![self.bucket.quota, self.tokens, transaction.now])?;
        }
        Ok(())
    }

    pub(super) fn next_token(&self) -> Duration {
        if self.available() > 0 {
            return Duration::ZERO;
        }
        time::seconds((1.0 - self.tokens) / self.bucket.refill.max(0.0))
    }
}
