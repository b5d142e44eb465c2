//! Who waits for which operation.

use std::{mem, task::Waker, time::Duration};

use lro::{
    Code, Handle, OperationName, Origin, Report, Status,
    rules::{Next, stopped},
};

use super::State;
use crate::{
    class::Tag,
    record::Record,
    table::{End, Phase},
    time::Time,
};

/// What there is to tell of an operation.
#[derive(Debug)]
pub(crate) enum News {
    /// It was running as of the last of so many good replies.
    Running {
        report: Report,
        replies: u32,
        next_poll: Duration,
    },
    Ended(End, Report),
}

/// An operation to be waited for, and what is alike to it.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) name: OperationName,
    pub(crate) kind: String,
    pub(crate) key: String,
}

impl State {
    /// Waits for an operation. Returns its number and a seat.
    pub(crate) fn watch(&mut self, wanted: Wanted) -> Option<(u32, u32)> {
        let id = self.enter(wanted)?;
        let seat = self.table.sit(id);
        self.release_watched(id);
        Some((id, seat))
    }

    /// Waits for an operation whose end is to be among the completions.
    pub(crate) fn register(&mut self, wanted: Wanted) -> Result<(), Status> {
        let name = wanted.name.clone();
        if self.closing {
            return Err(closed(&name));
        }
        let full = || Status::new(Code::ResourceExhausted, format!("no room for another operation: {name}"));
        let id = self.enter(wanted).ok_or_else(full)?;
        let Some(entry) = self.table.get_mut(id) else {
            return Ok(());
        };
        let is_new = !mem::replace(&mut entry.registered, true);
        if is_new && entry.phase == Phase::Ended {
            self.completed.push_back(id);
            self.wake_listeners();
        }
        Ok(())
    }

    /// How the wait for an operation ended; as long as it has not, the waker is kept.
    pub(crate) fn end(&mut self, id: u32, seat: u32, waker: &Waker) -> Option<(End, Report)> {
        let end = self.known_end(id);
        if end.is_none() {
            let replaced = self.table.keep_waker(id, seat, waker, false);
            self.discarded.extend(replaced);
        }
        end
    }

    /// The news of an operation beyond so many replies that were told; as long as there are none, the waker is kept.
    pub(crate) fn news(&mut self, id: u32, seat: u32, told: u32, waker: &Waker) -> Option<News> {
        if let Some((end, report)) = self.known_end(id) {
            return Some(News::Ended(end, report));
        }
        let record = &self.table.get(id)?.record;
        let replies = record.tally.replies;
        if replies > told {
            let now = self.clock.now();
            let next_poll = record.due.since(now);
            return Some(News::Running { report: self.report(id, now), replies, next_poll });
        }
        let replaced = self.table.keep_waker(id, seat, waker, true);
        self.discarded.extend(replaced);
        None
    }

    fn known_end(&self, id: u32) -> Option<(End, Report)> {
        let end = self.table.end(id)?;
        Some((end.clone(), self.report(id, self.clock.now())))
    }

    /// One who waited does no more.
    pub(crate) fn leave(&mut self, id: u32, seat: u32) {
        let (left, waker) = self.table.rise(id, seat);
        self.discarded.extend(waker);
        let Some(entry) = self.table.get(id).filter(|entry| left == 0 && !entry.registered) else {
            return;
        };
        if !entry.phase.is_calling() {
            self.leave_line(id);
            self.forget(id);
        }
    }

    /// A place among those who are told when there is a completion, and when all calls have ended after a shutdown.
    pub(crate) fn enlist(&mut self) -> usize {
        self.listeners.insert(None)
    }

    /// Keeps whom to wake then.
    pub(crate) fn listen(&mut self, listener: usize, waker: &Waker) {
        if let Some(kept) = self.listeners.get_mut(listener)
            && kept.as_ref().is_none_or(|kept| !kept.will_wake(waker))
        {
            let replaced = kept.replace(waker.clone());
            self.discarded.extend(replaced);
        }
    }

    /// Gives a place back.
    pub(crate) fn delist(&mut self, listener: usize) {
        let waker = self.listeners.try_remove(listener).flatten();
        self.discarded.extend(waker);
    }

