//! The calls to make now.

use std::{mem, sync::Arc, time::Duration};

use lro::{
    ListOperationsRequest, OperationName, Status,
    rules::{Age, Limit, stopped},
};
use lro_control::Line;

use super::State;
use crate::{
    book::{Entry, Phase},
    clock::Time,
    lanes::{Item, Next, Sent},
    metrics::Metrics,
};

/// A call to make.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) sent: Sent,
    pub(crate) target: Target,
    /// The time at which the call is cut, and the limit that cuts it.
    pub(crate) until: Time,
    pub(crate) limit: Limit,
}

/// The subject of a call.
#[derive(Debug)]
pub(crate) enum Target {
    /// An operation, by its number.
    Operation(u32, OperationName),
    /// A page of a collection, by its number.
    Page(usize, ListOperationsRequest),
}

/// A wait that ended without a call, to be reported without the lock.
#[derive(Debug)]
pub(crate) struct GivenUp {
    pub(crate) name: OperationName,
    pub(crate) kind: Arc<str>,
    pub(crate) polls: u32,
    pub(crate) elapsed: Age,
    pub(crate) why: Status,
}

impl State {
    /// Takes the waits that ended without a call.
    pub(crate) fn take_given_up(&mut self) -> Vec<GivenUp> {
        mem::take(&mut self.given_up)
    }

    /// Adds the calls that are due and may be made at `now`. They count as made.
    pub(crate) fn due(&mut self, now: Time, asks: &mut Vec<Ask>) {
        while let Some((at, ids)) = self.clock.take_due(now) {
            ids.into_iter().for_each(|id| self.come_due(id, at, now));
        }
        while let Some((at, id)) = self.clock.take_give_up(now) {
            self.pass_deadline(id, at, now);
        }
        if !self.makes_calls() {
            return;
        }
        self.release_held(now);
        while let Some(next) = self.next(now) {
            match next.item {
                Item::Get { id, .. } => asks.extend(self.ask(next, id, now)),
                Item::Page(number) => asks.extend(self.ask_for_page(next, number as usize, now)),
            }
        }
    }

    /// Returns when there is something to do, apart from replies and changes.
    pub(crate) fn next_wake(&self) -> Time {
        let (calls, trace) = match self.makes_calls() {
            true if self.desk.held() > 0 => (self.lanes.opens_at(), self.traced_at.after(TRACE_AGAIN)),
            true => (self.lanes.opens_at(), Time::NEVER),
            false => (Time::NEVER, Time::NEVER),
        };
        self.clock.next().min(calls).min(trace)
    }

    /// Returns the metrics to report as an event: once a minute while calls may be made.
    pub(crate) fn metrics_to_trace(&mut self, now: Time) -> Option<Metrics> {
        let is_due = self.makes_calls() && now >= self.traced_at.after(TRACE_AGAIN);
        is_due.then(|| {
            self.traced_at = now;
            self.metrics()
        })
    }

    fn next(&mut self, now: Time) -> Option<Next> {
        let Self { lanes, book, .. } = self;
        lanes.next(now, |id, item| book.is_in(id, Phase::Ready, item))
    }

    /// Handles the due time of an operation.
    fn come_due(&mut self, id: u32, at: Time, now: Time) {
        let entry = self.book.get(id);
        if entry.is_some_and(|entry| entry.phase == Phase::Waiting && entry.record.due == at) {
            self.make_ready(id, now);
        }
    }

    /// Gives up the wait for an operation at its deadline, unless a call is in flight, which has its own limit.
    pub(super) fn pass_deadline(&mut self, id: u32, at: Time, now: Time) {
        let is_in_line = |entry: &&Entry| matches!(entry.phase, Phase::Ready | Phase::Held | Phase::Swept);
        let entry = self.book.get(id).filter(is_in_line);
        let Some(entry) = entry.filter(|entry| entry.gives_up_at(self.settings.deadline) == at) else {
            return;
        };
        let why = stopped("the deadline passed, and no call could be made");
        if let Some(group) = self.groups.get(entry.group) {
            self.given_up.push(GivenUp {
                name: entry.name.clone(),
                kind: group.kind.clone(),
                polls: entry.record.tally.polls,
                elapsed: entry.record.age(now),
                why: why.clone(),
            });
        }
        self.leave_line(id);
        self.end_pace(id);
        self.give_up(id, why, now);
    }

