//! The verdict by the journal: what was lost, changed or delivered twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::journal::{Event, Line};

/// The counts of a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The operations whose registration was acknowledged.
    pub registered: usize,
    /// The operations whose outcome was delivered.
    pub delivered: usize,
    /// The deliveries beyond the first of an outcome.
    pub duplicates: usize,
    /// The keys that were registered and not delivered.
    pub lost: Vec<String>,
    /// The keys with several outcomes, or with one that is not theirs.
    pub changed: Vec<String>,
}

impl Verdict {
    /// Reads the journal. `is_right` returns whether an outcome is the one of its key.
    pub fn of(lines: &[Line], is_right: impl Fn(&str, &str) -> bool) -> Self {
        let (mut registered, mut outcomes) = (BTreeSet::new(), BTreeMap::<_, BTreeSet<_>>::new());
        let mut deliveries = 0;
        for line in lines {
            match line.event {
                Event::Registered => drop(registered.insert(&line.key)),
                Event::Delivered => {
                    deliveries += 1;
                    outcomes.entry(&line.key).or_default().insert(&line.outcome);
                }
                Event::Started | Event::Existed => {}
            }
        }
        let lost = registered.iter().filter(|key| !outcomes.contains_key(**key));
        let changed = outcomes.iter().filter(|(key, outcomes)| {
            outcomes.len() != 1 || !outcomes.iter().all(|outcome| is_right(key, outcome))
        });
        Self {
            registered: registered.len(),
            delivered: outcomes.len(),
            duplicates: deliveries - outcomes.len(),
            lost: lost.map(ToString::to_string).collect(),
            changed: changed.map(|(key, _)| key.to_string()).collect(),
        }
    }

    /// Returns whether nothing was lost and nothing changed.
    pub fn is_clean(&self) -> bool {
        self.lost.is_empty() && self.changed.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { registered, delivered, duplicates, lost, changed } = self;
        let (lost, changed) = (lost.len(), changed.len());
        write!(
            f,
            "{registered} registered, {delivered} delivered, {duplicates} duplicates, {lost} lost, {changed} changed"
        )
    }
}
