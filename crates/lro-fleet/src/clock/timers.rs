use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashSet},
};

use super::{Time, is_crowded};

/// When operations are due. Due times lie on ticks, so there are far fewer points in time than operations.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    at: BTreeMap<Time, Vec<u32>>,
    len: usize,
}

/// When the waits for operations are given up.
#[derive(Debug, Default)]
pub(crate) struct GiveUps {
    heap: BinaryHeap<Reverse<(Time, u32)>>,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Time, id: u32) {
        if at != Time::NEVER {
            self.at.entry(at).or_default().push(id);
            self.len += 1;
        }
    }

    pub(crate) fn next(&self) -> Time {
        self.at.first_key_value().map_or(Time::NEVER, |(at, _)| *at)
    }

    pub(crate) fn take(&mut self, now: Time) -> Option<(Time, Vec<u32>)> {
        let earliest = self.at.first_entry().filter(|earliest| *earliest.key() <= now)?;
        let (at, ids) = earliest.remove_entry();
        self.len -= ids.len();
        Some((at, ids))
    }

    pub(crate) fn retain(&mut self, live: usize, holds: impl Fn(Time, u32) -> bool) {
        if !is_crowded(self.len, live) {
            return;
        }
        // An operation that left and came back with the same due time is there twice.
        let mut seen = HashSet::new();
        self.at.retain(|at, ids| {
            ids.retain(|id| holds(*at, *id) && seen.insert(*id));
            !ids.is_empty()
        });
        self.len = self.at.values().map(Vec::len).sum();
    }
}

impl GiveUps {
    pub(crate) fn set(&mut self, at: Time, id: u32) {
        if at != Time::NEVER {
            self.heap.push(Reverse((at, id)));
        }
    }

    pub(crate) fn next(&self) -> Time {
        self.heap.peek().map_or(Time::NEVER, |Reverse((at, _))| *at)
    }

    pub(crate) fn take(&mut self, now: Time) -> Option<(Time, u32)> {
        if self.next() > now {
            return None;
        }
        self.heap.pop().map(|Reverse(first)| first)
    }

    pub(crate) fn retain(&mut self, live: usize, holds: impl Fn(Time, u32) -> bool) {
        if is_crowded(self.heap.len(), live) {
            let mut seen = HashSet::new();
            self.heap.retain(|Reverse((at, id))| holds(*at, *id) && seen.insert(*id));
            self.heap.shrink_to_fit();
        }
    }
}
