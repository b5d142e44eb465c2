//! The begin of waits, and the end of watches.

use std::{mem, sync::Arc, task::Waker, time::Duration};

use lro::{Code, Handle, Operation, OperationName, Origin, Report, Status, rules::stopped};

use super::{Life, State};
use crate::{
    book::{End, Entry, Group, Phase},
    registration::Own,
};

/// The news that a watch reports.
#[derive(Debug)]
pub(crate) enum News {
    /// It was running at the last of this many good replies.
    Running {
        report: Report,
        replies: u32,
        next_poll: Duration,
    },
    Ended(End, Report),
}

/// An operation to wait for, with what the caller's closures returned for its name.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) name: OperationName,
    pub(crate) kind: Arc<str>,
    /// Whether the kind is a setting of its registration.
    pub(crate) has_own_kind: bool,
    pub(crate) key: String,
    pub(crate) tag: Option<Box<str>>,
    pub(crate) first: Option<Operation>,
    pub(crate) own: Option<Arc<Own>>,
    /// The reason why it is refused: code of the caller has panicked.
    pub(crate) refusal: Option<Status>,
}

/// An operation that is waited for.
#[derive(Debug)]
pub(crate) struct Entered {
    id: u32,
    /// Its name, if it was waited for already and settings that it was to have do not apply.
    overruled: Option<OperationName>,
}

impl State {
    /// Adds a watch of an operation. Returns the number of the operation and the seat, and the name if settings do not apply.
    pub(crate) fn watch(&mut self, wanted: Wanted) -> (Option<(u32, u32)>, Option<OperationName>) {
        let Some(Entered { id, overruled }) = self.enter(wanted) else {
            return (None, None);
        };
        let seat = self.book.sit(id);
        self.release_watched(id);
        (Some((id, seat)), overruled)
    }

    /// Adds an operation whose outcome becomes a completion. Returns the name if settings do not apply.
    pub(crate) fn register(&mut self, mut wanted: Wanted) -> Result<Option<OperationName>, Status> {
        let name = wanted.name.clone();
        if let Some(refusal) = wanted.refusal.clone().or_else(|| self.refusal(&name)) {
            self.litter.push(Box::new(wanted));
            return Err(refusal);
        }
        let full = || Status::new(Code::ResourceExhausted, format!("no room for another operation: {name}"));
        let tag = wanted.tag.take();
        let Entered { id, overruled } = self.enter(wanted).ok_or_else(full)?;
        let Some(entry) = self.book.get_mut(id) else {
            return Ok(overruled);
        };
        if mem::replace(&mut entry.registered, true) {
            return Ok(overruled.or_else(|| tag.map(|_| name)));
        }
        // SPEC 62
        if tag.is_some() {
            entry.cold_mut().tag = tag;
        }
        let has_ended = entry.phase == Phase::Ended;
        self.desk.register();
        if has_ended {
            self.desk.complete(id);
            self.wake_listeners();
        }
        Ok(overruled)
    }

    /// Returns the end of the wait for an operation. Stores the waker if it has not ended.
    pub(crate) fn end(&mut self, id: u32, seat: u32, waker: Waker) -> Option<(End, Report)> {
        if let Some(end) = self.known_end(id) {
            self.discarded.push(waker);
            return Some(end);
        }
        self.discarded.extend(self.book.keep_waker(id, seat, waker, false));
        None
    }

    /// Returns the news of an operation after `reported` replies. Stores the waker if there are none.
    pub(crate) fn news(&mut self, id: u32, seat: u32, reported: u32, waker: Waker) -> Option<News> {
        let news = self.known_news(id, reported);
        let unused = match &news {
            Some(_) => Some(waker),
            None => self.book.keep_waker(id, seat, waker, true),
        };
        self.discarded.extend(unused);
        news
    }

    fn known_news(&self, id: u32, reported: u32) -> Option<News> {
        if let Some((end, report)) = self.known_end(id) {
            return Some(News::Ended(end, report));
        }
        let entry = self.book.get(id)?;
        let replies = entry.record.tally.replies;
        (replies > reported).then(|| {
            let now = self.clock.now();
            News::Running { report: self.report(entry, now), replies, next_poll: entry.record.due.since(now) }
        })
    }

    fn known_end(&self, id: u32) -> Option<(End, Report)> {
        let end = self.book.end(id)?;
        Some((end.clone(), self.report(self.book.get(id)?, self.clock.now())))
    }

    /// Removes a watch that is dropped.
    pub(crate) fn leave(&mut self, id: u32, seat: u32) {
        let (_, waker) = self.book.rise(id, seat);
        self.discarded.extend(waker);
        let is_over = |entry: &Entry| entry.is_unwanted() && !entry.is_out;
        if self.book.get(id).is_some_and(is_over) {
            self.forget(id);
        }
    }

    /// Ends the wait for a name, without a completion.
    pub(crate) fn stop(&mut self, name: &OperationName) -> Option<Handle> {
        let id = self.book.find(name.as_str())?;
        let entry = self.book.get(id).filter(|entry| entry.phase.is_pending())?;
        let handle = self.handle(entry);
        self.end_wait(id, &Arc::new(Err(stopped("the fleet was asked to forget the operation"))));
        Some(handle)
    }

