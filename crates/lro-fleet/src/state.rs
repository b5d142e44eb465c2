//! The state and the decisions of a fleet. This module does not sleep, makes no call, and runs no code of the caller.
//!
//! ```text
//! watch, register ─> New ──take_out──> Judged ──put_back──> Waiting ──due──> Ready ──next──> Calling ──take_out──> Judged
//!                                        └─> Ended         (clock)          (lanes)  ├─> Held   (desk: no room)
//!                                                                                    └─> Swept  (a list covers it)
//! ```
//!
//! The task of the fleet takes operations out, runs the caller's pacing and predicates without the lock, and puts the operations
//! back. If all watches of an operation are dropped meanwhile, `put_back` removes it.

mod close;
mod decide;
mod due;
mod enter;
mod listed;
mod rank;

use std::{collections::VecDeque, mem, sync::Arc, task::Waker, time::Duration};

use lro::{Handle, OperationName, Report, pacing::Finish};

pub(crate) use self::{
    decide::{Case, Kept, Question, Subject, Verdict},
    due::{Ask, GivenUp, Target},
    enter::{News, Wanted},
    rank::Unranked,
};
#[cfg(feature = "metrics")]
use crate::published::Load;
use crate::{
    book::{Book, End, Entry, Groups, Phase},
    builder::Settings,
    clock::{Clock, Source, Time},
    completions::Taken,
    desk::Desk,
    driver::Gone,
    lanes::{Lanes, Sent},
    metrics::Metrics,
    pending::Pending,
    published::{Notes, Publisher},
    quota_key::QuotaKey,
};

pub(crate) struct State {
    settings: Arc<Settings>,
    book: Book,
    groups: Groups,
    clock: Clock,
    lanes: Lanes,
    desk: Desk,
    metrics: Metrics,
    /// The metrics to publish without the lock.
    notes: Notes,
    traced_at: Time,
    paused: bool,
    life: Life,
    /// The handles that a shutdown returns.
    handles: Vec<Handle>,
    /// The number from which the shutdown continues.
    close_from: u32,
    /// The operations whose pacing is to begin.
    fresh: VecDeque<u32>,
    /// The operations whose pacing is to end.
    gone: Vec<Gone>,
    given_up: Vec<GivenUp>,
    /// The waker of the task of the fleet.
    driver: Option<Waker>,
    /// Wakers to wake and to drop without the lock, because they are code of the caller.
    woken: Vec<Waker>,
    discarded: Vec<Waker>,
    /// Values to drop without the lock: settings, errors and their sources have destructors of the caller.
    litter: Vec<Box<dyn Send>>,
}

/// Work that is done after the lock is released, because it runs code of the caller.
pub(crate) struct Leftovers {
    pub(crate) woken: Vec<Waker>,
    pub(crate) discarded: Vec<Waker>,
    pub(crate) litter: Vec<Box<dyn Send>>,
}

/// The stages of a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Open,
    /// It makes no more calls. Those in flight end.
    Closing,
    /// All waits have ended.
    Closed,
}

impl State {
    pub(crate) fn new(settings: Arc<Settings>, lists: bool, source: Source) -> Self {
        let mut chance = settings.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Self {
            book: Book::default(),
            groups: Groups::default(),
            clock: Clock::new(source, settings.tick, chance.f64()),
            lanes: Lanes::new(settings.rate, settings.max_in_flight, lists && settings.sweeps, chance),
            desk: Desk::new(settings.most_completions),
            settings,
            metrics: Metrics::default(),
            notes: Notes::default(),
            traced_at: Time::default(),
            paused: false,
            life: Life::Open,
            handles: Vec::new(),
            close_from: 0,
            fresh: VecDeque::new(),
            gone: Vec::new(),
            given_up: Vec::new(),
            driver: None,
            woken: Vec::new(),
            discarded: Vec::new(),
            litter: Vec::new(),
        }
    }

    /// Takes the work that is done after the lock is released.
    pub(crate) fn take_leftovers(&mut self) -> Leftovers {
        Leftovers {
            woken: mem::take(&mut self.woken),
            discarded: mem::take(&mut self.discarded),
            litter: mem::take(&mut self.litter),
        }
    }

    /// Drops a waker without the lock.
    pub(crate) fn discard(&mut self, waker: Waker) {
        self.discarded.push(waker);
    }

    /// Stores the waker of the task of the fleet, for the next change.
    pub(crate) fn set_driver(&mut self, waker: Waker) {
        self.discarded.extend(self.driver.replace(waker));
    }

    fn wake_driver(&mut self) {
        self.woken.extend(self.driver.take());
    }

    fn wake_listeners(&mut self) {
        self.woken.extend(self.desk.take_listeners());
    }

