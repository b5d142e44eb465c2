use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::store::Finished;

/// How operations finished, by number.
#[derive(Debug, Default)]
pub(super) struct History {
    last: i64,
    finished: BTreeMap<i64, Finished>,
    kinds: HashMap<String, VecDeque<i64>>,
}

/// The operations of a kind that are kept, as [`Store::finished`](crate::Store::finished) promises.
const KEPT: usize = 64;

impl History {
    pub(super) fn add(&mut self, finished: Finished) {
        self.last += 1;
        let numbers = self.kinds.entry(finished.kind.clone()).or_default();
        numbers.push_back(self.last);
        if numbers.len() > KEPT
            && let Some(oldest) = numbers.pop_front()
        {
            self.finished.remove(&oldest);
        }
        self.finished.insert(self.last, finished);
    }

    #[cfg(feature = "contract")]
    pub(super) fn go_on_from(&mut self, number: i64) {
        self.last = number;
    }

    pub(super) fn after(&self, number: i64, most: usize) -> Vec<(i64, Finished)> {
        let later = self.finished.range(number.saturating_add(1)..).take(most);
        later.map(|(number, finished)| (*number, finished.clone())).collect()
    }
}
