//! When operations are due, and when the wait for them is given up.

mod crowd;
mod tick;
mod time;
mod timers;

use std::time::Duration;

pub(crate) use self::{
    crowd::is_crowded,
    time::{Source, Time},
};
use self::{
    tick::Ticks,
    timers::{GiveUps, Timers},
};

/// The due times of the operations that wait, and the deadlines of all.
///
/// Deletion is lazy: an entry stays until its time, or until there are far more entries than operations. Callers must check that an
/// entry is still current.
#[derive(Debug)]
pub(crate) struct Clock {
    source: Source,
    ticks: Ticks,
    timers: Timers,
    give_ups: GiveUps,
}

impl Clock {
    /// Creates a clock. `chance` is uniform in `0.0..1.0`.
    pub(crate) fn new(source: Source, tick: Duration, chance: f64) -> Self {
        Self {
            source,
            ticks: Ticks::new(tick, chance),
            timers: Timers::default(),
            give_ups: GiveUps::default(),
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.source.now()
    }

    /// Returns the tick for a due time that was set at `now`.
    pub(crate) fn tick(&self, at: Time, now: Time) -> Time {
        self.ticks.round_up(at, at.since(now))
    }

    /// Sets when an operation is due. Returns whether that is earlier than all other entries.
    pub(crate) fn set_due(&mut self, at: Time, id: u32) -> bool {
        let is_earliest = at < self.timers.next();
        self.timers.set(at, id);
        is_earliest
    }

    /// Sets when the wait for an operation is given up. Returns whether that is earlier than all other entries.
    pub(crate) fn set_give_up(&mut self, at: Time, id: u32) -> bool {
        let is_earliest = at < self.give_ups.next();
        self.give_ups.set(at, id);
        is_earliest
    }

    /// Takes the operations of the earliest due time, if it has come.
    pub(crate) fn take_due(&mut self, now: Time) -> Option<(Time, Vec<u32>)> {
        self.timers.take(now)
    }

    /// Takes the operation with the earliest deadline, if it has passed.
    pub(crate) fn take_give_up(&mut self, now: Time) -> Option<(Time, u32)> {
        self.give_ups.take(now)
    }

    /// Returns the time of the earliest entry.
    pub(crate) fn next(&self) -> Time {
        self.timers.next().min(self.give_ups.next())
    }

    /// Drops the due times that are not current, if there are far more entries than `live`.
    pub(crate) fn prune_due(&mut self, live: usize, holds: impl Fn(Time, u32) -> bool) {
        self.timers.retain(live, holds);
    }

    /// Drops the deadlines that are not current, if there are far more entries than `live`.
    pub(crate) fn prune_give_ups(&mut self, live: usize, holds: impl Fn(Time, u32) -> bool) {
        self.give_ups.retain(live, holds);
    }
}
