use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use crate::{crowd::is_crowded, time::Time};

/// The operations of one quota key that are due, when there are more of them than may be asked about.
///
/// Those whose end is likeliest come first, and every sixteenth is the one that has been due for the longest: so each
/// is asked about after at most sixteen times as many calls as there are operations.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    /// In the order in which they became due. Some may have been taken meanwhile.
    line: VecDeque<Item>,
    /// The likeliest of the line as of the last time that all were looked at; the last is the best.
    best: Vec<Item>,
    /// When all are to be looked at again.
    stale_at: Time,
    waiting: usize,
    turn: u32,
}

/// An entry that became due at a time; by both it is told from a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) id: u32,
    /// The lower half of the time, in microseconds.
    due: u32,
}

impl Item {
    pub(crate) fn new(id: u32, due: Time) -> Self {
        Self { id, due: due.micros() as u32 }
    }
}

impl Ready {
    /// How many are waiting.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(crate) fn push(&mut self, item: Item) {
        self.line.push_back(item);
        self.waiting += 1;
    }

    /// Forgets those for which it does not hold, if there are far more than are waiting.
    pub(crate) fn retain(&mut self, holds: impl Fn(Item) -> bool) {
        if is_crowded(self.line.len(), self.waiting) {
            // One that was forgotten and came back at the same moment is there twice.
            let mut seen = HashSet::new();
            self.line.retain(|item| holds(*item) && seen.insert(item.id));
            self.best.retain(|item| seen.contains(&item.id));
        }
    }

    /// One of those waiting was taken by another way.
    pub(crate) fn forget(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
        if self.waiting == 0 {
            self.clear();
        }
    }

    /// Takes the next one. `worth` tells in seconds what it is worth to ask about one now, or `None` if it is not waiting
    /// any more; `room` is how many can be asked about now. Unless it `ranks` they go in their order.
    pub(crate) fn take(
        &mut self,
        now: Time,
        room: usize,
        ranks: bool,
        worth: impl Fn(Item) -> Option<f64>,
    ) -> Option<Item> {
        let item = if ranks && self.waiting > room {
            self.turn = self.turn.wrapping_add(1);
            let longest_due = self.turn.is_multiple_of(FAIRNESS);
            if longest_due { None } else { self.take_best(now, room, &worth) }
        } else {
            None
        };
        let item = item.or_else(|| self.take_first(&worth));
        match item {
            Some(_) => self.forget(),
            None => self.clear(),
        }
        item
    }

    /// All in the order in which they became due, and some that are not waiting any more.
    pub(crate) fn line(&self) -> impl Iterator<Item = Item> + '_ {
        self.line.iter().copied()
    }

    fn take_first(&mut self, worth: &impl Fn(Item) -> Option<f64>) -> Option<Item> {
        while let Some(item) = self.line.pop_front() {
            if worth(item).is_some() {
                return Some(item);
            }
        }
        None
    }

    fn take_best(&mut self, now: Time, room: usize, worth: &impl Fn(Item) -> Option<f64>) -> Option<Item> {
        for _ in 0..2 {
            if now < self.stale_at {
                while let Some(item) = self.best.pop() {
                    if worth(item).is_some() {
                        return Some(item);
                    }
                }
            }
            self.look(now, room, worth);
        }
        None
    }

    /// Finds the best of the line, and forgets those that were taken.
    fn look(&mut self, now: Time, room: usize, worth: &impl Fn(Item) -> Option<f64>) {
        let mut ranked: Vec<(f64, usize, Item)> = Vec::with_capacity(self.line.len());
        self.line.retain(|item| {
            worth(*item).inspect(|worth| ranked.push((*worth, ranked.len(), *item))).is_some()
        });
        let most = room.max(ranked.len() / AT_ONCE).max(1);
        if most < ranked.len() {
            ranked.select_nth_unstable_by(most - 1, |one, other| other.0.total_cmp(&one.0));
            ranked.truncate(most);
        }
        // Equals in their order; the last is taken first.
        ranked.sort_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1)));
        self.best.clear();
        self.best.extend(ranked.iter().map(|(_, _, item)| *item));
        self.stale_at = now.after(LOOK_AGAIN + LOOK_AGAIN_FOR_EACH * self.line.len() as u32);
    }

    fn clear(&mut self) {
        let turn = self.turn;
        *self = Self { turn, ..Self::default() };
    }
}

/// A look finds the best of the line, one of so many.
const AT_ONCE: usize = 16;
/// From one look to the next, and how much later for each in line: a look takes some 50 ns for each, so half a percent of
/// the time at most.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
const LOOK_AGAIN_FOR_EACH: Duration = Duration::from_micros(10);
/// Of so many calls one goes to the operation that has been due for the longest.
const FAIRNESS: u32 = 16;