    pub(super) fn wake_listeners(&mut self) {
        self.woken.extend(self.listeners.iter_mut().filter_map(|(_, waker)| waker.take()));
    }

    /// Ends all waits if the fleet is to be shut down, once no call is in flight.
    pub(crate) fn shut_down(&mut self) {
        if !self.closing || self.closed || self.in_flight > 0 {
            return;
        }
        self.handles = self.pending_ids().filter_map(|id| self.handle(id)).collect();
        self.end_all("the fleet was shut down");
    }

    /// What is to be saved to go on with the waits that a shutdown has ended, once it has.
    pub(crate) fn take_handles(&mut self) -> Option<Vec<Handle>> {
        self.closed.then(|| mem::take(&mut self.handles))
    }

    /// Ends all waits.
    pub(crate) fn end_all(&mut self, why: &str) {
        self.closing = true;
        self.closed = true;
        let now = self.clock.now();
        let pending: Vec<u32> = self.pending_ids().collect();
        for id in pending {
            if let Some(entry) = self.table.get_mut(id) {
                // Handed back, or nobody's any more: no completion.
                entry.registered = false;
            }
            self.leave_line(id);
            self.decide(id, Next::Failed(stopped(why)), now);
        }
        self.held.clear();
        self.wake_listeners();
        self.wake_driver();
    }

    fn handle(&self, id: u32) -> Option<Handle> {
        let handle = Handle::new(&self.service, self.name(id)?);
        let tag = self.classes.name(self.table.get(id)?.class as usize)?;
        Some(if tag.kind == self.service.key() { handle } else { handle.with_kind(&*tag.kind) })
    }

    fn pending_ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.table.ids().filter(|id| self.table.get(*id).is_some_and(|entry| entry.phase.is_pending()))
    }

    /// The number of an operation, which is asked about from now on if it was not.
    fn enter(&mut self, wanted: Wanted) -> Option<u32> {
        let Wanted { name, kind, key } = wanted;
        let (id, is_new) = self.table.insert(&name)?;
        if !is_new {
            self.metrics.shared += 1;
            return Some(id);
        }
        let now = self.clock.now();
        let key = self.key(key, now);
        let collection = self.collection(name.as_str(), key);
        let class = self.join(Tag { kind, key, collection });
        let mut record = Record::begin(now);
        let delay = self.classes[class].pace.begin(id, &mut record.state);
        if let Some(entry) = self.table.get_mut(id) {
            entry.class = class as u32;
            entry.record = record;
        }
        self.set_deadline(id);
        if self.closing {
            self.decide_unstarted(id, closed(&name), now);
            return Some(id);
        }
        match delay {
            Ok(delay) => self.wait_until(id, now.after(delay), now),
            Err(panicked) => self.decide_unstarted(id, panicked, now),
        }
        Some(id)
    }

    /// An operation that came due while completions had no room is watched now.
    fn release_watched(&mut self, id: u32) {
        if self.table.get(id).is_some_and(|entry| entry.phase == Phase::Held) {
            let now = self.clock.now();
            self.make_ready(id, now);
        }
    }

    /// Has an operation given up at its deadline, and forgets the deadlines of those that have ended if they are many.
    fn set_deadline(&mut self, id: u32) {
        let Some(at) = self.table.get(id).and_then(|entry| entry.record.gives_up_at(self.settings.deadline))
        else {
            return;
        };
        if at < self.deadlines.next() {
            self.wake_driver();
        }
        self.deadlines.set(at, id);
        let Self { table, settings, deadlines, .. } = self;
        deadlines.retain(table.len(), |at, id| {
            let entry = table.get(id).filter(|entry| entry.phase.is_pending());
            entry.is_some_and(|entry| entry.record.gives_up_at(settings.deadline) == Some(at))
        });
    }

    fn decide_unstarted(&mut self, id: u32, status: Status, now: Time) {
        self.finish(id, None);
        let end = Err(status.with_report(self.report(id, now)));
        if let Some(entry) = self.table.get_mut(id) {
            entry.phase = Phase::Ended;
            entry.record.due = now;
        }
        self.table.set_end(id, end);
    }
}

fn closed(name: &OperationName) -> Status {
    Status::new(Code::FailedPrecondition, format!("the fleet was shut down: {name}"))
        .with_origin(Origin::StoppedAsking)
}