    /// Makes the next call about a name due now, or when the call in flight has ended, which was made too early. The call is not made
    /// before the server wants it.
    pub(crate) fn hasten(&mut self, name: &OperationName) {
        let now = self.clock.now();
        let Some(id) = self.book.find(name.as_str()) else {
            return;
        };
        match self.book.get_mut(id) {
            Some(entry) if entry.phase == Phase::Waiting => {
                let floor = entry.floor();
                self.wait_until(id, now.max(floor), floor, now);
            }
            Some(entry) if entry.is_out || entry.phase == Phase::New => entry.cold_mut().hastened = true,
            _ => {}
        }
    }

    /// Counts a call under a quota key. Returns the number of the key, and the delay of the call.
    ///
    /// # Errors
    ///
    /// The delay after which to try again.
    pub(crate) fn reserve(&mut self, key: String) -> Result<(usize, Duration), Duration> {
        let now = self.clock.now();
        let key = self.lanes.key(key, now);
        match self.lanes.reserve(key, now) {
            Ok(at) => Ok((key, at.since(now))),
            Err(again) => Err(again.since(now)),
        }
    }

    /// Adds a task that is woken when there is a completion, and when a shutdown has ended. Returns its number.
    pub(crate) fn enlist(&mut self) -> usize {
        self.desk.enlist()
    }

    /// Stores the waker of such a task.
    pub(crate) fn listen(&mut self, listener: usize, waker: Waker) {
        self.discarded.extend(self.desk.listen(listener, waker));
    }

    /// Removes such a task.
    pub(crate) fn delist(&mut self, listener: usize) {
        self.discarded.extend(self.desk.delist(listener));
    }

    /// Returns the number of an operation. Adds the operation if it is not there.
    fn enter(&mut self, wanted: Wanted) -> Option<Entered> {
        if let Some(id) = self.book.find(wanted.name.as_str()) {
            if self.book.end(id).is_none_or(|end| end.is_ok()) {
                self.metrics.shared += 1;
                let kind =
                    self.book.get(id).and_then(|entry| self.groups.get(entry.group)).map(|group| &group.kind);
                let is_overruled = wanted.own.is_some()
                    || wanted.tag.is_some()
                    || wanted.has_own_kind && kind != Some(&wanted.kind);
                let overruled = is_overruled.then(|| wanted.name.clone());
                if wanted.own.is_some() || wanted.first.is_some() {
                    self.litter.push(Box::new(wanted));
                }
                return Some(Entered { id, overruled });
            }
            // The last wait failed, so that a new one begins.
            self.book.detach(id);
        }
        let now = self.clock.now();
        let refusal = wanted.refusal.or_else(|| self.refusal(&wanted.name));
        let key = self.lanes.key(wanted.key, now);
        let collection = self.lanes.collection(wanted.name.as_str(), key);
        self.lanes.join(key, collection);
        let group = self.groups.join(Group { kind: wanted.kind, key, collection });
        let mut entry = Entry::new(wanted.name, group, now);
        entry.started = wanted.first.is_some();
        if wanted.first.is_some() || wanted.own.is_some() || wanted.tag.is_some() {
            let cold = entry.cold_mut();
            cold.first = wanted.first.map(Box::new);
            cold.own = wanted.own;
            cold.tag = wanted.tag;
        }
        let id = match self.book.add(entry) {
            Ok(id) => id,
            Err(entry) => {
                self.groups.leave(group);
                self.lanes.part(key, collection);
                self.litter.push(Box::new(entry));
                return None;
            }
        };
        let entered = Entered { id, overruled: None };
        if let Some(refusal) = refusal {
            self.book.conclude(id, Arc::new(Err(refusal)), now);
            return Some(entered);
        }
        self.set_deadline(id);
        if self.fresh.is_empty() {
            self.wake_driver();
        }
        self.fresh.push_back(id);
        Some(entered)
    }

    /// Returns the reason why no operation can be added. `None` if one can.
    fn refusal(&self, name: &OperationName) -> Option<Status> {
        let why = match self.life {
            Life::Open if !self.desk.draining => return None,
            Life::Open => "the fleet is being drained",
            Life::Closing | Life::Closed => "the fleet was shut down",
        };
        let status = Status::new(Code::FailedPrecondition, format!("{why}: {name}"));
        Some(status.with_origin(Origin::StoppedAsking))
    }

    /// Puts an operation in line that was held back until there was room for completions, and is watched now.
    fn release_watched(&mut self, id: u32) {
        if self.book.get(id).is_some_and(|entry| entry.phase == Phase::Held) {
            let now = self.clock.now();
            self.desk.unhold();
            self.make_ready(id, now);
        }
    }

    /// Sets the time at which the wait for an operation is given up.
    fn set_deadline(&mut self, id: u32) {
        let Some(at) = self.book.get(id).map(|entry| entry.gives_up_at(self.settings.deadline)) else {
            return;
        };
        if self.clock.set_give_up(at, id) {
            self.wake_driver();
        }
        let Self { book, settings, clock, .. } = self;
        clock.prune_give_ups(book.len(), |at, id| {
            let entry = book.get(id).filter(|entry| entry.phase.is_pending());
            entry.is_some_and(|entry| entry.gives_up_at(settings.deadline) == at)
        });
    }
}
