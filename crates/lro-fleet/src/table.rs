use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    mem,
    sync::Arc,
    task::Waker,
};

use hashbrown::{HashTable, hash_table::Entry as Slot};
use lro::{OperationName, Outcome, Status};
use slab::Slab;

use crate::{
    names::{NamePlace, Names},
    ready::Item,
    record::Record,
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
    ends: HashMap<u32, End>,
    /// Who else waits, beside the first.
    more_seats: HashMap<u32, Slab<Seat>>,
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

/// Who waits for an operation first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum FirstSeat {
    #[default]
    Free,
    /// For its end.
    Awaits,
    /// For each reply.
    Streams,
}

/// Who waits for an operation beside the first.
#[derive(Debug, Default)]
struct Seat {
    waker: Option<Waker>,
    streams: bool,
}

impl Entry {
    /// Whether it is where it was put when it became due at that time.
    pub(crate) fn is_in(&self, phase: Phase, item: Item) -> bool {
        self.phase == phase && self.record.due == item.due
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

    pub(crate) fn end(&self, id: u32) -> Option<&End> {
        self.ends.get(&id)
    }

    pub(crate) fn set_end(&mut self, id: u32, end: Result<Outcome, Status>) {
        self.ends.insert(id, Arc::new(end));
    }

    /// A seat for one more who waits.
    pub(crate) fn sit(&mut self, id: u32) -> u32 {
        let Some(entry) = self.get_mut(id) else {
            return 0;
        };
        entry.watches += 1;
        if entry.first_seat == FirstSeat::Free {
            entry.first_seat = FirstSeat::Awaits;
            return 0;
        }
        self.more_seats.entry(id).or_default().insert(Seat::default()) as u32 + 1
    }

    /// Gives a seat back. Returns how many are left, and the waker that was kept for it.
    pub(crate) fn rise(&mut self, id: u32, seat: u32) -> (u32, Option<Waker>) {
        let Some(entry) = self.get_mut(id) else {
            return (0, None);
        };
        entry.watches = entry.watches.saturating_sub(1);
        let left = entry.watches;
        if seat == 0 {
            entry.first_seat = FirstSeat::Free;
            return (left, entry.waker.take());
        }
        let Some(seats) = self.more_seats.get_mut(&id) else {
            return (left, None);
        };
        let seat = seats.try_remove(seat as usize - 1);
        if seats.is_empty() {
            self.more_seats.remove(&id);
        }
        (left, seat.and_then(|seat| seat.waker))
    }

    /// Keeps whom to wake at the end, and at each reply if that is wanted. Returns the waker that was kept before, if it is
    /// another one.
    pub(crate) fn keep_waker(&mut self, id: u32, seat: u32, waker: &Waker, streams: bool) -> Option<Waker> {
        let keep = |kept: &mut Option<Waker>| match kept {
            Some(kept) if kept.will_wake(waker) => None,
            kept => kept.replace(waker.clone()),
        };
        if seat > 0 {
            let seats = self.more_seats.get_mut(&id);
            if let Some(seat) = seats.and_then(|seats| seats.get_mut(seat as usize - 1)) {
                seat.streams = streams;
                return keep(&mut seat.waker);
            }
        } else if let Some(entry) = self.get_mut(id) {
            entry.first_seat = if streams { FirstSeat::Streams } else { FirstSeat::Awaits };
            return keep(&mut entry.waker);
        }
        None
    }

    /// Takes those to wake: all at the end, else those who are to be told of each reply.
    pub(crate) fn take_wakers(&mut self, id: u32, at_end: bool, woken: &mut Vec<Waker>) {
        if let Some(entry) = self.get_mut(id)
            && (at_end || entry.first_seat == FirstSeat::Streams)
        {
            woken.extend(entry.waker.take());
        }
        if let Some(seats) = self.more_seats.get_mut(&id) {
            let seats = seats.iter_mut().filter(|(_, seat)| at_end || seat.streams);
            woken.extend(seats.filter_map(|(_, seat)| seat.waker.take()));
        }
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

    /// With the name, the waiter's own part and what the index and the timers add: 192 bytes at most.
    #[test]
    fn an_entry_takes_80_bytes() {
        assert_eq!(size_of::<Entry>(), 80);
        assert_eq!(size_of::<crate::Watch<()>>(), 24);
    }
}
