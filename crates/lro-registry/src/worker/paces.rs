use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use lro::{
    Status,
    pacing::{CompactSchedule, Finish, Moment, Pacing, PacingByKind},
    rules::guard,
};

/// The pacings by kind. They are code of the caller, so the task of the worker runs them without a lock.
#[derive(Debug)]
pub(super) struct Paces {
    by_kind: Arc<dyn PacingByKind>,
    kinds: HashMap<String, Kind>,
}

#[derive(Clone, Debug)]
struct Kind {
    pacing: Pacing,
    /// One schedule for all operations; the position of each is in its record.
    compact: Option<Arc<dyn CompactSchedule>>,
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
        let Kind { pacing, compact } = self.kind(kind)?;
        guard(PACING, || match compact {
            Some(compact) => {
                let is_new = cursor.is_empty();
                let mut state = compact.restore(cursor);
                if is_new {
                    compact.delay(&mut state, &Moment::new(Duration::ZERO, 0));
                }
                let delay = compact.delay(&mut state, moment);
                *cursor = compact.save(&mut state);
                delay
            }
            None => pacing.resume(moment.polls.saturating_sub(1)).delay(moment),
        })
    }

    /// Reports the end of an operation to the pacing of its kind. A panic changes nothing.
    pub(super) fn finished(&mut self, kind: &str, cursor: &[u8], finish: &Finish) {
        let Ok(Kind { pacing, compact }) = self.kind(kind) else {
            return;
        };
        let _ = guard(PACING, || match compact {
            Some(compact) => compact.finished(&mut compact.restore(cursor), finish),
            None => pacing.resume(finish.polls).finished(finish),
        });
    }

    fn kind(&mut self, name: &str) -> Result<Kind, Status> {
        if self.kinds.len() >= MOST_KINDS && !self.kinds.contains_key(name) {
            self.kinds.clear();
        }
        let Self { by_kind, kinds } = self;
        Ok(match kinds.entry(name.to_owned()) {
            Entry::Occupied(kind) => kind.get().clone(),
            Entry::Vacant(place) => {
                let kind = guard(PACING, || {
                    let pacing = by_kind.pacing(name);
                    Kind { compact: pacing.compact(), pacing }
                })?;
                place.insert(kind).clone()
            }
        })
    }
}

const PACING: &str = "the pacing";
/// A program that makes a kind of every name must not fill the memory. A kind takes some kilobytes at most.
const MOST_KINDS: usize = 1_024;
