use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use lro::{
    Status,
    pacing::{Finish, Moment, PacingByKind, StoredSchedule},
    rules::guard,
};

/// The pacings by kind. They are code of the caller, so the task of the worker runs them without a lock.
#[derive(Debug)]
pub(super) struct Paces {
    by_kind: Arc<dyn PacingByKind>,
    kinds: HashMap<String, StoredSchedule>,
}

impl Paces {
    pub(super) fn new(by_kind: Arc<dyn PacingByKind>) -> Self {
        Self { by_kind, kinds: HashMap::new() }
    }

    /// Returns the delay to the next poll, `None` to give up. `cursor` is the stored position, which changes.
    ///
    /// # Errors
    ///
    /// As [`guard`]: the pacing may panic.
    pub(super) fn delay(
        &mut self,
        kind: &str,
        cursor: &mut Vec<u8>,
        moment: &Moment,
    ) -> Result<Option<Duration>, Status> {
        let schedule = self.kind(kind)?;
        guard(PACING, || schedule.delay(cursor, moment))
    }

    /// Reports the end of an operation to the pacing of its kind. A panic changes nothing.
    pub(super) fn finished(&mut self, kind: &str, cursor: &[u8], finish: &Finish) {
        if let Ok(schedule) = self.kind(kind) {
            let _ = guard(PACING, || schedule.finished(cursor, finish));
        }
    }

    fn kind(&mut self, name: &str) -> Result<StoredSchedule, Status> {
        if self.kinds.len() >= MOST_KINDS && !self.kinds.contains_key(name) {
            self.kinds.clear();
        }
        let Self { by_kind, kinds } = self;
        Ok(match kinds.entry(name.to_owned()) {
            Entry::Occupied(kind) => kind.get().clone(),
            Entry::Vacant(place) => place.insert(guard(PACING, || by_kind.pacing(name).stored())?).clone(),
        })
    }
}

const PACING: &str = "the pacing";
/// A program that makes a kind of every name must not fill the memory. A kind takes some kilobytes at most.
const MOST_KINDS: usize = 1_024;
