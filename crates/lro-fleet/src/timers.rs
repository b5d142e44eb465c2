use std::collections::BTreeMap;

use crate::time::Time;

/// Which entries are to be looked at when. Due times lie on ticks, so there are far fewer moments than entries.
///
/// What is forgotten stays here until its time: whoever takes it looks whether it still is due.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    at: BTreeMap<Time, Vec<u32>>,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Time, id: u32) {
        if at != Time::NEVER {
            self.at.entry(at).or_default().push(id);
        }
    }

    pub(crate) fn next(&self) -> Time {
        self.at.first_key_value().map_or(Time::NEVER, |(at, _)| *at)
    }

    /// Takes the entries of the earliest moment, if that has come.
    pub(crate) fn take(&mut self, now: Time) -> Option<(Time, Vec<u32>)> {
        let earliest = self.at.first_entry().filter(|earliest| *earliest.key() <= now)?;
        Some(earliest.remove_entry())
    }
}
