//! Which calls are to be made now.

use std::time::Duration;

use lro::{
    ListOperationsRequest, OperationName,
    rules::{Limit, Next, stopped},
};

use super::State;
use crate::{metrics::Metrics, ready::Item, table::Phase, time::Time};

/// A call to be made.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) subject: Subject,
    /// Until when it may take, and what ends it then.
    pub(crate) until: Time,
    pub(crate) limit: Limit,
}

/// What a call is about.
#[derive(Debug)]
pub(crate) enum Subject {
    /// One operation, by its number.
    Operation(u32, OperationName),
    /// A page of a collection, by its number.
    Page(usize, ListOperationsRequest),
}

impl State {
    /// The calls that are due and may be made at `now`; they count as made.
    pub(crate) fn due(&mut self, now: Time, asks: &mut Vec<Ask>) {
        while let Some((at, ids)) = self.timers.take(now) {
            ids.into_iter().for_each(|id| self.come_due(id, at, now));
        }
        while let Some((at, id)) = self.deadlines.take(now) {
            self.pass_deadline(id, at, now);
        }
        if self.paused || self.closing {
            return;
        }
        self.release_held(now);
        while let Some((_, keys)) = self.shut.take(now) {
            self.busy.extend(keys.into_iter().map(|key| key as usize));
        }
        while self.in_flight < self.settings.max_in_flight
            && let Some(key) = self.busy.pop_front()
        {
            let opens_at = self.serve(key, now, asks);
            let is_idle = opens_at == Time::NEVER || !self.has_work(key);
            self.keys[key].queued = !is_idle;
            if is_idle {
                // A reply or another operation makes it busy again.
            } else if opens_at > now {
                self.shut.set(opens_at, key as u32);
            } else {
                self.busy.push_back(key);
            }
        }
    }

    /// What was done so far, once a minute while calls may be made.
    pub(crate) fn metrics_to_tell(&mut self, now: Time) -> Option<Metrics> {
        let is_told = self.paused || self.closing || now < self.told_at.after(TELL_AGAIN);
        (!is_told).then(|| {
            self.told_at = now;
            self.metrics()
        })
    }

    /// When there is something to do, replies and changes aside.
    pub(crate) fn next_wake(&self) -> Time {
        if self.paused || self.closing || self.in_flight >= self.settings.max_in_flight {
            return self.timers.next().min(self.deadlines.next());
        }
        let busy = if self.busy.is_empty() { Time::NEVER } else { Time::default() };
        self.timers.next().min(self.deadlines.next()).min(self.shut.next()).min(busy)
    }

    /// The time of a timer has come.
    fn come_due(&mut self, id: u32, at: Time, now: Time) {
        let entry = self.table.get(id);
        if entry.is_some_and(|entry| entry.phase == Phase::Waiting && entry.record.due == at) {
            self.make_ready(id, now);
        }
    }

    /// An operation is given up at this time, unless a call is in flight, which has a limit of its own.
    fn pass_deadline(&mut self, id: u32, at: Time, now: Time) {
        let entry =
            self.table.get(id).filter(|entry| entry.record.gives_up_at(self.settings.deadline) == Some(at));
        if entry.is_some_and(|entry| matches!(entry.phase, Phase::Ready | Phase::Held | Phase::Swept)) {
            self.leave_line(id);
            let status = stopped("the deadline passed, and no call could be made");
            self.decide(id, Next::Failed(status), now);
        }
    }

    /// Makes some of the calls of a key. Returns when more may be made.
    fn serve(&mut self, key: usize, now: Time, asks: &mut Vec<Ask>) -> Time {
        self.sweep(key, now, asks);
        for _ in 0..A_TURN {
            let room = self.room(key, now);
            let Some(item) = (room > 0).then(|| self.take_ready(key, now, room)).flatten() else {
                break;
            };
            if let Some(ask) = self.ask(item, now) {
                self.keys[key].gate.sent(now);
                asks.push(ask);
            }
        }
        self.keys[key].gate.opens_at()
    }

    /// How many calls of a key may be made now.
    pub(super) fn room(&self, key: usize, now: Time) -> usize {
        let free = self.settings.max_in_flight.saturating_sub(self.in_flight);
        self.keys[key].gate.room(now).min(free)
    }

    pub(super) fn has_work(&self, key: usize) -> bool {
        let key = &self.keys[key];
        let wants_page = |collection: &usize| self.collections[*collection].wants_page();
        key.ready.waiting() > 0 || key.sweepable.iter().any(wants_page)
    }

    fn take_ready(&mut self, key: usize, now: Time, room: usize) -> Option<Item> {
        let Self { keys, table, classes, .. } = self;
        let is_stale = self.looked_at.is_none_or(|looked_at| now.since(looked_at) >= LOOK_AGAIN);
        if is_stale && keys[key].ready.waiting() > room {
            self.looked_at = Some(now);
            classes.iter_mut().for_each(|class| class.pace.update_ranking());
            self.ranks = classes.iter().any(|class| class.pace.is_ranked());
        }
        let worth = |item: Item| {
            let entry = table.get(item.id)?;
            entry.is_in(Phase::Ready, item).then(|| {
                classes.get(entry.class as usize).map_or(0.0, |class| class.pace.worth(&entry.record, now))
            })
        };
        keys[key].ready.take(now, room, self.ranks, worth)
    }

    /// The call about an operation that was in line, unless its outcome would find no room.
    fn ask(&mut self, item: Item, now: Time) -> Option<Ask> {
        let id = item.id;
        self.uncount_listed(id);
        let entry = self.table.get(id)?;
        let reserves = entry.registered && entry.watches == 0;
        if reserves {
            if !self.has_room() {
                self.hold(item);
                return None;
            }
            self.reserved += 1;
        }
        let name = self.name(id)?;
        let entry = self.table.get_mut(id)?;
        entry.phase = if reserves { Phase::CallingReserved } else { Phase::Calling };
        self.metrics.late.add(now.since(entry.record.due));
        let (until, limit) = self.rules.limit(entry.record.age(now), self.settings.deadline);
        let until = entry.record.at(until);
        self.count_call();
        Some(Ask { subject: Subject::Operation(id, name), until, limit })
    }

    pub(super) fn count_call(&mut self) {
        self.in_flight += 1;
        self.metrics.polls += 1;
    }
}

/// From one look at what was learned to the next: one operation more or less tells little.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// From one event with the metrics to the next.
const TELL_AGAIN: Duration = Duration::from_secs(60);
/// The calls of a key before the next one has its turn.
const A_TURN: usize = 8;
