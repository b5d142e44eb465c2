//! Which calls are to be made now.

use std::{collections::HashSet, mem, time::Duration};

use lro::{ListOperationsRequest, OperationName};

use super::State;
use crate::{
    metrics::Metrics,
    ready::Item,
    step::{Limit, give_up},
    sweep::PAGE_SIZE,
    table::Phase,
    time::Time,
};

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
        let entry = self.table.get(id).filter(|entry| self.rules.gives_up_at(&entry.record) == Some(at));
        if entry.is_some_and(|entry| matches!(entry.phase, Phase::Ready | Phase::Held | Phase::Swept)) {
            self.leave_line_of(id);
            self.decide(id, give_up("the deadline passed, and no call could be made"), now);
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
    fn room(&self, key: usize, now: Time) -> usize {
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
        if self.looked_at != Some(now) && keys[key].ready.waiting() > room {
            self.looked_at = Some(now);
            classes.iter_mut().for_each(|class| class.pace.look(now));
            self.ranks = classes.iter().any(|class| class.pace.is_learned());
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
        self.leave_line(id);
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
        let (until, limit) = self.rules.limit(&entry.record, now);
        self.count_call();
        Some(Ask { subject: Subject::Operation(id, name), until, limit })
    }

    /// Begins the sweeps of a key that are worth it, and asks for the pages that are due.
    fn sweep(&mut self, key: usize, now: Time, asks: &mut Vec<Ask>) {
        for number in mem::take(&mut self.keys[key].sweepable) {
            let has_room = self.has_room();
            if has_room && self.collections[number].is_worth_a_sweep(now) {
                self.begin_sweep(number);
            }
            if self.collections[number].wants_page() {
                if !has_room {
                    // Those that are watched do not wait until completions are taken.
                    self.end_sweep(number, now, false);
                } else if self.room(key, now) > 0 {
                    asks.push(self.ask_for_page(number, now));
                }
            }
            let collection = &mut self.collections[number];
            if collection.sweep.is_some() {
                self.keys[key].sweepable.push(number);
            } else {
                collection.queued = false;
                self.forget_idle(number);
            }
        }
    }

    fn ask_for_page(&mut self, number: usize, now: Time) -> Ask {
        let collection = &mut self.collections[number];
        let request = ListOperationsRequest {
            name: collection.parent.clone(),
            page_size: PAGE_SIZE,
            page_token: collection.take_page_token(),
            ..ListOperationsRequest::default()
        };
        self.keys[collection.key].gate.sent(now);
        self.count_call();
        let until = now.after(self.rules.attempt_timeout);
        Ask { subject: Subject::Page(number, request), until, limit: Limit::Attempt }
    }

    /// Takes all of a collection that are due out of the line, to be found in a list.
    fn begin_sweep(&mut self, number: usize) {
        let Self { keys, table, classes, collections, metrics, .. } = self;
        let collection = &mut collections[number];
        let ready = &mut keys[collection.key].ready;
        let mut covered = Vec::new();
        for item in ready.line() {
            let Some(entry) = table.get_mut(item.id) else {
                continue;
            };
            let class = classes.get(entry.class as usize);
            let is_in_it = class.is_some_and(|class| class.collection == Some(number)) && !entry.unlisted;
            // One that was in line before, and is again, is there twice.
            if is_in_it && entry.is_in(Phase::Ready, item) {
                entry.phase = Phase::Swept;
                covered.push(item.id);
            }
        }
        covered.iter().for_each(|_| ready.forget());
        collection.due = 0;
        metrics.sweeps += 1;
        collection.begin(covered);
    }

    /// Whether there is room for completions.
    fn has_room(&self) -> bool {
        self.room_for_completions() > 0
    }

    fn room_for_completions(&self) -> usize {
        self.settings.most_completions.saturating_sub(self.completed.len() + self.reserved)
    }

    /// Holds one back that is due, until there is room for its completion.
    fn hold(&mut self, item: Item) {
        if let Some(entry) = self.table.get_mut(item.id) {
            entry.phase = Phase::Held;
        }
        self.held.push_back(item);
        if self.held.len() > 2 * self.table.len() + FEW {
            // One that was watched for a while is there twice.
            let mut seen = HashSet::new();
            let Self { held, table, .. } = self;
            let is_held =
                |item: &Item| table.get(item.id).is_some_and(|entry| entry.is_in(Phase::Held, *item));
            held.retain(|item| is_held(item) && seen.insert(item.id));
        }
    }

    /// As many of those held back as there is room for are put in line again.
    fn release_held(&mut self, now: Time) {
        let mut room = self.room_for_completions();
        while room > 0
            && let Some(item) = self.held.pop_front()
        {
            if self.table.get(item.id).is_some_and(|entry| entry.is_in(Phase::Held, item)) {
                self.make_ready(item.id, now);
                room -= 1;
            }
        }
    }

    fn count_call(&mut self) {
        self.in_flight += 1;
        self.metrics.polls += 1;
    }
}

/// From one event with the metrics to the next.
const TELL_AGAIN: Duration = Duration::from_secs(60);
/// So few held back are not worth a look.
const FEW: usize = 1_024;
/// The calls of a key before the next one has its turn.
const A_TURN: usize = 8;
