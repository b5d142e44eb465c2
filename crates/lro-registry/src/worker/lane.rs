use std::{sync::Arc, time::Duration};

use lro::{LroTransport, Service};
use lro_control::{Control, Rate};
use tokio::time::Instant;

use crate::store::Bucket;

/// A service that the worker serves.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) service: Service,
    pub(super) transport: Arc<dyn LroTransport>,
    pub(super) bucket: Option<Bucket>,
    /// The quota key, as an index.
    pub(super) key: usize,
    /// The claims that are held: in flight, or not written yet.
    pub(super) held: usize,
    /// When a record is due, as far as the worker knows.
    due_at: Instant,
    /// When a claim is worth its costs: the bucket has tokens, and the last claim was a moment ago.
    not_before: Instant,
}

/// A quota key: services that share a quota are throttled together.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) rate: Option<Rate>,
    pub(super) control: Control,
}

impl Lane {
    pub(super) fn new(
        service: Service,
        transport: Arc<dyn LroTransport>,
        bucket: Option<Bucket>,
        key: usize,
    ) -> Self {
        let now = Instant::now();
        Self { service, transport, bucket, key, held: 0, due_at: now, not_before: now }
    }

    /// Returns when the next claim is made.
    pub(super) fn claim_at(&self) -> Instant {
        self.due_at.max(self.not_before)
    }

    /// Notes that a record is due at this time.
    pub(super) fn due_at(&mut self, at: Instant) {
        self.due_at = self.due_at.min(at);
    }

    /// Notes that a claim is made. What becomes due meanwhile is noted again.
    pub(super) fn begins_claim(&mut self, look_again_at: Instant) {
        self.due_at = look_again_at;
    }

    /// Notes what a claim returned: when a record is due next, and when the bucket has a token.
    pub(super) fn claimed(&mut self, now: Instant, next_due: Duration, next_token: Duration) {
        self.due_at(now + next_due);
        // A large bucket collects some tokens, so that a claim is worth its costs.
        let token = match &self.bucket {
            Some(bucket) if bucket.capacity > 1.0 => next_token.max(COLLECT),
            _ => next_token,
        };
        self.not_before = now + token.max(LEAST_INTERVAL);
    }
}

impl Key {
    /// Returns how many calls may be begun now.
    ///
    /// # Errors
    ///
    /// The time at which to look again, `None` if a call must end before.
    pub(super) fn allowance(&self, now: Duration) -> Result<usize, Option<Duration>> {
        let opens_at = self.control.opens_at().ok_or(None)?;
        if opens_at > now {
            return Err(Some(opens_at));
        }
        if self.control.is_shut() {
            return Ok(1);
        }
        let by_width =
            self.control.width().map(|width| (width as usize).saturating_sub(self.control.in_flight()));
        let by_rate = self.control.found_rate().map(|rate| (rate * LEAST_INTERVAL.as_secs_f64()) as usize);
        let least = by_width.into_iter().chain(by_rate).min();
        Ok(least.map_or(usize::MAX, |least| least.max(1)))
    }
}

/// At most 200 claims a second for each service. With 256 records each that is beyond what a database gives.
const LEAST_INTERVAL: Duration = Duration::from_millis(5);
/// A third of the time in which a large bucket fills, so that none of its tokens overflows.
const COLLECT: Duration = Duration::from_millis(40);
