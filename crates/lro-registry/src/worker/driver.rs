use std::{sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use lro::{
    Status,
    pacing::PacingByKind,
    rules::{Limit, Reply, Rules, guard},
};
use lro_control::Reply as Answered;
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, sleep_until, timeout},
};
use tracing::{debug, error, warn};

use super::{
    Shown,
    builder::Settings,
    call::{Answer, Called},
    calls::{Beginning, Calls, Running},
    chores::{Learning, keep_house},
    claims::{ClaimReply, Claims},
    isolation::{Isolated, Isolation, later},
    judge::{Judge, Subject, Times},
    lane::{Key, Lane},
    paces::Paces,
    pulse::Pulse,
    writer::{Flushed, Write, Writer},
};
use crate::{
    Registry, Store,
    store::{ClaimedRecord, Fence, GiveBack},
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
    claims: Claims,
    calls: Calls,
    isolation: Isolation,
    judge: Judge,
    writer: Writer,
    pulse: Pulse,
    calls_made: u64,
    show: watch::Sender<Shown>,
}

impl Driver {
    pub(super) fn new(tools: Tools, lanes: Vec<Lane>, keys: Vec<Key>) -> Self {
        let Tools { registry, pacing, settings, show } = tools;
        let now = Instant::now();
        let rules = Arc::new(settings.rules.clone());
        let judge = Judge { paces: Paces::new(pacing), rules: rules.clone(), worker: fastrand::i64(..) };
        Self {
            claims: Claims::new(lanes, keys, settings.clone(), now),
            calls: Calls::new(rules.clone(), settings.max_in_flight),
            isolation: Isolation::default(),
            writer: Writer::default(),
            pulse: Pulse::new(now),
            calls_made: 0,
            registry,
            settings,
            rules,
            judge,
            show,
        }
    }

