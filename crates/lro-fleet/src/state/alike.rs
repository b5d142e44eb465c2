//! What operations have in common: the quota key, the collection, and the class of those that are alike.

use super::State;
use crate::{
    class::{Class, Tag},
    key::Key,
    pace::Pace,
    sweep::{Collection, parent_of},
    time::Time,
};

impl State {
    /// The number of a quota key.
    pub(super) fn key(&mut self, name: String, now: Time) -> usize {
        if self.keys.len() >= self.prune_at {
            self.keys.retain(|key| !key.is_idle(now));
            self.prune_at = (2 * self.keys.len()).max(PRUNE_FROM);
        }
        let rate = self.settings.rate;
        self.keys.number(name, || Key::new(rate))
    }

    /// The number of the collection that an operation is in, if it can be listed.
    pub(super) fn collection(&mut self, name: &str, key: usize) -> Option<usize> {
        let parent = parent_of(name).filter(|_| self.lists)?;
        let make = || Collection::new(parent.to_owned(), key);
        Some(self.collections.number((key, parent.to_owned()), make))
    }

    /// An operation joins those that are alike. Returns their number.
    pub(super) fn join(&mut self, tag: Tag) -> usize {
        let Self { classes, keys, collections, pacing, .. } = self;
        keys[tag.key].entries += 1;
        if let Some(collection) = tag.collection {
            collections[collection].pending += 1;
        }
        let make = || Class::new(&tag, Pace::new(pacing.pacing(&tag.kind)));
        let number = classes.number(tag.clone(), make);
        classes[number].entries += 1;
        number
    }

    /// An operation leaves those that are alike.
    pub(super) fn part(&mut self, number: usize) {
        let Some(class) = self.classes.get_mut(number) else {
            return;
        };
        class.entries -= 1;
        let (key, collection, is_last) = (class.key, class.collection, class.entries == 0);
        if is_last {
            self.classes.remove(number);
        }
        self.keys[key].entries -= 1;
        if let Some(number) = collection {
            self.collections[number].pending -= 1;
            self.forget_idle(number);
        }
    }

    pub(super) fn forget_idle(&mut self, collection: usize) {
        if self.collections[collection].is_idle() {
            self.collections.remove(collection);
        }
    }
}

/// So many quota keys are too few to be looked through.
pub(super) const PRUNE_FROM: usize = 1_024;
