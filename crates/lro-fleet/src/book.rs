//! The table of operations: their state, their watches, and how their waits ended.

mod entry;
mod group;
mod hint;
mod numbers;
mod record;
mod seats;

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use hashbrown::{HashTable, hash_table::Entry as Slot};
use lro::{Outcome, Status};
use slab::Slab;

use self::numbers::Numbers;
pub(crate) use self::{
    entry::{Entry, Phase},
    group::{Group, Groups},
    record::{Record, Span},
};
use crate::{clock::Time, lanes::Item};

/// The operations of a fleet, by number and by name.
///
/// - The number of an entry does not change. It is reused after the entry is removed.
/// - A new watch of a name joins its entry. A name has at most one such entry. An entry that is [detached](Self::detach) stays until
///   its last watch is dropped.
#[derive(Debug, Default)]
pub(crate) struct Book {
    entries: Slab<Entry>,
    by_name: HashTable<u32>,
    hasher: RandomState,
    /// The entries whose wait has ended.
    ended: usize,
    /// The entries whose wait has not ended.
    pending: Numbers,
}

/// How the wait for an operation ended.
pub(crate) type End = Arc<Result<Outcome, Status>>;

impl Book {
    /// Returns the number of operations that the fleet waits for.
    pub(crate) fn pending(&self) -> usize {
        self.entries.len() - self.ended
    }

    /// Returns the number of all entries.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn get(&self, id: u32) -> Option<&Entry> {
        self.entries.get(id as usize)
    }

    /// Returns whether this item is the current place of an operation.
    pub(crate) fn is_in(&self, id: u32, phase: Phase, item: Item) -> bool {
        self.get(id).is_some_and(|entry| entry.is_in(phase, item))
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> Option<&mut Entry> {
        self.entries.get_mut(id as usize)
    }

    /// Calls `visit` with up to `most` operations that the fleet waits for, from a number on. Returns the number to continue from,
    /// `None` after the last.
    ///
    /// Numbers that are not in use are skipped at almost no cost, at most a million of them in a call.
    pub(crate) fn visit(&self, from: u32, most: usize, mut visit: impl FnMut(u32, &Entry)) -> Option<u32> {
        self.pending.visit(from, most, |id| {
            if let Some(entry) = self.get(id) {
                visit(id, entry);
            }
        })
    }

    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        let is_it =
            |id: &u32| self.entries.get(*id as usize).is_some_and(|entry| entry.name.as_str() == name);
        self.by_name.find(self.hasher.hash_one(name), is_it).copied()
    }

    /// Adds an operation that [`find`](Self::find) does not find. Returns its number, or the entry if all numbers are in use.
    pub(crate) fn add(&mut self, entry: Entry) -> Result<u32, Entry> {
        let Some(id) = u32::try_from(self.entries.vacant_key()).ok().filter(|id| *id < u32::MAX) else {
            return Err(entry);
        };
        self.entries.insert(entry);
        self.pending.insert(id);
        let Self { entries, by_name, hasher, .. } = self;
        let hash = |id: &u32| hash(hasher, entries, *id);
        if let Slot::Vacant(slot) = by_name.entry(hash(&id), |other| *other == id, hash) {
            slot.insert(id);
        }
        Ok(id)
    }

    /// Removes the name of an entry from the index, so that the next watch of the name begins a new wait.
    pub(crate) fn detach(&mut self, id: u32) {
        let hash = hash(&self.hasher, &self.entries, id);
        if let Ok(slot) = self.by_name.find_entry(hash, |other| *other == id) {
            slot.remove();
        }
    }

    /// Removes an entry.
    pub(crate) fn remove(&mut self, id: u32) -> Option<Entry> {
        self.detach(id);
        let entry = self.entries.try_remove(id as usize)?;
        self.pending.remove(id);
        self.ended -= usize::from(entry.phase == Phase::Ended);
        if self.entries.is_empty() {
            // Frees the memory of the highest load.
            *self = Self { hasher: self.hasher.clone(), ..Self::default() };
        }
        Some(entry)
    }

    /// Ends the wait for an operation at `now`.
    pub(crate) fn conclude(&mut self, id: u32, end: End, now: Time) {
        let Some(entry) = self.entries.get_mut(id as usize) else {
            return;
        };
        self.ended += usize::from(entry.phase != Phase::Ended);
        entry.phase = Phase::Ended;
        self.pending.remove(id);
        entry.record.due = now;
        entry.cold_mut().end = Some(end);
    }

    /// Returns how the wait for an operation ended, if it has.
    pub(crate) fn end(&self, id: u32) -> Option<&End> {
        self.get(id)?.cold.as_ref()?.end.as_ref()
    }
}

fn hash(hasher: &RandomState, entries: &Slab<Entry>, id: u32) -> u64 {
    hasher.hash_one(entries.get(id as usize).map_or("", |entry| entry.name.as_str()))
}
