use std::{future::pending, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use lro::Service;
use lro_control::{Call as Sent, Reply as Answered};
use tokio::time::Instant;
use tracing::{info, warn};

use super::{
    ServedService,
    builder::Settings,
    lane::{Key, Lane},
};
use crate::{
    Store,
    pulse::{Pulse, in_time},
    store::{ClaimId, ClaimRequest, Claimed, ClaimedRecord, StoreError},
};

/// What may be claimed, for each service. One claim is made at a time.
pub(super) struct Claims {
    lanes: Vec<Lane>,
    keys: Vec<Key>,
    settings: Arc<Settings>,
    in_flight: Option<BoxFuture<'static, ClaimReply>>,
    pub(super) pulse: Pulse,
    began: Instant,
}

/// What keeps a claim from being made.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// When to look again. `None` if a call or a claim must end before.
    pub(super) at: Option<Instant>,
    /// A lane that is due and has no free slot.
    pub(super) full: Option<usize>,
}

/// The answer to a claim.
pub(super) struct ClaimReply {
    pub(super) lane: usize,
    most: usize,
    pub(super) sent_at: Instant,
    pub(super) claimed: Result<Claimed, StoreError>,
}

/// A record that is leased to this worker.
pub(super) struct Leased {
    pub(super) lane: usize,
    pub(super) record: ClaimedRecord,
    /// When the permission for its call ends.
    pub(super) used_by: Instant,
    /// After this the call must not begin: the lease would end before the call.
    pub(super) begins_by: Instant,
}

impl Claims {
    pub(super) fn new(lanes: Vec<Lane>, keys: Vec<Key>, settings: Arc<Settings>, now: Instant) -> Self {
        Self { lanes, keys, settings, in_flight: None, pulse: Pulse::default(), began: now }
    }

    pub(super) fn services(&self) -> Vec<Service> {
        self.lanes.iter().map(|lane| lane.service.clone()).collect()
    }

    /// Brings what is shown up to date, without an allocation unless it is empty.
    pub(super) fn show(&self, shown: &mut Vec<ServedService>) {
        if shown.len() != self.lanes.len() {
            *shown = self.lanes.iter().map(Lane::show).collect();
        }
        for (shown, lane) in shown.iter_mut().zip(&self.lanes) {
            let control = &self.keys[lane.key].control;
            shown.is_shut = control.is_shut();
            shown.found_rate = control.found_rate();
            shown.in_flight = control.in_flight();
        }
    }

    pub(super) fn lane(&self, lane: usize) -> &Lane {
        &self.lanes[lane]
    }

    /// Returns the number of claims that are held.
    pub(super) fn held(&self) -> usize {
        self.lanes.iter().map(|lane| lane.held).sum()
    }

    /// Returns the load of a lane, for the metrics: the claims, the calls in flight, 1 if it is shut, the rate that was found.
    pub(super) fn load(&self, lane: usize, in_flight: usize) -> [f64; 4] {
        let Lane { held, key, .. } = self.lanes[lane];
        let control = &self.keys[key].control;
        let rate = control.found_rate().unwrap_or_default();
        [held as f64, in_flight as f64, f64::from(control.is_shut()), rate]
    }

    pub(super) fn is_in_flight(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Makes a claim for the service that was served the longest time ago. `in_flight` is the number of calls of a lane.
    pub(super) fn begin(
        &mut self,
        store: &Arc<dyn Store>,
        in_flight: impl Fn(usize) -> usize,
        now: Instant,
    ) -> Look {
        let mut look = Look::default();
        if self.in_flight.is_some() {
            return look;
        }
        if let Some(at) = self.pulse.retry_at().filter(|at| *at > now) {
            return Look { at: Some(at), full: None };
        }
        let mut choice: Option<(Instant, usize, usize)> = None;
        for (number, lane) in self.lanes.iter().enumerate() {
            let is_due = lane.claim_at() <= now;
            let at = match self.room(lane, in_flight(number), now) {
                Ok(most) if is_due => {
                    if choice.is_none_or(|(at, ..)| lane.served_at < at) {
                        choice = Some((lane.served_at, number, most));
                    }
                    continue;
                }
                Ok(_) => lane.claim_at(),
                Err(Some(at)) => at.max(lane.claim_at()),
                Err(None) if is_due => {
                    look.full = Some(number);
                    continue;
                }
                Err(None) => continue,
            };
            look.at = Some(look.at.map_or(at, |earlier| earlier.min(at)));
        }
        let Some((_, number, most)) = choice else {
            return look;
        };
        self.claim(store, number, most, now);
        Look::default()
    }

    /// Waits for the answer to the claim in flight. Never returns if there is none.
    pub(super) async fn answered(&mut self) -> ClaimReply {
        let Some(in_flight) = &mut self.in_flight else {
            return pending().await;
        };
        let reply = in_flight.await;
        self.in_flight = None;
        reply
    }

    /// Notes what a claim returned.
    pub(super) fn keep(&mut self, reply: &ClaimReply, now: Instant) {
        let lane = &mut self.lanes[reply.lane];
        let claimed = match &reply.claimed {
            Ok(claimed) => claimed,
            Err(fault) => {
                lane.due_at(now);
                return self.pulse.failed(fault);
            }
        };
        self.pulse.works();
        lane.held += claimed.records.len();
        lane.answered_in(now.duration_since(reply.sent_at));
        if !claimed.records.is_empty() {
            lane.served_at = now;
        }
        lane.is_idle = claimed.records.is_empty() && claimed.next_token.is_zero();
        let fallback = self.settings.fallback;
        // A claim that was filled left others that may be due.
        let is_full = claimed.records.len() >= reply.most;
        let next_due =
            if is_full { Duration::ZERO } else { claimed.next_due.map_or(fallback, |due| due.min(fallback)) };
        let token_at = lane.claimed(now, next_due, claimed.next_token);
        let key = lane.key;
        if lane.quota.is_some() {
            // The bucket has no token for the others either.
            self.lanes.iter_mut().filter(|lane| lane.key == key).for_each(|lane| lane.not_before(token_at));
        }
    }

    /// Returns the lanes that share the quota key of a lane.
    pub(super) fn sharing(&self, lane: usize) -> impl Fn(usize) -> bool + '_ {
        let key = self.lanes[lane].key;
        move |other| self.lanes.get(other).is_some_and(|other| other.key == key)
    }

