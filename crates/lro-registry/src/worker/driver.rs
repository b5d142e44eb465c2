use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use lro::{
    Service, Status,
    pacing::PacingByKind,
    rules::{Age, Limit, Reply, Rules, guard},
};
use lro_control::{Call as Sent, Reply as Answered};
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, sleep_until, timeout},
};
use tracing::{error, warn};

use super::{
    Shown,
    builder::Settings,
    call::{Answer, Call, Called, make},
    chores::{keep_house, learn},
    judge::{Judge, Subject, Times},
    lane::{Key, Lane},
    paces::Paces,
    permit::CallPermit,
    pulse::Pulse,
    writer::{Flushed, Write, Writer},
};
use crate::{
    Registry, Store,
    store::{ClaimId, ClaimRequest, Claimed, ClaimedRecord, Finished, GiveBack, StoreError},
};

/// What a driver works with.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) registry: Registry,
    pub(super) pacing: Arc<dyn PacingByKind>,
    pub(super) settings: Arc<Settings>,
    pub(super) show: watch::Sender<Shown>,
}

/// The task of a worker: it claims what is due, makes the calls, and stores their results.
pub(super) struct Driver {
    registry: Registry,
    settings: Arc<Settings>,
    rules: Arc<Rules>,
    lanes: Vec<Lane>,
    keys: Vec<Key>,
    judge: Judge,
    pulse: Pulse,
    writer: Writer,
    claim: Option<BoxFuture<'static, ClaimReply>>,
    calls: FuturesUnordered<BoxFuture<'static, Called>>,
    /// The calls in flight.
    running: HashMap<u64, Running>,
    /// When the permission of each call ends, in the order of the claims.
    expiries: VecDeque<(Instant, u64)>,
    /// The calls that were not sent in time, by the key of their record. The record was given back.
    parked: HashMap<String, Parked>,
    next_id: u64,
    /// The last of what other workers have stored about operations that finished.
    last_learned: i64,
    began: Instant,
    calls_made: u64,
    show: watch::Sender<Shown>,
}

/// A call in flight.
struct Running {
    lane: usize,
    subject: Subject,
    permit: Arc<CallPermit>,
    /// When the claim was answered. The age of the record is as of then.
    claimed_at: Instant,
    begun_at: Instant,
    sent: Sent,
}

/// A call that has a connection soon, and waits for another claim of its record.
struct Parked {
    id: u64,
    permit: Arc<CallPermit>,
    /// How it ended without being sent.
    called: Option<Called>,
    until: Instant,
}

/// The answer to a claim.
struct ClaimReply {
    lane: usize,
    most: usize,
    sent_at: Instant,
    claimed: Result<Claimed, StoreError>,
}

impl Driver {
    pub(super) fn new(tools: Tools, lanes: Vec<Lane>, keys: Vec<Key>) -> Self {
        let Tools { registry, pacing, settings, show } = tools;
        let now = Instant::now();
        let rules = Arc::new(settings.rules.clone());
        let judge = Judge { paces: Paces::new(pacing), rules: rules.clone(), worker: fastrand::i64(..) };
        Self {
            registry,
            settings,
            rules,
            lanes,
            keys,
            judge,
            pulse: Pulse::new(now),
            writer: Writer::default(),
            claim: None,
            calls: FuturesUnordered::new(),
            running: HashMap::new(),
            expiries: VecDeque::new(),
            parked: HashMap::new(),
            next_id: 0,
            last_learned: 0,
            began: now,
            calls_made: 0,
            show,
        }
    }

