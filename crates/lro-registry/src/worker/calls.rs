use std::{
    collections::{HashMap, VecDeque},
    future::pending,
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use lro::{
    LroTransport,
    rules::{Age, Rules, guard},
};
use lro_control::Call as Sent;
use tokio::time::Instant;

use super::{
    call::{Call, Called, make},
    judge::Subject,
    permit::CallPermit,
};

/// The calls in flight.
pub(super) struct Calls {
    rules: Arc<Rules>,
    most_parked: usize,
    in_flight: FuturesUnordered<BoxFuture<'static, Called>>,
    running: HashMap<u64, Running>,
    /// When the permission of each call ends, in the order of the claims.
    expiries: VecDeque<(Instant, u64)>,
    /// The calls that were not sent in time, by the key of their record. The record was given back.
    parked: HashMap<String, Parked>,
    next_id: u64,
}

/// A call, and the claim that it is made for.
pub(super) struct Running {
    pub(super) lane: usize,
    pub(super) subject: Subject,
    pub(super) sent: Sent,
    permit: Arc<CallPermit>,
    /// When the claim was answered. The age of the record is as of then.
    claimed_at: Instant,
}

/// A call to begin.
pub(super) struct Beginning {
    pub(super) lane: usize,
    pub(super) subject: Subject,
    pub(super) transport: Arc<dyn LroTransport>,
    pub(super) cancels: bool,
    pub(super) sent: Sent,
    /// When the permission ends.
    pub(super) used_by: Instant,
}

/// A call that soon has a connection, and waits for another claim of its record.
struct Parked {
    id: u64,
    permit: Arc<CallPermit>,
    /// How it ended without being sent.
    called: Option<Called>,
    until: Instant,
}

impl Running {
    /// Returns the age of the wait at a time.
    pub(super) fn age(&self, at: Instant) -> Age {
        self.subject.record.age.saturating_add(at.saturating_duration_since(self.claimed_at))
    }
}

impl Calls {
    pub(super) fn new(rules: Arc<Rules>, most_parked: usize) -> Self {
        let (in_flight, running) = (FuturesUnordered::new(), HashMap::new());
        let (expiries, parked) = (VecDeque::new(), HashMap::new());
        Self { rules, most_parked, in_flight, running, expiries, parked, next_id: 0 }
    }

    /// Begins the call of a record, or goes on with the one that waits for it. Returns the number of the call,
    /// and that call if it has ended.
    pub(super) fn begin(&mut self, beginning: Beginning, now: Instant) -> (u64, Option<Called>) {
        let Beginning { lane, subject, transport, cancels, sent, used_by } = beginning;
        let parked = if cancels { None } else { self.parked.remove(&subject.record.fence.key) };
        let (id, permit, called) = match parked {
            Some(Parked { id, permit, called, .. }) => {
                permit.renew(used_by);
                (id, permit, called)
            }
            None => {
                let permit = Arc::new(CallPermit::until(used_by));
                let id = self.next_id;
                self.next_id += 1;
                let call = Call {
                    id,
                    transport,
                    name: subject.record.name.clone(),
                    cancels,
                    age: subject.record.age,
                    deadline: subject.record.deadline,
                    permit: permit.clone(),
                };
                self.in_flight.push(make(call, self.rules.clone()).boxed());
                (id, permit, None)
            }
        };
        self.expiries.push_back((used_by, id));
        self.running.insert(id, Running { lane, subject, sent, permit, claimed_at: now });
        (id, called)
    }

    pub(super) fn is_running(&self, call: u64) -> bool {
        self.running.contains_key(&call)
    }

    /// Waits for the end of a call. Never returns if there is none.
    pub(super) async fn ended(&mut self) -> Called {
        match self.in_flight.next().await {
            Some(called) => called,
            None => pending().await,
        }
    }

    /// Returns a call that has ended meanwhile.
    pub(super) fn ended_now(&mut self) -> Option<Called> {
        self.in_flight.next().now_or_never().flatten()
    }

    /// Takes the claim that a call was made for. `None` if the record was given back.
    pub(super) fn take(&mut self, called: Called) -> Option<(Running, Called)> {
        if let Some(running) = self.running.remove(&called.id) {
            return Some((running, called));
        }
        if let Some(parked) = self.parked.values_mut().find(|parked| parked.id == called.id) {
            parked.called = Some(called);
        }
        None
    }

    /// Returns when the next permission ends.
    pub(super) fn expires_at(&self) -> Option<Instant> {
        self.expiries.front().map(|(at, _)| *at)
    }

    /// Takes the claims whose calls were not sent in time. The calls go on, so that the next claim finds a connection.
    pub(super) fn expired(&mut self, now: Instant) -> Vec<Running> {
        let mut expired = Vec::new();
        while let Some((_, id)) = self.expiries.front().copied().filter(|(at, _)| *at <= now) {
            self.expiries.pop_front();
            let is_unsent = self.running.get(&id).is_some_and(|running| running.permit.expire(now));
            if let Some(running) = is_unsent.then(|| self.running.remove(&id)).flatten() {
                let until = now + self.rules.attempt_timeout.min(PARKED_FOR);
                let parked = Parked { id, permit: running.permit.clone(), called: None, until };
                self.parked.insert(running.subject.record.fence.key.clone(), parked);
                expired.push(running);
            }
        }
        if self.parked.len() > self.most_parked {
            self.parked.retain(|_, parked| parked.until > now);
        }
        expired
    }

    /// Ends all calls, and returns their claims.
    pub(super) fn clear(&mut self) -> impl Iterator<Item = Running> {
        // Destructors of calls are code of the caller.
        let _ = guard("the transport", || self.in_flight.clear());
        self.running.drain().map(|(_, running)| running)
    }
}

/// Longer than it takes to open a connection. The next claim of the record comes within milliseconds, unless the rate is low.
const PARKED_FOR: Duration = Duration::from_secs(10);
