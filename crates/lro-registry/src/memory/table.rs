use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound::{Excluded, Unbounded},
    time::{Duration, SystemTime},
};

use lro::Service;

use super::row::Row;
use crate::{
    Record, RecordState,
    store::{
        ClaimRequest, Claimed, DeliveryRequest, Entry, Fence, Health, ListRequest, Registered, ServiceHealth,
        Undelivered, Written,
    },
};

/// The records by key, and the keys of each queue by time.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: BTreeMap<String, Row>,
    queues: HashMap<Queue, BTreeSet<(SystemTime, String)>>,
}

/// The records that are looked for together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Queue {
    Intents,
    Pending(Service),
    SetAside,
    Finished,
    Acknowledged,
}

/// The number up to which [`Health`] counts.
const COUNTED: usize = 10_000;

/// The number of records, of those that have been due for the longest time, among which a window lies.
const DRAWN_FROM: usize = 10_000;

/// The number of records in the window from which a [random](ClaimRequest::is_random) claim draws.
const WINDOW: usize = 1_000;

impl Queue {
    pub(super) fn state(&self) -> RecordState {
        match self {
            Self::Intents => RecordState::Intent,
            Self::Pending(_) => RecordState::Pending,
            Self::SetAside => RecordState::SetAside,
            Self::Finished => RecordState::Finished,
            Self::Acknowledged => RecordState::Acknowledged,
        }
    }
}

impl Table {
    /// Returns the keys of each queue that has any.
    pub(super) fn queues(&self) -> impl Iterator<Item = (&Queue, &BTreeSet<(SystemTime, String)>)> {
        self.queues.iter()
    }

    pub(super) fn row(&self, key: &str) -> Option<&Row> {
        self.rows.get(key)
    }

    pub(super) fn register(&mut self, now: SystemTime, entry: &Entry) -> Registered {
        if let Some(row) = self.rows.get(&entry.key) {
            let record = row.read(now, false);
            let is_equal = record.fingerprint == entry.fingerprint;
            let resolves = record.state == RecordState::Intent && entry.name.is_some();
            if is_equal && resolves && entry.intent.is_none() {
                let resolved = self.change(&entry.key, |row| row.resolve_by(now, entry));
                return Registered::New(resolved.unwrap_or(record));
            }
            return if is_equal { Registered::Existing(record) } else { Registered::Conflict(record) };
        }
        let row = Row::new(now, entry);
        let record = row.read(now, false);
        self.insert(row);
        Registered::New(record)
    }

    /// Changes a record and its place in the queues. `None` if there is none.
    pub(super) fn change<T>(&mut self, key: &str, change: impl FnOnce(&mut Row) -> T) -> Option<T> {
        let mut row = self.remove(key)?;
        let result = change(&mut row);
        self.insert(row);
        Some(result)
    }

    /// Changes a record if the fence is that of its claim.
    pub(super) fn write(&mut self, fence: &Fence, write: impl FnOnce(&mut Row) -> Written) -> Written {
        if !self.rows.get(&fence.key).is_some_and(|row| row.is_held_by(fence)) {
            return Written::Fenced;
        }
        self.change(&fence.key, write).unwrap_or(Written::Fenced)
    }

    /// Removes an intent if the fence is that of its starting call.
    pub(super) fn withdraw(&mut self, fence: &Fence) -> Written {
        let is_withdrawn = self
            .rows
            .get(&fence.key)
            .is_some_and(|row| row.record.state == RecordState::Intent && row.is_held_by(fence));
        if is_withdrawn && self.forget(&fence.key) { Written::Stored } else { Written::Fenced }
    }

    pub(super) fn claim(&mut self, now: SystemTime, request: &ClaimRequest, most: usize) -> Claimed {
        let queue = Queue::Pending(request.service.clone());
        let mut claimed = Claimed::default();
        let picked =
            if request.is_random { self.at_random(&queue, now, most) } else { self.until(&queue, now, most) };
        for key in picked {
            match self.change(&key, |row| row.claim(now, request)).flatten() {
                Some(record) => claimed.records.push(record),
                None => claimed.set_aside.push(key),
            }
        }
        let next = self.queues.get(&queue).and_then(BTreeSet::first);
        claimed.next_due = next.map(|(due, _)| due.duration_since(now).unwrap_or_default());
        claimed
    }

    pub(super) fn undelivered(&mut self, now: SystemTime, request: &DeliveryRequest) -> Vec<Undelivered> {
        let keys = self.until(&Queue::Finished, now, request.most);
        keys.iter().filter_map(|key| self.change(key, |row| row.deliver(now, request)).flatten()).collect()
    }

