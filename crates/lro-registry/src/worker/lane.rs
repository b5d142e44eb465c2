use std::{sync::Arc, time::Duration};

use lro::{LroTransport, Service};
use lro_control::{Control, Pick};
use tokio::time::Instant;
use tracing::warn;

use super::ServedService;
use crate::{Quota, quota::LONGEST_USE, store::Bucket};

/// A service that the worker serves.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) service: Service,
    pub(super) transport: Arc<dyn LroTransport>,
    /// The quota that its calls count under.
    pub(super) quota: Option<Quota>,
    /// The quota key, as an index.
    pub(super) key: usize,
    /// The claims that are held: in flight, or not written yet.
    pub(super) held: usize,
    /// When a claim last returned records.
    pub(super) served_at: Instant,
    /// Whether the last claim found nothing, although it had tokens.
    pub(super) is_idle: bool,
    /// How long claims take lately.
    latency: Duration,
    /// Whether it was reported that they take long.
    is_slow: bool,
    /// When a record is due, as far as the worker knows.
    due_at: Instant,
    /// When a claim is worth its costs: the bucket has tokens, and the last claim was a moment ago.
    not_before: Instant,
}

/// A quota key: services that share a quota are throttled together.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) control: Control,
}

impl Lane {
    /// Returns the service as it is shown, without its state.
    pub(super) fn show(&self) -> ServedService {
        let (service, quota) = (self.service.clone(), self.quota.clone());
        ServedService { service, quota, is_shut: false, found_rate: None, in_flight: 0 }
    }

    pub(super) fn new(
        service: Service,
        transport: Arc<dyn LroTransport>,
        quota: Option<Quota>,
        key: usize,
    ) -> Self {
        let now = Instant::now();
        let latency = Duration::ZERO;
        Self {
            service,
            transport,
            quota,
            key,
            held: 0,
            served_at: now,
            is_idle: false,
            latency,
            is_slow: false,
            due_at: now,
            not_before: now,
        }
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

    /// Returns the bucket of a claim, for calls that are sent within the time that claims take.
    pub(super) fn bucket(&self) -> Option<Bucket> {
        Some(self.quota.as_ref()?.bucket(self.used_within()))
    }

    /// Returns how long after a claim was sent its calls may be sent. `None` if the calls have no quota.
    pub(super) fn permits_for(&self) -> Option<Duration> {
        self.quota.as_ref().map(|_| self.used_within().saturating_sub(NETWORK))
    }

    /// Notes how long a claim took.
    pub(super) fn answered_in(&mut self, latency: Duration) {
        let before = self.used_within();
        self.latency = latency.max(self.latency.mul_f64(FORGET));
        let is_slow = self.used_within() > before && latency > SLOW_CLAIM && !self.is_slow;
        self.is_slow |= is_slow;
        if self.quota.is_some() && is_slow {
            warn!(service = %self.service, ?latency, "the store is slow; the calls of the quota are spread, so that they keep to the rate");
        }
    }

    /// Notes what a claim returned: when a record is due next, and when the bucket has a token. Returns when a claim is worth its costs.
    pub(super) fn claimed(&mut self, now: Instant, next_due: Duration, next_token: Duration) -> Instant {
        self.due_at(now + next_due);
        // A large bucket collects some tokens, so that a claim is worth its costs.
        let token = match self.bucket() {
            Some(bucket) if bucket.capacity > 1.0 => next_token.max(COLLECT),
            _ => next_token,
        };
        let at = now + token.clamp(LEAST_INTERVAL, LONGEST_TOKEN);
        self.not_before(at);
        at
    }

    /// Notes that a claim returns nothing before this time.
    pub(super) fn not_before(&mut self, at: Instant) {
        self.not_before = self.not_before.max(at);
    }

    /// Returns how long after a claim was sent its calls may reach the service: longer if claims are slow.
    fn used_within(&self) -> Duration {
        let usual = self.quota.as_ref().map_or(Duration::ZERO, Quota::used_within);
        (self.latency * 2 + NETWORK).clamp(usual, LONGEST_USE)
    }
}

impl Key {
    /// Returns whether the next records are drawn: operations that always fail must not hide the others while the service is in doubt.
    pub(super) fn draws(&self, now: Duration) -> bool {
        self.control.width().is_some() || self.control.pick(now, 1, 0) == Some(Pick::Random)
    }

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
/// A claim of a database nearby takes some milliseconds.
const SLOW_CLAIM: Duration = Duration::from_millis(250);
/// The share of this time that is left for the network.
const NETWORK: Duration = Duration::from_millis(40);
/// Of the longest latency, from one claim to the next: a slow claim is forgotten after some tens of claims.
const FORGET: f64 = 0.95;
/// A bucket that gives a token in more than a day is asked again each day.
const LONGEST_TOKEN: Duration = Duration::from_secs(86_400);
