mod beginning;

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use lro::{
    Status,
    pacing::PacingByKind,
    rules::{Reply, Rules},
};
use lro_control::Reply as Answered;
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, sleep_until, timeout},
};
use tracing::{debug, error};

use super::{
    Shown,
    builder::Settings,
    call::{Answer, Called},
    calls::{Calls, Running},
    chores::{Learning, keep_house},
    claims::{ClaimReply, Claims, Leased},
    isolation::Isolation,
    judge::{Judge, Times},
    lane::{Key, Lane},
    paces::Paces,
    writer::{Flushed, Freed, Write, Writer, until},
};
use crate::{
    Registry, Store,
    published::Publisher,
    store::{Fence, GiveBack},
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
    published: Publisher,
    calls_made: u64,
    show: watch::Sender<Shown>,
}

impl Driver {
    pub(super) fn new(tools: Tools, lanes: Vec<Lane>, keys: Vec<Key>) -> Self {
        let Tools { registry, pacing, settings, show } = tools;
        let now = Instant::now();
        let rules = Arc::new(settings.rules.clone());
        let judge = Judge {
            paces: Paces::new(pacing),
            rules: rules.clone(),
            observer: settings.observer.clone(),
            worker: fastrand::i64(..),
        };
        let claims = Claims::new(lanes, keys, settings.clone(), now);
        Self {
            published: Publisher::new(claims.services()),
            claims,
            calls: Calls::new(rules.clone()),
            isolation: Isolation::default(),
            writer: Writer::default(),
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
        let mut house =
            keep_house(self.registry.clone(), self.settings.clone(), self.claims.services()).boxed();
        let mut learning = Learning::new(store.clone());
        let mut changed = changed(&store);
        let waits = self.calls.waits();
        loop {
            let wake_at = self.advance(&store);
            let Self { calls, claims, writer, .. } = &mut self;
            tokio::select! {
                _ = &mut stopped => break,
                called = calls.ended() => {
                    self.take(called);
                    while let Some(called) = self.calls.ended_now() {
                        self.take(called);
                    }
                }
                flushed = writer.flushed() => self.flushed(flushed),
                reply = claims.answered() => self.claimed(reply),
                finished = learning.next() => self.judge.learn(&finished),
                () = &mut changed => {
                    changed = self::changed(&store);
                    self.claims.look_again(Instant::now());
                }
                () = waits.notified() => {}
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
        for Running { lane, subject, sent, .. } in
            self.calls.unsent(|lane| self.claims.lane(lane).is_idle, now)
        {
            self.claims.called(lane, sent, None, now);
            self.give_back(lane, subject.record.fence);
        }
        self.isolate(now);
        let flush_at = self.writer.begin(store, now);
        let Self { isolation, calls, claims, writer, .. } = self;
        let pauses_until = isolation.pauses_until(|call| calls.is_running(call), now);
        // A suspect that cannot be given back counts each claim.
        let holds_until = writer.holds_suspects().then(|| writer.pulse.retry_at()).flatten();
        let claim_at = match pauses_until.max(holds_until.filter(|until| *until > now)) {
            Some(until) => Some(until),
            None => {
                let look = claims.begin(store, |lane| calls.in_flight(lane), now);
                let cut_at = look.full.and_then(|lane| self.cut_oldest(lane, now));
                look.at.into_iter().chain(cut_at).min()
            }
        };
        let away_since = [self.claims.pulse.away_since(), self.writer.pulse.away_since()];
        self.show.send_modify(|shown| {
            shown.claimed = self.claims.held();
            shown.calls = self.calls_made;
            shown.store_away_since = away_since.into_iter().flatten().min();
            self.claims.show(&mut shown.services);
        });
        let Self { published, claims, calls, .. } = self;
        let show_at = published.show(|lane| claims.load(lane, calls.in_flight(lane)), now);
        let times = [claim_at, self.calls.next_time(), flush_at, show_at];
        times.into_iter().flatten().min().unwrap_or(now + self.settings.fallback)
    }

    /// Decides what follows a call that has ended.
    fn take(&mut self, called: Called) {
        let Called { id, answer, sent_at, ended_at } = called;
        // A call that was not sent and waits for another claim says nothing.
        let Some(running) = self.calls.take(id) else {
            return;
        };
        self.calls_made += u64::from(sent_at.is_some());
        debug!(key = running.subject.record.fence.key, ?answer, "called");
        let asked_at = sent_at.unwrap_or(ended_at);
        let (ended, asked) = (running.age(ended_at), running.age(asked_at));
        let Running { lane, subject, sent, is_cut_short, .. } = running;
        let answer = match answer {
            Answer::Revoked if is_cut_short => {
                Answer::State(Reply::Returned(Err(Status::unanswered(ended_at.duration_since(asked_at)))))
            }
            answer => answer,
        };
        let says = if is_cut_short { Some(Answered::Cut) } else { answer.says(&self.rules) };
        let counts = self.claims.called(lane, sent, says, ended_at);
        let times = Times { asked, ended, counts };
        let (write, end) = match answer {
            Answer::State(reply) => {
                self.published.polled(lane, &subject.record.kind, &reply);
                let lane = self.claims.lane(lane);
                self.judge.polled(&*lane.transport, &lane.service, subject, reply, times)
            }
            Answer::Cancel(reply) => {
                (self.judge.cancelled(&self.claims.lane(lane).service, subject, reply, times), None)
            }
            Answer::Panicked(panicked) => {
                let key = &subject.record.fence.key;
                error!(key, %panicked, "a call panicked; the operation is polled again");
                (self.judge.panicked(subject, &panicked), None)
            }
            Answer::Revoked => return self.give_back(lane, subject.record.fence),
        };
        self.writer.push(lane, write, end);
    }

    /// Takes the result of a batch of writes.
    fn flushed(&mut self, flushed: Flushed) {
        let now = Instant::now();
        if flushed.completed {
            self.registry.completed().notify_waiters();
        }
        for Freed { lane, delay, is_lost, ended } in self.writer.keep(flushed, now) {
            if is_lost {
                self.published.lost(lane);
            }
            if let Some((kind, ended)) = ended {
                self.published.ended(lane, &kind, ended);
            }
            self.claims.ended(lane, delay.and_then(|delay| now.checked_add(delay)));
        }
    }

    fn give_back(&mut self, lane: usize, fence: Fence) {
        let give_back = GiveBack { fence, delay: Duration::ZERO, counts: false, error: None };
        self.writer.push(lane, Write::GiveBack(give_back), None);
    }

    /// Ends the calls, stores what is known, and gives the other claims back.
    async fn stop(mut self, store: &Arc<dyn Store>) {
        for Running { lane, subject, .. } in self.calls.clear() {
            self.give_back(lane, subject.record.fence);
        }
        if let Some(Leased { lane, record, .. }) = self.isolation.next(false) {
            self.give_back(lane, record.fence);
        }
        let _ = timeout(STOPS_WITHIN, self.settle(store)).await;
    }

    async fn settle(&mut self, store: &Arc<dyn Store>) {
        while self.claims.is_in_flight() || !self.writer.is_empty() {
            let flush_at = self.writer.begin(store, Instant::now());
            let Self { claims, writer, .. } = self;
            tokio::select! {
                ClaimReply { lane, claimed, .. } = claims.answered() => {
                    for record in claimed.into_iter().flat_map(|claimed| claimed.records) {
                        self.give_back(lane, record.fence);
                    }
                }
                flushed = writer.flushed() => self.flushed(flushed),
                () = until(flush_at) => {}
            }
        }
    }
}

/// Waits for a hint of the store.
fn changed(store: &Arc<dyn Store>) -> BoxFuture<'static, ()> {
    let store = store.clone();
    async move { store.changed().await }.boxed()
}

/// An orchestrator kills a process 10 s to 30 s after it asked it to stop.
const STOPS_WITHIN: Duration = Duration::from_secs(10);
