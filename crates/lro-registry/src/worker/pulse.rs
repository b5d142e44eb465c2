use tokio::time::Instant;
use tracing::{info, warn};

use crate::{deliveries::pause, store::StoreError};

/// Whether the store works, and when it is asked again if it does not.
#[derive(Debug)]
pub(super) struct Pulse {
    failures: u32,
    away_since: Option<Instant>,
    retry_at: Instant,
    /// The most items of a call. It shrinks while calls fail: a slow store is not kept down by large batches.
    batch: usize,
}

impl Pulse {
    pub(super) fn new(now: Instant) -> Self {
        Self { failures: 0, away_since: None, retry_at: now, batch: LARGEST_BATCH }
    }

    pub(super) fn works(&mut self) {
        if let Some(since) = self.away_since.take() {
            info!(away_for = ?since.elapsed(), "the store of the registry works again");
        }
        self.failures = 0;
        self.batch = (self.batch * 2).min(LARGEST_BATCH);
    }

    /// Counts a failed call. It is logged once in a row.
    pub(super) fn failed(&mut self, error: &StoreError, now: Instant) {
        if self.away_since.is_none() {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            warn!(%error, cause, "the store of the registry failed; the worker tries again until it works");
            self.away_since = Some(now);
        }
        self.failures = self.failures.saturating_add(1);
        self.batch = (self.batch / 2).max(1);
        self.retry_at = now + pause(self.failures);
    }

    pub(super) fn away_since(&self) -> Option<Instant> {
        self.away_since
    }

    pub(super) fn retry_at(&self) -> Instant {
        self.retry_at
    }

    pub(super) fn batch(&self) -> usize {
        self.batch
    }
}

/// Larger ones save little: the costs of a transaction are shared by hundreds already.
const LARGEST_BATCH: usize = 512;