    /// Returns a call that hangs and is to be cut. Otherwise returns when to check again.
    ///
    /// `sent_at` returns when a call was sent, `None` if it was not.
    pub(crate) fn hanging(
        &mut self,
        now: Time,
        sent_at: impl Fn(&Sent) -> Option<Time>,
    ) -> Result<Sent, Time> {
        if self.makes_calls() { self.lanes.hanging(now, sent_at) } else { Err(Time::NEVER) }
    }

    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    pub(crate) fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
        self.wake_driver();
    }

    fn makes_calls(&self) -> bool {
        !self.paused && self.life == Life::Open
    }

    pub(crate) fn metrics(&self) -> Metrics {
        Metrics {
            in_flight: self.lanes.in_flight(),
            pending: self.book.pending(),
            due: self.lanes.due() + self.desk.held(),
            held: self.desk.held(),
            ..self.metrics.clone()
        }
    }

    /// Adds up to `most` operations that are pending, from a number on. Returns the number to continue from.
    pub(crate) fn pending(&self, from: u32, most: usize, into: &mut Vec<Pending>) -> Option<u32> {
        let now = self.clock.now();
        self.book.visit(from, most, |_, entry| into.push(self.describe(entry, now)))
    }

    /// Visits the quota keys, as [`Lanes::quota_keys`] does.
    pub(crate) fn quota_keys(
        &self,
        from: usize,
        most: usize,
        visit: impl FnMut(&str, QuotaKey),
    ) -> Option<usize> {
        self.lanes.quota_keys(from, most, visit)
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn load(&self) -> Load {
        let (pending, in_flight) = (self.book.pending(), self.lanes.in_flight());
        Load { pending, in_flight, held: self.desk.held() }
    }

    /// Gives the recorded metrics to the publisher.
    pub(crate) fn hand_over(&mut self, publisher: &mut Publisher) {
        publisher.take(&mut self.notes);
    }

    /// Records the end of a wait, to be published. `delay` is the time from the end of the operation until it was noticed.
    fn note_end(&mut self, id: u32, end: &End, delay: Option<Duration>, now: Time) {
        let Some(entry) = self.book.get(id) else {
            return;
        };
        if let Some(group) = self.groups.get(entry.group) {
            self.notes.ended(&group.kind, end, entry.record.age(now), delay);
        }
    }

    fn describe(&self, entry: &Entry, now: Time) -> Pending {
        let kind = self.groups.get(entry.group).map(|group| group.kind.clone());
        Pending::of(entry, kind.unwrap_or_default(), now)
    }

    /// Returns the parts of the last snapshot of an operation. `None` if the fleet does not know the name.
    pub(crate) fn last(&self, name: &OperationName) -> Option<(Report, Option<Duration>)> {
        let entry = self.book.get(self.book.find(name.as_str())?)?;
        let now = self.clock.now();
        let next_poll = entry.phase.is_pending().then(|| entry.record.due.since(now));
        Some((self.report(entry, now), next_poll))
    }

    /// Returns the kind of an operation, the calls made, and the age of the wait. `None` if the fleet does not know the name.
    pub(crate) fn known(&self, name: &OperationName) -> Option<(Arc<str>, u32, Duration)> {
        let entry = self.book.get(self.book.find(name.as_str())?)?;
        let kind = self.groups.get(entry.group)?.kind.clone();
        Some((kind, entry.record.tally.polls, entry.record.age(self.clock.now())))
    }

    /// Returns the report of an operation as of its end, or as of `now`.
    fn report(&self, entry: &Entry, now: Time) -> Report {
        let mut report = entry.report(now);
        report.metadata_dropped = !self.settings.keep_metadata;
        report
    }

    /// Returns the number of the quota key of an operation.
    pub(crate) fn key_of(&self, id: u32) -> Option<usize> {
        Some(self.groups.get(self.book.get(id)?.group)?.key)
    }

    /// Returns the collection whose list can contain an operation.
    fn collection_of(&self, entry: &Entry) -> Option<usize> {
        self.groups.get(entry.group)?.collection.filter(|_| !entry.unlisted)
    }

    /// Removes an operation that has no watch and no registration.
    fn forget(&mut self, id: u32) {
        self.leave_line(id);
        if self.book.get(id).is_some_and(|entry| entry.phase.is_pending()) {
            self.end_pace(id);
        }
        let Some(entry) = self.book.remove(id) else {
            return;
        };
        if let Some(cold) = entry.cold {
            self.litter.push(cold);
        }
        let Some(group) = self.groups.get(entry.group).cloned() else {
            return;
        };
        self.groups.leave(entry.group);
        self.lanes.part(group.key, group.collection);
    }

    /// Ends the pacing of an operation that was not found done.
    fn end_pace(&mut self, id: u32) {
        let Some(entry) = self.book.get(id).filter(|entry| entry.phase != Phase::New) else {
            return;
        };
        let Some(kind) = self.groups.get(entry.group).map(|group| group.kind.clone()) else {
            return;
        };
        let tally = entry.record.tally;
        let is_own = entry.own().is_some_and(|own| own.pacing.is_some());
        let finish = Finish::new(tally.running(), None, tally.replies);
        self.gone.push(Gone { id, kind, is_own, state: entry.record.state, finish });
        self.wake_driver();
    }

    /// Takes the next completion.
    pub(crate) fn take_completion(&mut self) -> Option<Taken> {
        let id = self.desk.take()?;
        let end = self.book.end(id)?.clone();
        let entry = self.book.get_mut(id)?;
        entry.registered = false;
        let is_unwanted = entry.is_unwanted();
        let cold = entry.cold_mut();
        let tag = cold.tag.take().map(String::from);
        // Moved, not copied, unless it stays.
        let metadata = if is_unwanted { cold.metadata.take() } else { None };
        let entry = self.book.get(id)?;
        let mut report = self.report(entry, Time::default());
        report.last_metadata = metadata.or(report.last_metadata);
        let kind = self.groups.get(entry.group).map(|group| group.kind.clone()).unwrap_or_default();
        let taken = Taken { name: entry.name.clone(), kind, tag, end, report };
        if is_unwanted {
            self.forget(id);
        }
        if self.desk.held() > 0 {
            self.wake_driver();
        }
        Some(taken)
    }

    /// Returns whether no completion follows.
    pub(crate) fn is_drained(&self) -> bool {
        self.life == Life::Closed || self.desk.is_drained()
    }

    /// Refuses further watches and registrations.
    pub(crate) fn drain(&mut self) {
        self.desk.draining = true;
        self.wake_listeners();
    }
}