    /// Works until it is stopped.
    pub(super) async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let store = self.registry.store().clone();
        let served: Vec<Service> = self.lanes.iter().map(|lane| lane.service.clone()).collect();
        let mut house = keep_house(store.clone(), self.settings.clone(), served).boxed();
        let mut learning = learn(store.clone(), 0, true).boxed();
        let mut changed = changed(&store);
        loop {
            let now = Instant::now();
            let wake_at = self.advance(now);
            self.show();
            let Self { calls, claim, writer, .. } = &mut self;
            tokio::select! {
                _ = &mut stopped => break,
                Some(called) = calls.next(), if !calls.is_empty() => {
                    self.take(called);
                    while let Some(Some(called)) = self.calls.next().now_or_never() {
                        self.take(called);
                    }
                }
                flushed = writer.flushed() => self.flushed(flushed),
                reply = claimed(claim) => self.claimed(reply),
                finished = &mut learning => learning = self.learned(&store, &finished),
                () = &mut changed => {
                    changed = self::changed(&store);
                    self.look_again(now);
                }
                () = &mut house => {}
                () = sleep_until(wake_at) => {}
            }
        }
        drop((house, learning, changed));
        self.stop().await;
    }

    /// Begins what can begin now. Returns when to look again.
    fn advance(&mut self, now: Instant) -> Instant {
        self.park(now);
        self.writer.begin(self.registry.store(), &self.pulse, now);
        let claim_at = self.begin_claim(now);
        let expires_at = self.expiries.front().map(|(at, _)| *at);
        let flush_at = self.writer.flush_at(&self.pulse);
        let times = [claim_at, expires_at, flush_at];
        times.into_iter().flatten().min().unwrap_or(now + self.settings.fallback)
    }

    /// Makes a claim for the service that has waited for the longest time. Returns when the next one can be made.
    fn begin_claim(&mut self, now: Instant) -> Option<Instant> {
        if self.claim.is_some() {
            return None;
        }
        if self.pulse.retry_at() > now {
            return Some(self.pulse.retry_at());
        }
        let mut look_at = None;
        let mut choice: Option<(Instant, usize, usize)> = None;
        for (number, lane) in self.lanes.iter().enumerate() {
            match self.room(lane, now) {
                Ok(most) if lane.claim_at() <= now => {
                    if choice.is_none_or(|(at, ..)| lane.claim_at() < at) {
                        choice = Some((lane.claim_at(), number, most));
                    }
                }
                Ok(_) => look_at = earlier(look_at, lane.claim_at()),
                Err(Some(at)) => look_at = earlier(look_at, at.max(lane.claim_at())),
                Err(None) => {}
            }
        }
        let Some((_, number, most)) = choice else {
            return look_at;
        };
        let lane = &mut self.lanes[number];
        lane.begins_claim(now + self.settings.fallback);
        let request = ClaimRequest {
            claim: ClaimId::random(),
            service: lane.service.clone(),
            most,
            lease: self.settings.lease,
            most_claims: self.settings.most_claims,
            bucket: lane.bucket.clone(),
        };
        let store = self.registry.store().clone();
        self.claim = Some(Box::pin(async move {
            let claimed = store.claim(&request).await;
            ClaimReply { lane: number, most, sent_at: now, claimed }
        }));
        None
    }

    /// Returns how many records of a service can be claimed now.
    ///
    /// # Errors
    ///
    /// The time at which to look again, `None` if a claim must end before.
    fn room(&self, lane: &Lane, now: Instant) -> Result<usize, Option<Instant>> {
        let since = now.duration_since(self.began);
        // First polls after a restart are spread: all that became due meanwhile is due now.
        let ramp = RAMP_FIRST.saturating_mul(1 << since.as_secs().min(RAMP_DOUBLINGS));
        let held = self.lanes.iter().map(|lane| lane.held).sum();
        let free = self.settings.max_in_flight.saturating_sub(lane.held).min(self.pulse.batch());
        let free = free.min(ramp.saturating_sub(held));
        if free == 0 {
            let next_second = self.began + Duration::from_secs(since.as_secs() + 1);
            return Err((held >= ramp).then_some(next_second));
        }
        match self.keys[lane.key].allowance(since) {
            Ok(most) => Ok(most.min(free)),
            Err(at) => Err(at.and_then(|at| self.began.checked_add(at))),
        }
    }

    fn claimed(&mut self, reply: ClaimReply) {
        self.claim = None;
        let ClaimReply { lane: number, most, sent_at, claimed } = reply;
        let now = Instant::now();
        let Claimed { records, set_aside, next_due, next_token } = match claimed {
            Ok(claimed) => claimed,
            Err(fault) => {
                self.pulse.failed(&fault, now);
                self.lanes[number].due_at(now);
                return;
            }
        };
        self.pulse.works();
        for key in set_aside {
            warn!(key, "an operation is set aside: its claims ended without a result too often");
        }
        let lane = &mut self.lanes[number];
        // A claim that was filled left others that may be due.
        let is_full = records.len() >= most;
        let fallback = self.settings.fallback;
        let next_due =
            if is_full { Duration::ZERO } else { next_due.map_or(fallback, |due| due.min(fallback)) };
        lane.claimed(now, next_due, next_token);
        lane.held += records.len();
        let used_by = match &lane.bucket {
            Some(_) => sent_at + USED_WITHIN,
            None => sent_at + (self.settings.lease - self.rules.attempt_timeout),
        };
        for record in records {
            self.begin(number, record, used_by, now);
        }
    }

    /// Begins the call of a record, or goes on with the one that waits for it.
    fn begin(&mut self, lane: usize, record: ClaimedRecord, used_by: Instant, now: Instant) {
        let mut subject = match Subject::of(record) {
            Ok(subject) => subject,
            Err(unreadable) => return self.writer.push(lane, *unreadable),
        };
        let Lane { transport, key, .. } = &self.lanes[lane];
        let mut cancels = subject.record.cancel;
        if cancels && !guard("the transport", || transport.capabilities().cancel).unwrap_or(false) {
            cancels = false;
            subject.cannot_cancel();
        }
        let since = now.duration_since(self.began);
        let sent = self.keys[*key].control.sent(since, subject.failures(), fastrand::f64());
        let parked = if cancels { None } else { self.parked.remove(&subject.record.fence.key) };
        if let Some(Parked { id, permit, called, .. }) = parked {
            permit.renew(used_by);
            self.expiries.push_back((used_by, id));
            let running = Running { lane, subject, permit, claimed_at: now, begun_at: now, sent };
            self.running.insert(id, running);
            if let Some(called) = called {
                self.take(called);
            }
            return;
        }
        let id = self.next_id;
        self.next_id += 1;
        let permit = Arc::new(CallPermit::until(used_by));
        let call = Call {
            id,
            transport: transport.clone(),
            name: subject.record.name.clone(),
            cancels,
            age: subject.record.age,
            deadline: subject.record.deadline,
            permit: permit.clone(),
        };
        self.expiries.push_back((used_by, id));
        self.running.insert(id, Running { lane, subject, permit, claimed_at: now, begun_at: now, sent });
        self.calls.push(make(call, self.rules.clone()).boxed());
    }

    /// Gives back the records whose calls were not sent in time. Their calls go on: the next claim of the record finds a connection.
    fn park(&mut self, now: Instant) {
        while let Some((_, id)) = self.expiries.front().copied().filter(|(at, _)| *at <= now) {
            self.expiries.pop_front();
            let is_unsent = self.running.get(&id).is_some_and(|running| running.permit.expire(now));
            if !is_unsent {
                continue;
            }
            let Some(Running { lane, subject, permit, sent, .. }) = self.running.remove(&id) else {
                continue;
            };
            self.keys[self.lanes[lane].key].control.withdrawn(sent);
            let fence = subject.record.fence.clone();
            let until = now + self.rules.attempt_timeout.min(PARKED_FOR);
            self.parked.insert(fence.key.clone(), Parked { id, permit, called: None, until });
            let give_back = GiveBack { fence, delay: Duration::ZERO, counts: false, error: None };
            self.writer.push(lane, Write::GiveBack(give_back));
        }
        if self.parked.len() > self.settings.max_in_flight {
            self.parked.retain(|_, parked| parked.until > now);
        }
    }

    /// Takes a call that has ended.
    fn take(&mut self, called: Called) {
        let Some(running) = self.running.remove(&called.id) else {
            if let Some(parked) = self.parked.values_mut().find(|parked| parked.id == called.id) {
                parked.called = Some(called);
            }
            return;
        };
        let Running { lane: number, subject, claimed_at, begun_at, sent, .. } = running;
        let Called { answer, sent_at, ended_at, .. } = called;
        self.calls_made += 1;
        let since = ended_at.duration_since(self.began);
        let lane = &self.lanes[number];
        let control = &mut self.keys[lane.key].control;
        match answered(&self.rules, &answer) {
            Some(answered) => control.ended(sent, since, answered, lane.held, fastrand::f64()),
            None => control.withdrawn(sent),
        }
        let age = |at: Instant| subject.record.age.saturating_add(at.saturating_duration_since(claimed_at));
        let (asked, ended): (Age, Age) = (age(sent_at.unwrap_or(begun_at)), age(ended_at));
        let times = Times { asked, ended, counts: !control.is_shut() };
        let write = match answer {
            Answer::State(reply) => self.judge.polled(&*lane.transport, subject, reply, times),
            Answer::Cancel(reply) => self.judge.cancelled(subject, reply, times),
            Answer::Panicked(panicked) => {
                error!(key = subject.record.fence.key, %panicked, "a poll panicked; the operation is polled again");
                self.judge.panicked(subject, &panicked)
            }
        };
        self.writer.push(number, write);
    }

    fn flushed(&mut self, Flushed { ended, completed, failed }: Flushed) {
        let now = Instant::now();
        for (lane, delay) in ended {
            self.ended(lane);
            if let Some(at) = delay.and_then(|delay| now.checked_add(delay)) {
                self.lanes[lane].due_at(at);
            }
        }
        if completed {
            self.registry.completed().notify_waiters();
        }
        match failed {
            None => self.pulse.works(),
            Some((failed, fault)) => {
                self.pulse.failed(&fault, now);
                if let Some(lane) = self.writer.keep(failed, &fault) {
                    self.ended(lane);
                }
            }
        }
    }

    fn ended(&mut self, lane: usize) {
        let lane = &mut self.lanes[lane];
        lane.held = lane.held.saturating_sub(1);
    }

    fn learned(
        &mut self,
        store: &Arc<dyn Store>,
        finished: &[(i64, Finished)],
    ) -> BoxFuture<'static, Vec<(i64, Finished)>> {
        self.judge.learn(finished);
        let is_all = finished.is_empty();
        self.last_learned = finished.last().map_or(self.last_learned, |(number, _)| *number);
        learn(store.clone(), self.last_learned, !is_all).boxed()
    }

    /// A record may be due sooner than the last claims said.
    fn look_again(&mut self, now: Instant) {
        for lane in &mut self.lanes {
            lane.due_at(now);
        }
    }

    fn show(&self) {
        let shown = Shown {
            claimed: self.lanes.iter().map(|lane| lane.held).sum(),
            calls: self.calls_made,
            store_away_since: self.pulse.away_since(),
        };
        self.show.send_replace(shown);
    }

    /// Ends the calls, and gives their claims back.
    async fn stop(mut self) {
        // Destructors of calls are code of the caller.
        let _ = guard("the transport", || self.calls.clear());
        for (_, Running { lane, subject, .. }) in self.running.drain() {
            let fence = subject.record.fence;
            let give_back = GiveBack { fence, delay: Duration::ZERO, counts: false, error: None };
            self.writer.push(lane, Write::GiveBack(give_back));
        }
        let _ = timeout(STOPS_WITHIN, self.give_all_back()).await;
    }

    async fn give_all_back(&mut self) {
        if self.claim.is_some() {
            let ClaimReply { lane, claimed, .. } = claimed(&mut self.claim).await;
            for record in claimed.into_iter().flat_map(|claimed| claimed.records) {
                let give_back =
                    GiveBack { fence: record.fence, delay: Duration::ZERO, counts: false, error: None };
                self.writer.push(lane, Write::GiveBack(give_back));
            }
        }
        while !self.writer.is_empty() {
            let now = Instant::now();
            self.writer.begin(self.registry.store(), &self.pulse, now);
            match self.writer.flush_at(&self.pulse) {
                Some(at) => sleep_until(at).await,
                None => {
                    let flushed = self.writer.flushed().await;
                    self.flushed(flushed);
                }
            }
        }
    }
}

