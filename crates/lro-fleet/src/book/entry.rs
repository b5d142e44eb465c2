use std::{mem, sync::Arc, task::Waker};

use lro::{
    Any, Operation, OperationName, Report,
    rules::{Age, Rules, Trouble},
};
use slab::Slab;

use super::{
    End, Record,
    hint::Hint,
    seats::{FirstSeat, Seat},
};
use crate::{caller::drop_each, clock::Time, lanes::Item, registration::Own};

/// An operation and its watches.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: OperationName,
    pub(crate) record: Record,
    /// The waker of the first seat.
    pub(super) waker: Option<Waker>,
    /// The fields that few operations need.
    pub(crate) cold: Option<Box<Cold>>,
    pub(crate) group: u32,
    pub(crate) watches: u32,
    pub(crate) phase: Phase,
    /// Failed calls in a row.
    pub(crate) failures: u8,
    /// Whether its outcome goes to the completions.
    pub(crate) registered: bool,
    /// Whether a list does not contain it.
    pub(crate) unlisted: bool,
    /// Whether a starting call returned it.
    pub(crate) started: bool,
    /// Whether the task of the fleet holds it: a call is in flight, or its pacing runs. Until it is put back, it stays in the
    /// book.
    pub(crate) is_out: bool,
    /// From when it was last seen running, or from the begin of the wait.
    hint: Hint,
    pub(super) first_seat: FirstSeat,
}

/// The fields of an entry that few operations need.
#[derive(Debug, Default)]
pub(crate) struct Cold {
    pub(crate) trouble: Option<Trouble>,
    pub(crate) metadata: Option<Any>,
    pub(crate) end: Option<End>,
    /// The settings that replace those of the fleet.
    pub(crate) own: Option<Arc<Own>>,
    /// The tag of the registration, until its completion is taken.
    pub(crate) tag: Option<Box<str>>,
    /// The reply of the starting call, until it is judged.
    pub(crate) first: Option<Box<Operation>>,
    /// Whether the call after the one in flight is due at once.
    pub(crate) hastened: bool,
    /// The seats beside the first.
    pub(super) seats: Slab<Seat>,
}

/// The phase of an operation, which says where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Its pacing has not begun.
    New,
    /// The task of the fleet runs its pacing, without the lock.
    Judged,
    /// In the clock.
    Waiting,
    /// Due, in a line.
    Ready,
    /// A call is in flight.
    Calling,
    /// A call is in flight, and there is room for its completion.
    CallingReserved,
    /// Due, and held back until completions are taken.
    Held,
    /// Due, and covered by a list that is being read.
    Swept,
    /// The wait has ended.
    Ended,
}

impl Entry {
    pub(crate) fn new(name: OperationName, group: u32, now: Time) -> Self {
        Self {
            name,
            record: Record::begin(now),
            waker: None,
            cold: None,
            group,
            watches: 0,
            phase: Phase::New,
            failures: 0,
            registered: false,
            unlisted: false,
            started: false,
            is_out: false,
            hint: Hint::default(),
            first_seat: FirstSeat::Free,
        }
    }

    /// Returns whether it has no watch and no registration.
    pub(crate) fn is_unwanted(&self) -> bool {
        self.watches == 0 && !self.registered
    }

    /// Returns whether this item is its current place.
    pub(crate) fn is_in(&self, phase: Phase, item: Item) -> bool {
        self.phase == phase && item.is_of(self.record.due)
    }

    /// Returns its deadline: its own, or that of the fleet.
    pub(crate) fn deadline(&self, of_fleet: Option<Age>) -> Option<Age> {
        self.own().and_then(|own| own.deadline).unwrap_or(of_fleet)
    }

    /// Returns when the wait is given up if no call could be made.
    pub(crate) fn gives_up_at(&self, of_fleet: Option<Age>) -> Time {
        self.deadline(of_fleet).map_or(Time::NEVER, |deadline| self.record.at(deadline).after(Rules::GRACE))
    }

    /// Keeps the time before which the server wants no call. // SPEC 32
    pub(crate) fn set_floor(&mut self, floor: Time) {
        self.hint = Hint::new(floor.since(self.seen_at()));
    }

    /// Returns the time before which the server wants no call, somewhat later perhaps, but never later than the next call is due.
    pub(crate) fn floor(&self) -> Time {
        self.seen_at().after(self.hint.pause()).min(self.record.due)
    }

    fn seen_at(&self) -> Time {
        self.record.at(self.record.tally.running())
    }

    pub(crate) fn take_hastened(&mut self) -> bool {
        self.cold.as_mut().is_some_and(|cold| mem::take(&mut cold.hastened))
    }

    pub(crate) fn cold_mut(&mut self) -> &mut Cold {
        self.cold.get_or_insert_default()
    }

    pub(crate) fn own(&self) -> Option<&Arc<Own>> {
        self.cold.as_ref()?.own.as_ref()
    }

    /// Takes the state that [`set_state`](Self::set_state) puts back.
    pub(crate) fn take_state(&mut self) -> (Option<Trouble>, Option<Any>) {
        self.cold.as_mut().map(|cold| (cold.trouble.take(), cold.metadata.take())).unwrap_or_default()
    }

    pub(crate) fn set_state(&mut self, trouble: Option<Trouble>, metadata: Option<Any>) {
        if trouble.is_some() || metadata.is_some() || self.cold.is_some() {
            let cold = self.cold_mut();
            cold.trouble = trouble;
            cold.metadata = metadata;
            if cold.is_empty() {
                self.cold = None;
            }
        }
    }

    /// Returns the report as of its end, or as of `now`.
    pub(crate) fn report(&self, now: Time) -> Report {
        let at = if self.phase == Phase::Ended { self.record.due } else { now };
        let cold = self.cold.as_deref();
        let mut report = Report::default();
        report.name = Some(self.name.clone());
        report.polls = self.record.tally.polls;
        report.elapsed = self.record.age(at);
        report.done = cold.and_then(|cold| cold.end.as_deref()).is_some_and(Result::is_ok);
        report.last_failure = cold.and_then(|cold| cold.trouble.as_ref()?.last_failure().cloned());
        report.failed_calls = cold.and_then(|cold| cold.trouble.as_ref()).map_or(0, Trouble::failed);
        report.last_metadata = cold.and_then(|cold| cold.metadata.clone());
        report
    }
}

impl Cold {
    fn is_empty(&self) -> bool {
        let Self { trouble, metadata, end, own, tag, first, hastened, seats } = self;
        trouble.is_none()
            && metadata.is_none()
            && end.is_none()
            && own.is_none()
            && tag.is_none()
            && first.is_none()
            && !hastened
            && seats.is_empty()
    }
}

/// The sources of errors have destructors of the caller. // SPEC 61
impl Drop for Cold {
    fn drop(&mut self) {
        drop_each(ERROR, self.trouble.take());
        drop_each(ERROR, self.end.take());
        drop_each(ERROR, self.first.take());
    }
}

impl Phase {
    /// Returns whether the wait has not ended.
    pub(crate) fn is_pending(self) -> bool {
        self != Self::Ended
    }
}

const ERROR: &str = "the destructor of an error";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_takes_104_bytes() {
        assert_eq!(size_of::<Entry>(), 104);
        assert_eq!(size_of::<Cold>(), 136);
        assert_eq!(size_of::<crate::Watch<()>>(), 24);
    }
}