    pub(super) fn get(&self, now: SystemTime, key: &str) -> Option<Record> {
        Some(self.rows.get(key)?.read(now, true))
    }

    pub(super) fn list(&self, now: SystemTime, request: &ListRequest) -> Vec<Record> {
        let after = request.after.as_deref().map_or(Unbounded, Excluded);
        let rows = self.rows.range::<str, _>((after, Unbounded)).map(|(_, row)| row);
        let asked_for = rows.filter(|row| {
            let record = &row.record;
            request.state.is_none_or(|state| record.state == state)
                && request.service.as_ref().is_none_or(|service| record.service == *service)
                && (!request.overdue || record.due.is_some_and(|due| due <= now))
        });
        asked_for.take(request.most).map(|row| row.read(now, request.payloads)).collect()
    }

    pub(super) fn forget(&mut self, key: &str) -> bool {
        self.remove(key).is_some()
    }

    pub(super) fn retain(&mut self, now: SystemTime, acknowledged_for: Duration, most: usize) -> usize {
        let Some(latest) = now.checked_sub(acknowledged_for) else { return 0 };
        let keys = self.until(&Queue::Acknowledged, latest, most);
        keys.iter().filter(|key| self.forget(key)).count()
    }

    pub(super) fn health(&self, now: SystemTime) -> Health {
        let mut health = Health::default();
        for (queue, keys) in &self.queues {
            let oldest = keys.first().and_then(|(time, _)| now.duration_since(*time).ok());
            let count = keys.len().min(COUNTED) as u64;
            match queue {
                Queue::Pending(service) => {
                    health.services.push(ServiceHealth::new(service.clone(), oldest));
                }
                Queue::Intents => {
                    health.unresolved_intents = self.until(queue, now, COUNTED).len() as u64;
                }
                Queue::SetAside => health.set_aside = count,
                Queue::Finished => {
                    health.undelivered = count;
                    health.undelivered_for = oldest;
                }
                Queue::Acknowledged => {}
            }
        }
        health
            .services
            .sort_by_cached_key(|it| (it.service.key().to_owned(), it.service.version().to_owned()));
        health
    }

    /// Returns the first keys of a queue, up to a time.
    fn until(&self, queue: &Queue, time: SystemTime, most: usize) -> Vec<String> {
        let keys = self.queues.get(queue).into_iter().flatten();
        keys.take_while(|(due, _)| *due <= time).take(most).map(|(_, key)| key.clone()).collect()
    }

    /// Draws keys of a queue from those that have been due for the longest time, or from those that became due last.
    fn at_random(&self, queue: &Queue, now: SystemTime, most: usize) -> Vec<String> {
        let mut keys = if fastrand::bool() {
            let mut oldest = self.until(queue, now, DRAWN_FROM);
            let skipped = fastrand::usize(..=oldest.len().saturating_sub(WINDOW));
            oldest.drain(skipped..).take(WINDOW).collect::<Vec<_>>()
        } else {
            let last = self.queues.get(queue).into_iter().flatten().rev();
            last.skip_while(|(due, _)| *due > now).take(WINDOW).map(|(_, key)| key.clone()).collect()
        };
        fastrand::shuffle(&mut keys);
        keys.sort_by_key(|key| self.rows.get(key).map(|row| row.record.failures));
        keys.truncate(most);
        keys
    }

    fn insert(&mut self, row: Row) {
        let (queue, time) = place(&row);
        let key = row.record.key.clone();
        self.queues.entry(queue).or_default().insert((time, key.clone()));
        self.rows.insert(key, row);
    }

    fn remove(&mut self, key: &str) -> Option<Row> {
        let row = self.rows.remove(key)?;
        let (queue, time) = place(&row);
        if let Some(keys) = self.queues.get_mut(&queue) {
            keys.remove(&(time, row.record.key.clone()));
            if keys.is_empty() {
                self.queues.remove(&queue);
            }
        }
        Some(row)
    }
}

/// The queue of a record, and its time there.
fn place(row: &Row) -> (Queue, SystemTime) {
    let due = row.record.due.unwrap_or(SystemTime::UNIX_EPOCH);
    match row.record.state {
        RecordState::Intent => (Queue::Intents, due),
        RecordState::Pending => (Queue::Pending(row.record.service.clone()), due),
        RecordState::SetAside => (Queue::SetAside, due),
        RecordState::Finished => (Queue::Finished, due),
        RecordState::Acknowledged => (Queue::Acknowledged, row.acknowledged.unwrap_or(due)),
    }
}
