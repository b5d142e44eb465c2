//! Whether the store works, for the workers and consumers that go on when it does not.

use std::{error::Error, future::Future, time::Duration};

use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use crate::{StoreErrorKind, published, store::StoreError};

/// Whether a sort of calls of the store works, and when it is made again if it does not.
#[derive(Debug, Default)]
pub(crate) struct Pulse(Option<Away>);

/// Calls that fail one after the other.
#[derive(Debug)]
struct Away {
    since: Instant,
    failures: u32,
    retry_at: Instant,
}

impl Pulse {
    pub(crate) fn works(&mut self) {
        if let Some(Away { since, .. }) = self.0.take() {
            info!(away_for = ?since.elapsed(), "the store of the registry works again");
        }
    }

    /// Counts a failed call. It is logged once in a row.
    pub(crate) fn failed(&mut self, error: &StoreError) {
        published::store_failed();
        let now = Instant::now();
        let away = self.0.get_or_insert_with(|| {
            let cause = error.source().map(ToString::to_string);
            warn!(%error, cause, "the store of the registry failed; it is asked again until it works");
            Away { since: now, failures: 0, retry_at: now }
        });
        away.failures = away.failures.saturating_add(1);
        away.retry_at = now + pause(away.failures);
    }

    /// Returns the number of calls that failed in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.0.as_ref().map_or(0, |away| away.failures)
    }

    /// Returns since when calls fail. `None` if they work.
    pub(crate) fn away_since(&self) -> Option<Instant> {
        self.0.as_ref().map(|away| away.since)
    }

    /// Returns when the next call is made after one that failed. `None` if calls work.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.0.as_ref().map(|away| away.retry_at)
    }
}

/// Makes a call of the store. A call that never returns is a failed one.
pub(crate) async fn in_time<T>(call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(LONGEST_CALL, call).await.unwrap_or_else(|_| {
        let message = format!("the store did not answer within {LONGEST_CALL:?}");
        Err(StoreError::new(StoreErrorKind::Unavailable, message))
    })
}

/// The pause after failures in a row: from half a second to half a minute.
pub(crate) fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(MOST_DOUBLINGS);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE).mul_f64(0.5 + 0.5 * fastrand::f64())
}

/// Longer than the timeouts of databases.
const LONGEST_CALL: Duration = Duration::from_secs(60);
/// A lock that is held for a moment is over by then.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// A database that returns is used again within half a minute.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// 32 s is beyond the longest pause.
const MOST_DOUBLINGS: u32 = 6;
