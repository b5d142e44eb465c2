//! What is held back until completions are taken.

use std::collections::HashSet;

use super::State;
use crate::{crowd::is_crowded, ready::Item, table::Phase, time::Time};

impl State {
    /// Whether there is room for completions.
    pub(super) fn has_room(&self) -> bool {
        self.room_for_completions() > 0
    }

    fn room_for_completions(&self) -> usize {
        self.settings.most_completions.saturating_sub(self.completed.len() + self.reserved)
    }

    /// Holds one back that is due, until there is room for its completion.
    pub(super) fn hold(&mut self, item: Item) {
        if let Some(entry) = self.table.get_mut(item.id) {
            entry.phase = Phase::Held;
        }
        self.held.push_back(item);
        if is_crowded(self.held.len(), self.table.len()) {
            // One that was watched for a while is there twice.
            let mut seen = HashSet::new();
            let Self { held, table, .. } = self;
            let is_held =
                |item: &Item| table.get(item.id).is_some_and(|entry| entry.is_in(Phase::Held, *item));
            held.retain(|item| is_held(item) && seen.insert(item.id));
        }
    }

    /// As many of those held back as there is room for are put in line again.
    pub(super) fn release_held(&mut self, now: Time) {
        let mut room = self.room_for_completions();
        while room > 0
            && let Some(item) = self.held.pop_front()
        {
            if self.table.get(item.id).is_some_and(|entry| entry.is_in(Phase::Held, item)) {
                self.make_ready(item.id, now);
                room -= 1;
            }
        }
    }
}
