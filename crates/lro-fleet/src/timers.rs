use std::collections::{BTreeMap, HashSet, VecDeque};

use crate::{crowd::is_crowded, time::Time};

/// Which entries are to be looked at when. Due times lie on ticks, so there are far fewer moments than entries.
///
/// What is forgotten stays here until its time, or until [`retain`](Self::retain): whoever takes it looks whether it
/// still is due.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    at: BTreeMap<Time, Vec<u32>>,
    len: usize,
}

/// When operations are given up: all have the same deadline, so those that began first come first.
///
/// What has ended stays here until its time, or until [`retain`](Self::retain).
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    line: VecDeque<(Time, u32)>,
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

    /// Takes the entries of the earliest moment, if that has come.
    pub(crate) fn take(&mut self, now: Time) -> Option<(Time, Vec<u32>)> {
        let earliest = self.at.first_entry().filter(|earliest| *earliest.key() <= now)?;
        let (at, ids) = earliest.remove_entry();
        self.len -= ids.len();
        Some((at, ids))
    }

    /// Forgets those for which it does not hold, if there are far more than `live` of them.
    pub(crate) fn retain(&mut self, live: usize, holds: impl Fn(Time, u32) -> bool) {
        if !is_crowded(self.len, live) {
            return;
        }
        // One that was forgotten and came back with the same due time is there twice.
        let mut seen = HashSet::new();
        self.at.retain(|at, ids| {
            ids.retain(|id| holds(*at, *id) && seen.insert(*id));
            !ids.is_empty()
        });
        self.len = self.at.values().map(Vec::len).sum();
    }
}

impl Deadlines {
    /// Adds an operation that began later than those before.
    pub(crate) fn set(&mut self, at: Time, id: u32) {
        if at != Time::NEVER {
            self.line.push_back((at, id));
        }
    }

    pub(crate) fn next(&self) -> Time {
        self.line.front().map_or(Time::NEVER, |(at, _)| *at)
    }

    /// Takes the earliest, if its time has come.
    pub(crate) fn take(&mut self, now: Time) -> Option<(Time, u32)> {
        if self.next() > now { None } else { self.line.pop_front() }
    }

    /// Forgets those for which it does not hold, if there are far more than `live` of them.
    pub(crate) fn retain(&mut self, live: usize, holds: impl Fn(Time, u32) -> bool) {
        if is_crowded(self.line.len(), live) {
            let mut seen = HashSet::new();
            self.line.retain(|(at, id)| holds(*at, *id) && seen.insert(*id));
            self.line.shrink_to_fit();
        }
    }
}
