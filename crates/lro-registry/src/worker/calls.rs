use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    future::pending,
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use lro::{
    LroTransport, OperationName,
    rules::{Age, Rules, guard},
};
use lro_control::Call as Sent;
use tokio::{sync::Notify, time::Instant};

use super::{
    call::{Call, Called, make},
    judge::Subject,
    permit::CallPermit,
};

/// The calls in flight.
///
/// A call whose permission ends before it has a connection goes on, and its claim is held. It then takes a permission of the next
/// claim. If nothing else is due, so that a claim brings none, the call is parked: its record is given back, and claimed again.
pub(super) struct Calls {
    rules: Arc<Rules>,
    in_flight: FuturesUnordered<BoxFuture<'static, Called>>,
    running: BTreeMap<u64, Running>,
    /// The number of running calls of each lane.
    running_in: HashMap<usize, usize>,
    /// When something is to be done about a call that is not sent: its permission or its time to begin ends, or it was parked for long.
    times: BTreeSet<(Instant, u64)>,
    /// The running calls whose permission has ended before they were sent.
    late: BTreeSet<u64>,
    parked: HashMap<(usize, String), Parked>,
    waits: Arc<Notify>,
    next_id: u64,
}

/// A call, and the claim that it is made for.
pub(super) struct Running {
    pub(super) lane: usize,
    pub(super) subject: Subject,
    pub(super) sent: Sent,
    /// Whether it was cut short, because its slot is wanted.
    pub(super) is_cut_short: bool,
    permit: Arc<CallPermit>,
    cancels: bool,
    /// After this it must not begin: the claim would end before the call.
    begins_by: Instant,
    /// The entry of this call among the times.
    time: Instant,
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
    pub(super) begins_by: Instant,
}

/// A call that has a connection, and waits for another claim of its record.
struct Parked {
    id: u64,
    name: OperationName,
    permit: Arc<CallPermit>,
    until: Instant,
}

impl Running {
    /// Returns the age of the wait at a time.
    pub(super) fn age(&self, at: Instant) -> Age {
        self.subject.record.age.saturating_add(at.saturating_duration_since(self.claimed_at))
    }
}

impl Calls {
    pub(super) fn new(rules: Arc<Rules>) -> Self {
        Self {
            rules,
            in_flight: FuturesUnordered::new(),
            running: BTreeMap::new(),
            running_in: HashMap::new(),
            times: BTreeSet::new(),
            late: BTreeSet::new(),
            parked: HashMap::new(),
            waits: Arc::default(),
            next_id: 0,
        }
    }

