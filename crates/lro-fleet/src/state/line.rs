//! Where an operation is until it is asked about: among the timers, then in the line of its quota key.

use std::mem;

use super::State;
use crate::{ready::Item, table::Phase, time::Time};

impl State {
    /// Sets when to ask about an operation.
    pub(super) fn wait_until(&mut self, id: u32, at: Time, now: Time) {
        let at = self.ticks.round_up(at, at.since(now));
        let Some(entry) = self.table.get_mut(id) else {
            return;
        };
        let at = self.settings.deadline.map_or(at, |deadline| at.min(entry.record.at(deadline)));
        entry.record.due = at;
        if at <= now {
            self.make_ready(id, now);
            return;
        }
        entry.phase = Phase::Waiting;
        if at < self.timers.next() {
            self.wake_driver();
        }
        self.timers.set(at, id);
        let table = &self.table;
        let is_due = |at, id| {
            table.get(id).is_some_and(|entry| entry.phase == Phase::Waiting && entry.record.due == at)
        };
        self.timers.retain(table.len(), is_due);
    }

    /// Puts an operation that is due in line.
    pub(super) fn make_ready(&mut self, id: u32, now: Time) {
        let Some(entry) = self.table.get_mut(id) else {
            return;
        };
        entry.phase = Phase::Ready;
        let (item, is_listed) = (Item::new(id, entry.record.due), !entry.unlisted);
        let Some(class) = self.classes.get(entry.class as usize) else {
            return;
        };
        let (key, collection) = (class.key, class.collection.filter(|_| is_listed));
        if let Some(number) = collection {
            let collection = &mut self.collections[number];
            collection.due += 1;
            if !collection.queued && collection.is_worth_a_sweep(now) {
                collection.queued = true;
                self.keys[key].sweepable.push(number);
            }
        }
        let Self { keys, table, .. } = self;
        let ready = &mut keys[key].ready;
        ready.push(item);
        ready.retain(|item| table.get(item.id).is_some_and(|entry| entry.is_in(Phase::Ready, item)));
        self.make_busy(key);
    }

    /// A key has something to do, or may do it again.
    pub(super) fn make_busy(&mut self, key: usize) {
        let queued = self.keys.get_mut(key).map(|key| mem::replace(&mut key.queued, true));
        if queued == Some(false) {
            self.busy.push_back(key);
            self.wake_driver();
        }
    }

    /// An operation is not among those in line that a list would tell of any more.
    pub(super) fn uncount_listed(&mut self, id: u32) {
        let Some(entry) = self.table.get(id) else {
            return;
        };
        let is_listed = !entry.unlisted;
        let Some(class) = self.classes.get(entry.class as usize) else {
            return;
        };
        if let Some(collection) = class.collection.filter(|_| is_listed) {
            let collection = &mut self.collections[collection];
            collection.due = collection.due.saturating_sub(1);
        }
    }

    /// An operation leaves wherever it is.
    pub(super) fn leave_line(&mut self, id: u32) {
        if self.table.get(id).is_some_and(|entry| entry.phase == Phase::Ready) {
            self.uncount_listed(id);
            if let Some(key) = self.key_of(id) {
                self.keys[key].ready.forget();
            }
        }
    }
}
