use std::collections::HashMap;

use crate::{pace::Pace, time::Time};

/// Operations that are alike: of one kind, under one quota, in one collection.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) pace: Pace,
    /// The number of its quota key.
    pub(crate) key: usize,
    /// The number of its collection, if it can be listed.
    pub(crate) collection: Option<usize>,
    tag: Tag,
    entries: usize,
}

/// What makes operations alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tag {
    pub(crate) kind: String,
    pub(crate) key: usize,
    pub(crate) collection: Option<usize>,
}

/// The classes that have entries.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    all: Vec<Option<Class>>,
    by_tag: HashMap<Tag, u32>,
}

impl Classes {
    pub(crate) fn get(&self, number: u32) -> Option<&Class> {
        self.all.get(number as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut Class> {
        self.all.get_mut(number as usize)?.as_mut()
    }

    /// Takes note of what was learned since the last time.
    pub(crate) fn look(&mut self, now: Time) {
        self.all.iter_mut().flatten().for_each(|class| class.pace.look(now));
    }

    /// Adds an entry to the class of this tag. Returns its number.
    pub(crate) fn join(&mut self, tag: Tag, pace: impl FnOnce(&Tag) -> Pace) -> u32 {
        let number = match self.by_tag.get(&tag) {
            Some(number) => *number,
            None => {
                let class = Class {
                    pace: pace(&tag),
                    key: tag.key,
                    collection: tag.collection,
                    tag: tag.clone(),
                    entries: 0,
                };
                let free = self.all.iter().position(Option::is_none).unwrap_or(self.all.len());
                if free == self.all.len() {
                    self.all.push(None);
                }
                self.all[free] = Some(class);
                self.by_tag.insert(tag, free as u32);
                free as u32
            }
        };
        if let Some(class) = self.get_mut(number) {
            class.entries += 1;
        }
        number
    }

    /// Takes an entry from its class, which goes with its last.
    pub(crate) fn leave(&mut self, number: u32) {
        let Some(class) = self.get_mut(number) else {
            return;
        };
        class.entries = class.entries.saturating_sub(1);
        if class.entries == 0
            && let Some(class) = self.all.get_mut(number as usize).and_then(Option::take)
        {
            self.by_tag.remove(&class.tag);
        }
    }
}
