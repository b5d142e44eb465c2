//! The order of a long line.

use std::{collections::HashMap, sync::Arc, time::Duration};

use lro_control::Ranking;

use super::State;
use crate::{
    book::{Entry, Phase},
    lanes::Item,
};

/// A line to be ordered by the rankings of the pacings. The task of the fleet does that without the lock.
#[derive(Debug)]
pub(crate) struct Unranked {
    pub(crate) key: usize,
    pub(crate) kinds: Vec<Arc<str>>,
    pub(crate) candidates: Vec<Candidate>,
    /// The number of items that are ranked.
    pub(crate) most: usize,
}

#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) item: Item,
    /// The index of its kind.
    pub(crate) kind: usize,
    /// The age at which the operation was last seen running.
    pub(crate) running: Duration,
    pub(crate) age: Duration,
    pub(crate) due_for: Duration,
}

impl State {
    /// Returns a line that is longer than the calls that may be made now, and whose order is old.
    pub(crate) fn unranked(&mut self) -> Option<Unranked> {
        let now = self.clock.now();
        let key = self.lanes.unranked(now)?;
        let (mut kinds, mut numbers) = (Vec::new(), HashMap::new());
        let mut candidates = Vec::new();
        for item in self.lanes.candidates(key) {
            // A page has the worth of the best operation that it covers, and has been due as long as the oldest one.
            let entry = match item {
                Item::Get { id, .. } => self.book.get(id).filter(|entry| entry.is_in(Phase::Ready, item)),
                Item::Page(number) => self.lanes.covered(number as usize).and_then(|id| self.book.get(id)),
            };
            let Some(entry) = entry else {
                continue;
            };
            let kind = *numbers.entry(entry.group).or_insert_with(|| {
                kinds.push(self.groups.get(entry.group).map(|group| group.kind.clone()).unwrap_or_default());
                kinds.len() - 1
            });
            let Entry { record, .. } = entry;
            candidates.push(Candidate {
                item,
                kind,
                running: record.tally.running(),
                age: record.age(now),
                due_for: now.since(record.due),
            });
        }
        let most = (candidates.len() / ONE_OF).max(self.settings.max_in_flight);
        Some(Unranked { key, kinds, candidates, most })
    }

    /// Orders a line. Returns the rest of the last order.
    pub(crate) fn rank(&mut self, key: usize, ranking: Ranking<Item>) -> Ranking<Item> {
        let now = self.clock.now();
        self.lanes.rank(key, ranking, now)
    }
}

/// One of this many candidates is ranked. The others follow after the next ranking.
const ONE_OF: usize = 16;