/// Waits for the answer to a claim. Never returns if there is none.
async fn claimed(claim: &mut Option<BoxFuture<'static, ClaimReply>>) -> ClaimReply {
    match claim {
        Some(claim) => claim.await,
        None => std::future::pending().await,
    }
}

/// Waits for a hint of the store.
fn changed(store: &Arc<dyn Store>) -> BoxFuture<'static, ()> {
    let store = store.clone();
    async move { store.changed().await }.boxed()
}

fn earlier(one: Option<Instant>, other: Instant) -> Option<Instant> {
    Some(one.map_or(other, |one| one.min(other)))
}

/// Returns what a call says of the service. `None` if it says nothing.
fn answered(rules: &Rules, answer: &Answer) -> Option<Answered> {
    let failed = |status: &Status| Answered::of_failed(status, rules.hint(status.retry_after()));
    match answer {
        Answer::State(Reply::Returned(Ok(_))) | Answer::Cancel(Ok(Ok(()))) => Some(Answered::Good),
        Answer::State(Reply::Returned(Err(status))) | Answer::Cancel(Ok(Err(status))) => Some(failed(status)),
        Answer::State(Reply::Cut(Limit::Attempt)) | Answer::Cancel(Err(Limit::Attempt)) => {
            Some(Answered::TimedOut)
        }
        // At a deadline: the call might have been answered in time.
        Answer::State(Reply::Cut(_)) | Answer::Cancel(Err(_)) | Answer::Panicked(_) => None,
    }
}

/// Of the 100 ms that the bucket of a quota leaves from the claim to the service, 40 ms are for the network.
const USED_WITHIN: Duration = Duration::from_millis(60);
/// Longer than it takes to open a connection. The next claim of the record comes within milliseconds, unless the rate is low.
const PARKED_FOR: Duration = Duration::from_secs(10);
/// The claims of the first second after the start. It doubles each second.
const RAMP_FIRST: usize = 64;
const RAMP_DOUBLINGS: u64 = 20;
/// An orchestrator kills a process 10 s to 30 s after it asked it to stop.
const STOPS_WITHIN: Duration = Duration::from_secs(10);