    /// Begins the call of a record, or goes on with the one that waits for it. Returns the number of the call.
    pub(super) fn begin(&mut self, beginning: Beginning, now: Instant) -> u64 {
        let Beginning { lane, subject, transport, cancels, sent, used_by, begins_by } = beginning;
        let name = &subject.record.name;
        let (id, permit) = match self.unpark(lane, &subject.record.fence.key) {
            Some(Parked { id, name: waiting, permit, .. }) if !cancels && waiting == *name => {
                permit.renew(used_by, now);
                (id, permit)
            }
            other => {
                if let Some(other) = other {
                    other.permit.revoke();
                }
                let permit = Arc::new(CallPermit::until(used_by, now, self.waits.clone()));
                let id = self.next_id;
                self.next_id += 1;
                let (age, deadline) = (subject.record.age, subject.record.deadline);
                let call = Call {
                    id,
                    transport,
                    name: name.clone(),
                    cancels,
                    age,
                    deadline,
                    permit: permit.clone(),
                };
                self.in_flight.push(make(call, self.rules.clone()).boxed());
                (id, permit)
            }
        };
        let running = Running {
            lane,
            subject,
            sent,
            is_cut_short: false,
            permit,
            cancels,
            begins_by,
            time: used_by,
            claimed_at: now,
        };
        self.times.insert((used_by, id));
        *self.running_in.entry(lane).or_default() += 1;
        self.running.insert(id, running);
        id
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

    /// Returns the notice that a call waits for a permission that has ended.
    pub(super) fn waits(&self) -> Arc<Notify> {
        self.waits.clone()
    }

    /// Takes the claim that a call was made for. `None` if the record was given back.
    pub(super) fn take(&mut self, call: u64) -> Option<Running> {
        if let Some(running) = self.running.remove(&call) {
            self.times.remove(&(running.time, call));
            self.late.remove(&call);
            if let Some(running_in) = self.running_in.get_mut(&running.lane) {
                *running_in -= 1;
            }
            return Some(running);
        }
        let parked = self.parked.iter().find(|(_, parked)| parked.id == call).map(|(key, _)| key.clone());
        if let Some((lane, key)) = parked {
            self.unpark(lane, &key);
        }
        None
    }

    pub(super) fn is_running(&self, call: u64) -> bool {
        self.running.contains_key(&call)
    }

    /// Returns the number of calls of a lane. Those that wait for another claim take slots, too.
    pub(super) fn in_flight(&self, lane: usize) -> usize {
        let parked = self.parked.keys().filter(|(parked, _)| *parked == lane).count();
        self.running_in.get(&lane).copied().unwrap_or_default() + parked
    }

    /// Returns the call of these lanes that was sent first.
    pub(super) fn oldest(&self, is_lane: impl Fn(usize) -> bool) -> Option<(u64, &Sent)> {
        let mut running = self.running.iter();
        let oldest = running.find(|(_, running)| {
            is_lane(running.lane) && !running.is_cut_short && running.permit.taken_at().is_some()
        });
        oldest.map(|(id, running)| (*id, &running.sent))
    }

    /// Ends a call, because its slot is wanted.
    pub(super) fn cut_short(&mut self, call: u64) {
        if let Some(running) = self.running.get_mut(&call) {
            running.is_cut_short = true;
            running.permit.revoke();
        }
    }

    /// Returns when [`unsent`](Self::unsent) is to be called next.
    pub(super) fn next_time(&self) -> Option<Instant> {
        self.times.first().map(|(at, _)| *at)
    }

    /// Returns the calls of these lanes that wait for a permission, the oldest first.
    pub(super) fn waiting(&self, is_lane: impl Fn(usize) -> bool) -> Vec<u64> {
        let waits = |id: &u64| {
            self.running.get(id).is_some_and(|running| {
                is_lane(running.lane) && !running.cancels && running.permit.is_waiting()
            })
        };
        self.late.iter().copied().filter(waits).collect()
    }

    /// Gives a call that waits a permission.
    pub(super) fn renew(&mut self, call: u64, used_by: Instant, now: Instant) {
        if let Some(running) = self.running.get_mut(&call) {
            self.late.remove(&call);
            self.times.remove(&(running.time, call));
            running.time = used_by;
            self.times.insert((used_by, call));
            running.permit.renew(used_by, now);
        }
    }

    /// Takes the claims that are to be given back, because their calls cannot be sent. `is_idle` is whether a lane has nothing else to
    /// claim.
    pub(super) fn unsent(&mut self, is_idle: impl Fn(usize) -> bool, now: Instant) -> Vec<Running> {
        let mut unsent = Vec::new();
        while let Some((at, id)) = self.times.first().copied().filter(|(at, _)| *at <= now) {
            self.times.remove(&(at, id));
            let Some(running) = self.running.get_mut(&id) else {
                self.end_parked(id);
                continue;
            };
            if running.permit.taken_at().is_some() {
                continue;
            }
            if now < running.begins_by {
                running.time = running.begins_by;
                self.times.insert((running.time, id));
                self.late.insert(id);
            } else if let Some(running) = self.take(id) {
                running.permit.revoke();
                unsent.push(running);
            }
        }
        // A request to cancel belongs to its claim. The next one finds the connection.
        let is_unsent_cancel = |running: &Running| running.cancels && running.permit.is_waiting();
        let cancels = |id: &u64| self.running.get(id).is_some_and(is_unsent_cancel);
        for id in self.late.iter().copied().filter(cancels).collect::<Vec<_>>() {
            if let Some(running) = self.take(id) {
                running.permit.revoke();
                unsent.push(running);
            }
        }
        for id in self.waiting(is_idle) {
            if let Some(running) = self.take(id) {
                self.park(id, &running, now);
                unsent.push(running);
            }
        }
        unsent
    }

    /// Ends all calls, and returns their claims.
    pub(super) fn clear(&mut self) -> Vec<Running> {
        // Destructors of calls are code of the caller.
        let _ = guard("the transport", || self.in_flight.clear());
        std::mem::take(&mut self.running).into_values().collect()
    }

    fn park(&mut self, id: u64, running: &Running, now: Instant) {
        let until = now + PARKED_FOR;
        let (name, permit) = (running.subject.record.name.clone(), running.permit.clone());
        let key = running.subject.record.fence.key.clone();
        self.times.insert((until, id));
        if let Some(other) = self.parked.insert((running.lane, key), Parked { id, name, permit, until }) {
            self.times.remove(&(other.until, other.id));
            other.permit.revoke();
        }
    }

    fn unpark(&mut self, lane: usize, key: &str) -> Option<Parked> {
        if self.parked.is_empty() {
            return None;
        }
        let parked = self.parked.remove(&(lane, key.to_owned()))?;
        self.times.remove(&(parked.until, parked.id));
        Some(parked)
    }

    /// Ends a call that was parked for too long.
    fn end_parked(&mut self, id: u64) {
        self.parked.retain(|_, parked| {
            if parked.id == id {
                parked.permit.revoke();
            }
            parked.id != id
        });
    }
}

/// The next claim of the record comes within milliseconds, unless the rate is low. A connection that waits for longer may be closed.
const PARKED_FOR: Duration = Duration::from_secs(10);