    /// Returns when a call of a lane may be cut short, because its slot is wanted.
    pub(super) fn cut_at(&self, lane: usize, oldest: &Sent, now: Instant) -> Option<Instant> {
        let control = &self.keys[self.lanes[lane].key].control;
        let cut_at = control.cut_at(oldest, now.duration_since(self.began), false)?;
        self.began.checked_add(cut_at)
    }

    /// A record may be due sooner than the last claims returned.
    pub(super) fn look_again(&mut self, now: Instant) {
        for lane in &mut self.lanes {
            lane.due_at(now);
        }
    }

    /// Notes that a claim has ended. Its record is due again at this time, if it is polled again.
    pub(super) fn ended(&mut self, lane: usize, due_at: Option<Instant>) {
        let lane = &mut self.lanes[lane];
        lane.held = lane.held.saturating_sub(1);
        if let Some(at) = due_at {
            lane.due_at(at);
        }
    }

    /// Counts a call that is begun now.
    pub(super) fn sent(&mut self, lane: usize, failures: u32, now: Instant) -> Sent {
        let since = now.duration_since(self.began);
        self.keys[self.lanes[lane].key].control.sent(since, failures, fastrand::f64())
    }

    /// Counts the end of a call. Returns whether a failure counts against the operation: it does not while the service is down.
    pub(super) fn called(
        &mut self,
        lane: usize,
        sent: Sent,
        answered: Option<Answered>,
        now: Instant,
    ) -> bool {
        let Lane { key, held, ref service, .. } = self.lanes[lane];
        let control = &mut self.keys[key].control;
        let was_shut = control.is_shut();
        match answered {
            Some(answered) => {
                control.ended(sent, now.duration_since(self.began), answered, held, fastrand::f64());
            }
            None => control.withdrawn(sent),
        }
        match (was_shut, control.is_shut()) {
            (false, true) => {
                warn!(%service, "different operations fail one after another; the service is only probed until it replies")
            }
            (true, false) => info!(%service, "the service replies again"),
            _ => {}
        }
        !control.is_shut()
    }

    fn claim(&mut self, store: &Arc<dyn Store>, number: usize, most: usize, now: Instant) {
        let lane = &mut self.lanes[number];
        lane.begins_claim(now + self.settings.fallback);
        let request = ClaimRequest {
            claim: ClaimId::random(),
            service: lane.service.clone(),
            most,
            lease: self.settings.lease,
            most_claims: self.settings.most_claims,
            is_random: self.keys[lane.key].draws(now.duration_since(self.began)),
            bucket: lane.bucket(),
        };
        let store = store.clone();
        self.in_flight = Some(Box::pin(async move {
            let claimed = in_time(store.claim(&request)).await;
            ClaimReply { lane: number, most, sent_at: now, claimed }
        }));
    }

    /// Returns how many records of a service can be claimed now.
    ///
    /// # Errors
    ///
    /// The time at which to look again, `None` if a claim must end before.
    fn room(&self, lane: &Lane, in_flight: usize, now: Instant) -> Result<usize, Option<Instant>> {
        let since = now.duration_since(self.began);
        // First polls after a restart are spread: all that became due meanwhile is due now.
        let ramp = RAMP_FIRST.saturating_mul(1 << since.as_secs().min(RAMP_DOUBLINGS));
        let most = self.settings.max_in_flight;
        // Results that wait for the store take no slot, so that claims, calls and writes go on side by side.
        let unwritten = most.saturating_mul(UNWRITTEN).saturating_sub(lane.held);
        let free = most.saturating_sub(in_flight).min(unwritten);
        // A claim whose reply is lost counts against its records.
        let most = LARGEST_CLAIM.checked_shr(self.pulse.failures()).unwrap_or(0).max(1);
        let free = free.min(most);
        if free == 0 {
            return Err(None);
        }
        let free = free.min(ramp.saturating_sub(self.held()));
        if free == 0 {
            return Err(Some(self.began + Duration::from_secs(since.as_secs() + 1)));
        }
        match self.keys[lane.key].allowance(since) {
            Ok(most) => Ok(most.min(free)),
            Err(at) => Err(at.and_then(|at| self.began.checked_add(at))),
        }
    }
}

/// Claims that are held for each call in flight, if the store is slower than the service. They are in memory, and their leases run.
const UNWRITTEN: usize = 4;
/// Larger ones save little, and take the store for longer.
const LARGEST_CLAIM: usize = 512;
/// The claims of the first second after the start. It doubles each second.
const RAMP_FIRST: usize = 64;
const RAMP_DOUBLINGS: u64 = 20;
