use std::{future::Future, time::Duration};

use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use crate::{StoreErrorKind, deliveries::pause, store::StoreError};

/// Whether a sort of calls of the store works, and when it is made again if it does not.
#[derive(Debug)]
pub(super) struct Pulse {
    failures: u32,
    away_since: Option<Instant>,
    retry_at: Instant,
}

impl Pulse {
    pub(super) fn new(now: Instant) -> Self {
        Self { failures: 0, away_since: None, retry_at: now }
    }

    pub(super) fn works(&mut self) {
        if let Some(since) = self.away_since.take() {
            info!(away_for = ?since.elapsed(), "the store of the registry works again");
        }
        self.failures = 0;
    }

    /// Counts a failed call. It is logged once in a row.
    pub(super) fn failed(&mut self, error: &StoreError, now: Instant) {
        if self.away_since.is_none() {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            warn!(%error, cause, "the store of the registry failed; the worker tries again until it works");
            self.away_since = Some(now);
        }
        self.failures = self.failures.saturating_add(1);
        self.retry_at = now + pause(self.failures);
    }

    /// Returns the number of calls that failed in a row.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    pub(super) fn away_since(&self) -> Option<Instant> {
        self.away_since
    }

    pub(super) fn retry_at(&self) -> Instant {
        self.retry_at
    }
}

/// Makes a call of the store. A call that never returns is a failed one.
pub(crate) async fn answered<T>(call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(LONGEST_CALL, call).await.unwrap_or_else(|_| {
        let message = format!("the store did not answer within {LONGEST_CALL:?}");
        Err(StoreError::new(StoreErrorKind::Unavailable, message))
    })
}

/// Longer than the timeouts of databases.
const LONGEST_CALL: Duration = Duration::from_secs(60);