    /// Sets when the next call about an operation is due. The server wants none before `floor`.
    pub(super) fn wait_until(&mut self, id: u32, at: Time, floor: Time, now: Time) {
        let at = self.clock.tick(at, now);
        let Some(entry) = self.book.get_mut(id) else {
            return;
        };
        let deadline = entry.deadline(self.settings.deadline);
        let at = deadline.map_or(at, |deadline| at.min(entry.record.at(deadline)));
        entry.record.due = at;
        entry.set_floor(floor);
        if at <= now {
            self.make_ready(id, now);
            return;
        }
        entry.phase = Phase::Waiting;
        if self.clock.set_due(at, id) {
            self.wake_driver();
        }
        let Self { clock, book, .. } = self;
        clock.prune_due(book.len(), |at, id| {
            book.get(id).is_some_and(|entry| entry.phase == Phase::Waiting && entry.record.due == at)
        });
    }

    /// Puts an operation that is due in a line.
    pub(super) fn make_ready(&mut self, id: u32, now: Time) {
        let Some(entry) = self.book.get_mut(id) else {
            return;
        };
        entry.phase = Phase::Ready;
        let (item, line) = (Item::get(id, entry.record.due), Line::of(u32::from(entry.failures)));
        let Some(key) = self.key_of(id) else {
            return;
        };
        let collection = self.book.get(id).and_then(|entry| self.collection_of(entry));
        self.lanes.push(key, collection, item, line, now);
        let Self { lanes, book, .. } = self;
        lanes.prune(key, |id, item| book.is_in(id, Phase::Ready, item));
        self.wake_driver();
    }

    /// Removes an operation from its line, or from those that are held back, if it is in one.
    pub(super) fn leave_line(&mut self, id: u32) {
        match self.book.get(id) {
            Some(entry) if entry.phase == Phase::Held => self.desk.unhold(),
            Some(entry) if entry.phase == Phase::Ready => {
                let (line, collection) = (Line::of(u32::from(entry.failures)), self.collection_of(entry));
                if let Some(key) = self.key_of(id) {
                    self.lanes.leave(key, collection, line);
                }
            }
            _ => {}
        }
    }

    /// Puts items that were held back in line, as many as there is room for completions.
    fn release_held(&mut self, now: Time) {
        let mut room = self.desk.room();
        while room > 0
            && let Some(item) = self.desk.release()
        {
            if let Item::Get { id, .. } = item
                && self.book.is_in(id, Phase::Held, item)
            {
                self.make_ready(id, now);
                room -= 1;
            } else {
                self.desk.drop_stale();
            }
        }
    }

    /// Returns the call about an operation that was in line, unless there is no room for its outcome.
    fn ask(&mut self, next: Next, id: u32, now: Time) -> Option<Ask> {
        let collection = self.collection_of(self.book.get(id)?);
        self.lanes.uncount(collection);
        let has_room = self.desk.room() > 0;
        let entry = self.book.get_mut(id)?;
        let reserves = entry.registered && entry.watches == 0;
        if reserves && !has_room {
            entry.phase = Phase::Held;
            let Self { desk, book, .. } = self;
            desk.hold(next.item, book.len(), |item| match item {
                Item::Get { id, .. } => book.is_in(*id, Phase::Held, *item),
                Item::Page(_) => false,
            });
            return None;
        }
        if reserves {
            self.desk.reserve();
        }
        entry.phase = if reserves { Phase::CallingReserved } else { Phase::Calling };
        entry.is_out = true;
        let deadline = entry.deadline(self.settings.deadline);
        let (until, limit) = self.settings.rules.limit(entry.record.age(now), deadline);
        let until = entry.record.at(until);
        let (failures, name, late) =
            (u32::from(entry.failures), entry.name.clone(), now.since(entry.record.due));
        self.metrics.late.add(late);
        self.notes.late(late);
        self.metrics.polls += 1;
        let sent = self.lanes.send(next, failures, now);
        Some(Ask { sent, target: Target::Operation(id, name), until, limit })
    }
}

/// The time between two events with the metrics.
const TRACE_AGAIN: Duration = Duration::from_secs(60);