    /// Works until it is stopped.
    pub(super) async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let store = self.registry.store().clone();
        let mut house = keep_house(store.clone(), self.settings.clone(), self.claims.services()).boxed();
        let mut learning = Learning::new(store.clone());
        let mut changed = changed(&store);
        loop {
            let wake_at = self.advance(&store);
            let Self { calls, claims, isolation, writer, .. } = &mut self;
            tokio::select! {
                _ = &mut stopped => break,
                called = calls.ended() => {
                    self.take(called);
                    while let Some(called) = self.calls.ended_now() {
                        self.take(called);
                    }
                }
                flushed = writer.flushed() => self.flushed(flushed),
                reply = claims.answered() => self.claimed(&store, reply),
                isolated = isolation.isolated() => self.isolated(isolated),
                finished = learning.next() => self.judge.learn(&finished),
                () = &mut changed => {
                    changed = self::changed(&store);
                    self.claims.look_again(Instant::now());
                }
                () = &mut house => {}
                () = sleep_until(wake_at) => {}
            }
        }
        drop((house, learning, changed));
        self.stop(&store).await;
    }

    /// Begins what can begin now. Returns when to look again.
    fn advance(&mut self, store: &Arc<dyn Store>) -> Instant {
        let now = Instant::now();
        for Running { lane, subject, sent, .. } in self.calls.expired(now) {
            self.claims.called(lane, sent, None, now);
            self.give_back(lane, subject.record.fence);
        }
        self.writer.begin(store, &self.pulse, now);
        let Self { isolation, calls, .. } = self;
        let claim_at = match isolation.pauses_until(|call| calls.is_running(call), now) {
            Some(until) => Some(until),
            None => self.claims.begin(store, &self.pulse, now),
        };
        self.show.send_replace(Shown {
            claimed: self.claims.held(),
            calls: self.calls_made,
            store_away_since: self.pulse.away_since(),
        });
        let times = [claim_at, self.calls.expires_at(), self.writer.flush_at(&self.pulse)];
        times.into_iter().flatten().min().unwrap_or(now + self.settings.fallback)
    }

    /// Begins the calls of the records that a claim returned.
    fn claimed(&mut self, store: &Arc<dyn Store>, reply: ClaimReply) {
        let now = Instant::now();
        self.claims.keep(&reply, now);
        let ClaimReply { lane, sent_at, claimed, .. } = reply;
        let claimed = match claimed {
            Ok(claimed) => claimed,
            Err(fault) => return self.pulse.failed(&fault, now),
        };
        self.pulse.works();
        for key in claimed.set_aside {
            warn!(
                key,
                "an operation is set aside: its claims ended without a result too often; its record has the last error"
            );
        }
        let used_within = match &self.claims.lane(lane).bucket {
            Some(_) => USED_WITHIN,
            None => self.settings.lease.saturating_sub(self.rules.attempt_timeout),
        };
        let used_by = sent_at + used_within;
        let suspected_from = self.settings.most_claims.min(SUSPECTED_FROM);
        let is_suspect = |record: &ClaimedRecord| record.claims >= suspected_from;
        let (suspects, others): (Vec<_>, Vec<_>) = claimed.records.into_iter().partition(is_suspect);
        let count = suspects.len();
        let returned = self.isolation.isolate(store, lane, suspects, used_by);
        if returned.is_empty() {
            // The isolation gives the others back itself.
            (1..count).for_each(|_| self.claims.ended(lane, None));
        }
        for (place, record) in (1..).zip(returned) {
            self.writer.push(lane, Write::GiveBack(later(place, record)));
        }
        for record in others {
            self.begin(lane, record, used_by, now);
        }
    }

    /// Polls a suspect.
    fn isolated(&mut self, isolated: Isolated) {
        let Isolated { lane, record, used_by, is_alone } = isolated;
        let now = Instant::now();
        if !is_alone {
            return self.give_back(lane, record.fence);
        }
        if let Some(call) = self.begin(lane, record, used_by, now) {
            self.isolation.begins(call, now);
        }
        self.claims.look_again(now);
    }

    /// Begins the call of a record. Returns its number, unless its state cannot be read.
    fn begin(&mut self, lane: usize, record: ClaimedRecord, used_by: Instant, now: Instant) -> Option<u64> {
        let mut subject = match Subject::of(record) {
            Ok(subject) => subject,
            Err(unreadable) => {
                self.writer.push(lane, *unreadable);
                return None;
            }
        };
        let transport = self.claims.lane(lane).transport.clone();
        let mut cancels = subject.record.cancel;
        if cancels && !guard("the transport", || transport.capabilities().cancel).unwrap_or(false) {
            cancels = false;
            subject.cannot_cancel();
        }
        let sent = self.claims.sent(lane, subject.failures(), now);
        let beginning = Beginning { lane, subject, transport, cancels, sent, used_by };
        let (call, ended) = self.calls.begin(beginning, now);
        if let Some(called) = ended {
            self.take(called);
        }
        Some(call)
    }

    /// Decides what follows a call that has ended.
    fn take(&mut self, called: Called) {
        let Some((running, called)) = self.calls.take(called) else {
            return;
        };
        let Called { answer, sent_at, ended_at, .. } = called;
        self.calls_made += 1;
        debug!(key = running.subject.record.fence.key, ?answer, "called");
        let (ended, asked) = (running.age(ended_at), running.age(sent_at.unwrap_or(ended_at)));
        let Running { lane, subject, sent, .. } = running;
        let counts = self.claims.called(lane, sent, answered(&self.rules, &answer), ended_at);
        let times = Times { asked, ended, counts };
        let write = match answer {
            Answer::State(reply) => {
                let transport = &*self.claims.lane(lane).transport;
                self.judge.polled(transport, subject, reply, times)
            }
            Answer::Cancel(reply) => self.judge.cancelled(subject, reply, times),
            Answer::Panicked(panicked) => {
                let key = &subject.record.fence.key;
                error!(key, %panicked, "a call panicked; the operation is polled again");
                self.judge.panicked(subject, &panicked)
            }
        };
        self.writer.push(lane, write);
    }

    /// Takes the result of a batch of writes.
    fn flushed(&mut self, Flushed { ended, completed, failed }: Flushed) {
        let now = Instant::now();
        for (lane, delay) in ended {
            self.claims.ended(lane, delay.and_then(|delay| now.checked_add(delay)));
        }
        if completed {
            self.registry.completed().notify_waiters();
        }
        let Some((failed, fault)) = failed else {
            return self.pulse.works();
        };
        self.pulse.failed(&fault, now);
        if let Some(lane) = self.writer.keep(failed, &fault) {
            self.claims.ended(lane, None);
        }
    }

    fn give_back(&mut self, lane: usize, fence: Fence) {
        let give_back = GiveBack { fence, delay: Duration::ZERO, counts: false, error: None };
        self.writer.push(lane, Write::GiveBack(give_back));
    }

    /// Ends the calls, stores what is known, and gives the other claims back.
    async fn stop(mut self, store: &Arc<dyn Store>) {
        for Running { lane, subject, .. } in self.calls.clear().collect::<Vec<_>>() {
            self.give_back(lane, subject.record.fence);
        }
        let _ = timeout(STOPS_WITHIN, self.settle(store)).await;
    }

    async fn settle(&mut self, store: &Arc<dyn Store>) {
        if self.isolation.is_waiting() {
            let Isolated { lane, record, .. } = self.isolation.isolated().await;
            self.give_back(lane, record.fence);
        }
        if self.claims.is_in_flight() {
            let ClaimReply { lane, claimed, .. } = self.claims.answered().await;
            for record in claimed.into_iter().flat_map(|claimed| claimed.records) {
                self.give_back(lane, record.fence);
            }
        }
        while !self.writer.is_empty() {
            self.writer.begin(store, &self.pulse, Instant::now());
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

/// Waits for a hint of the store.
fn changed(store: &Arc<dyn Store>) -> BoxFuture<'static, ()> {
    let store = store.clone();
    async move { store.changed().await }.boxed()
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

/// Two claims end without a result by two deploys. From the third on a crash may be the fault of the record.
const SUSPECTED_FROM: u32 = 3;
/// Of the 100 ms that the bucket of a quota leaves from the claim to the service, 40 ms are for the network.
const USED_WITHIN: Duration = Duration::from_millis(60);
/// An orchestrator kills a process 10 s to 30 s after it asked it to stop.
const STOPS_WITHIN: Duration = Duration::from_secs(10);
