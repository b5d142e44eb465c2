mod seats;

use std::{
    hash::{BuildHasher, RandomState},
    mem,
    sync::Arc,
    task::Waker,
};

use hashbrown::{HashTable, hash_table::Entry as Slot};
use lro::{OperationName, Outcome, Status};
use slab::Slab;

use self::seats::{FirstSeat, Seat};
use crate::{
    by_id::ById,
    names::{NamePlace, Names},
    ready::Item,
    record::{More, Record},
};

/// The operations of a fleet, each once, found by number or by name.
///
/// An entry takes 80 bytes, a name of 60 bytes 64; the table grows without moving any.
#[derive(Debug, Default)]
pub(crate) struct Table {
    chunks: Vec<Box<[Entry]>>,
    /// The first number that was never used.
    end: u32,
    free: Vec<u32>,
    names: Names,
    by_name: HashTable<u32>,
    hasher: RandomState,
    /// How those ended whose end is not handed out yet.
    ends: ById<End>,
    /// What is known of few.
    more: ById<More>,
    /// Who else waits, beside the first.
    more_seats: ById<Slab<Seat>>,
}

/// How the wait for an operation ended.
pub(crate) type End = Arc<Result<Outcome, Status>>;

/// An operation, and who waits for it.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) record: Record,
    /// Of the first seat.
    waker: Option<Waker>,
    pub(crate) class: u32,
    pub(crate) watches: u32,
    name: NamePlace,
    pub(crate) phase: Phase,
    /// Whether its end is wanted among the completions.
    pub(crate) registered: bool,
    /// Whether its list does not tell of it.
    pub(crate) unlisted: bool,
    first_seat: FirstSeat,
}

/// Where an entry is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nowhere: the entry is free.
    #[default]
    Free,
    /// Among the timers.
    Waiting,
    /// Due, and in the line of its quota key.
    Ready,
    /// Asked about.
    Calling,
    /// Asked about, with room for its end among the completions.
    CallingReserved,
    /// Due, and not to be asked about until completions are taken.
    Held,
    /// About to be found in a list.
    Swept,
    /// Done; the end is kept.
    Ended,
}

impl Entry {
    /// Whether nobody waits for it any more.
    pub(crate) fn is_unwanted(&self) -> bool {
        self.watches == 0 && !self.registered
    }

    /// Whether it is where it was put when it became due at that time.
    pub(crate) fn is_in(&self, phase: Phase, item: Item) -> bool {
        self.phase == phase && Item::new(item.id, self.record.due) == item
    }
}

impl Phase {
    /// Whether it is waited for, and not at its end.
    pub(crate) fn is_pending(self) -> bool {
        !matches!(self, Self::Free | Self::Ended)
    }

    pub(crate) fn is_calling(self) -> bool {
        matches!(self, Self::Calling | Self::CallingReserved)
    }
}

impl Table {
    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Those that are at their end.
    pub(crate) fn ended(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, id: u32) -> Option<&Entry> {
        self.chunks.get(id as usize / CHUNK)?.get(id as usize % CHUNK)
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> Option<&mut Entry> {
        self.chunks.get_mut(id as usize / CHUNK)?.get_mut(id as usize % CHUNK)
    }

    /// All numbers that were ever used.
    pub(crate) fn ids(&self) -> std::ops::Range<u32> {
        0..self.end
    }

    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        let is_it = |id: &u32| self.name(*id) == name;
        self.by_name.find(self.hasher.hash_one(name), is_it).copied()
    }

    /// The number of an operation, and whether it is new. `None` if there is no room for another one.
    pub(crate) fn insert(&mut self, name: &OperationName) -> Option<(u32, bool)> {
        if let Some(id) = self.find(name.as_str()) {
            return Some((id, false));
        }
        let place = self.names.insert(name.as_str())?;
        let id = self.free.pop().or_else(|| self.grow())?;
        *self.get_mut(id)? = Entry { name: place, phase: Phase::Waiting, ..Entry::default() };
        let Self { by_name, hasher, chunks, names, .. } = self;
        let hash = |id: &u32| {
            let entry = &chunks[*id as usize / CHUNK][*id as usize % CHUNK];
            hasher.hash_one(names.get(entry.name))
        };
        if let Slot::Vacant(slot) = by_name.entry(hash(&id), |other| *other == id, hash) {
            slot.insert(id);
        }
        Some((id, true))
    }

    pub(crate) fn remove(&mut self, id: u32) {
        let hash = self.hasher.hash_one(self.name(id));
        if let Ok(slot) = self.by_name.find_entry(hash, |other| *other == id) {
            slot.remove();
        }
        self.ends.remove(&id);
        self.more.remove(&id);
        self.more_seats.remove(&id);
        if let Some(entry) = self.get_mut(id) {
            let place = mem::take(entry).name;
            self.names.remove(place);
            self.free.push(id);
        }
        if self.by_name.is_empty() && self.chunks.len() > 1 {
            // What was needed at the height of the load is given back.
            *self = Self { hasher: self.hasher.clone(), ..Self::default() };
        }
    }

    /// The name of an operation; empty for a free number.
    pub(crate) fn name(&self, id: u32) -> &str {
        self.get(id).map_or("", |entry| self.names.get(entry.name))
    }

    pub(crate) fn more(&self, id: u32) -> Option<&More> {
        if self.more.is_empty() { None } else { self.more.get(&id) }
    }

    pub(crate) fn take_more(&mut self, id: u32) -> Option<More> {
        if self.more.is_empty() { None } else { self.more.remove(&id) }
    }

    pub(crate) fn set_more(&mut self, id: u32, more: More) {
        self.more.insert(id, more);
    }

    pub(crate) fn end(&self, id: u32) -> Option<&End> {
        self.ends.get(&id)
    }

    pub(crate) fn set_end(&mut self, id: u32, end: Result<Outcome, Status>) {
        self.ends.insert(id, Arc::new(end));
    }

    fn grow(&mut self) -> Option<u32> {
        let id = self.end;
        self.end = id.checked_add(1)?;
        if id as usize / CHUNK >= self.chunks.len() {
            self.chunks.push((0..CHUNK).map(|_| Entry::default()).collect());
        }
        Some(id)
    }
}

const CHUNK: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    /// With the name, the waiter's own part and what the index and the timers add: 200 bytes at most.
    #[test]
    fn an_entry_takes_80_bytes() {
        assert_eq!(size_of::<Entry>(), 80);
        assert_eq!(size_of::<crate::Watch<()>>(), 24);
    }
}
