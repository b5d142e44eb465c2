//! Which calls are to be made now.

use lro::{ListOperationsRequest, OperationName};

use super::State;
use crate::{
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
        if self.paused || self.closing {
            return;
        }
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

    /// When there is something to do, replies and changes aside.
    pub(crate) fn next_wake(&self) -> Time {
        if self.paused || self.closing || self.in_flight >= self.settings.max_in_flight {
            return self.timers.next();
        }
        let busy = if self.busy.is_empty() { Time::NEVER } else { Time::default() };
        self.timers.next().min(self.shut.next()).min(busy)
    }

    /// The time of a timer has come.
    fn come_due(&mut self, id: u32, at: Time, now: Time) {
        let Some(entry) = self.table.get(id) else {
            return;
        };
        match entry.phase {
            Phase::Waiting if entry.record.due <= at => self.make_ready(id, now),
            Phase::Ready | Phase::Held | Phase::Swept => {
                let deadline = self.rules.deadline(&entry.record);
                if deadline.is_some_and(|deadline| deadline < at) {
                    self.leave_line_of(id);
                    self.decide(id, give_up("the deadline passed, and no call could be made"), now);
                }
            }
            _ => {}
        }
    }

    /// Makes some of the calls of a key. Returns when more may be made.
    fn serve(&mut self, key: usize, now: Time, asks: &mut Vec<Ask>) -> Time {
        self.sweep(key, now, asks);
        let most = (self.settings.max_in_flight - self.in_flight).min(self.keys[key].gate.room(now));
        for left in (1..=most.min(A_TURN)).rev() {
            let Some(item) = self.take_ready(key, now, left) else {
                break;
            };
            if let Some(ask) = self.ask(item, now) {
                self.keys[key].gate.sent(now);
                asks.push(ask);
            }
        }
        self.keys[key].gate.opens_at()
    }

    fn has_work(&self, key: usize) -> bool {
        let key = &self.keys[key];
        let has_page = |collection: &usize| self.collections[*collection].wants_page();
        key.ready.waiting() > 0 || key.collections.iter().any(has_page)
    }

    fn take_ready(&mut self, key: usize, now: Time, room: usize) -> Option<Item> {
        let Self { keys, table, classes, .. } = self;
        if keys[key].ready.is_to_be_ranked(now, room) {
            classes.look(now);
        }
        let worth = |item: Item| {
            let entry = table.get(item.id)?;
            let is_waiting = entry.phase == Phase::Ready && entry.record.due == item.due;
            is_waiting
                .then(|| classes.get(entry.class).map_or(0.0, |class| class.pace.worth(&entry.record, now)))
        };
        keys[key].ready.take(now, room, worth)
    }

    /// The call about an operation that was in line, unless its outcome would find no room.
    fn ask(&mut self, item: Item, now: Time) -> Option<Ask> {
        let id = item.id;
        self.leave_line(id);
        let entry = self.table.get(id)?;
        let reserves = entry.registered && entry.watches == 0;
        if reserves {
            if self.completed.len() + self.reserved >= self.settings.most_completions {
                self.held.push(item);
                self.table.get_mut(id)?.phase = Phase::Held;
                return None;
            }
            self.reserved += 1;
        }
        let name = self.name(id)?;
        let entry = self.table.get_mut(id)?;
        entry.phase = if reserves { Phase::CallingReserved } else { Phase::Calling };
        self.metrics.late.add(now.since(item.due));
        let (until, limit) = self.rules.limit(&entry.record, now);
        self.count_call();
        Some(Ask { subject: Subject::Operation(id, name), until, limit })
    }

    /// Begins the sweeps of a key that are worth it, and asks for the pages that are due.
    fn sweep(&mut self, key: usize, now: Time, asks: &mut Vec<Ask>) {
        for index in 0..self.keys[key].collections.len() {
            let number = self.keys[key].collections[index];
            if self.collections[number].is_worth_a_sweep(now) && self.has_room() {
                self.begin_sweep(number);
            }
            let is_full = self.in_flight >= self.settings.max_in_flight || !self.has_room();
            if is_full || self.keys[key].gate.room(now) == 0 {
                return;
            }
            let collection = &mut self.collections[number];
            let parent = collection.parent.clone();
            let Some(sweep) = collection.sweep.as_mut().filter(|sweep| !sweep.is_asked) else {
                continue;
            };
            sweep.is_asked = true;
            let request = ListOperationsRequest {
                name: parent,
                page_size: PAGE_SIZE,
                page_token: sweep.page_token.clone(),
                ..ListOperationsRequest::default()
            };
            self.keys[key].gate.sent(now);
            self.count_call();
            let until = now.after(self.rules.attempt_timeout);
            asks.push(Ask { subject: Subject::Page(number, request), until, limit: Limit::Attempt });
        }
    }

    /// Takes all of a collection that are due out of the line, to be found in a list.
    fn begin_sweep(&mut self, number: usize) {
        let Self { keys, table, classes, collections, metrics, .. } = self;
        let collection = &mut collections[number];
        let ready = &mut keys[collection.key].ready;
        let is_in_it = |item: Item| {
            let entry = table.get(item.id);
            entry.is_some_and(|entry| {
                let class = classes.get(entry.class);
                entry.phase == Phase::Ready
                    && entry.record.due == item.due
                    && !entry.unlisted
                    && class.is_some_and(|class| class.collection == Some(number))
            })
        };
        let covered: Vec<u32> = ready.those(is_in_it).into_iter().map(|item| item.id).collect();
        for id in &covered {
            if let Some(entry) = table.get_mut(*id) {
                entry.phase = Phase::Swept;
            }
            ready.forget();
        }
        collection.due = 0;
        metrics.sweeps += 1;
        collection.begin(covered);
    }

    /// Whether there is room for completions.
    fn has_room(&self) -> bool {
        self.completed.len() + self.reserved < self.settings.most_completions
    }

    fn count_call(&mut self) {
        self.in_flight += 1;
        self.metrics.polls += 1;
    }
}

/// The calls of a key before the next one has its turn.
const A_TURN: usize = 8;
