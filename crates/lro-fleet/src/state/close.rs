//! The end of waits before their operations end.

use std::{mem, sync::Arc};

use lro::{Handle, rules::stopped};

use super::{Life, State};
use crate::book::{End, Entry, Phase};

impl State {
    /// Begins the shutdown: no more calls are made.
    pub(crate) fn close(&mut self) {
        if self.life == Life::Open {
            self.life = Life::Closing;
            self.wake_driver();
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.life == Life::Closed
    }

    /// Ends some of the waits, once the fleet closes and no call is in flight. Returns whether there are more.
    pub(crate) fn shut_down(&mut self) -> bool {
        self.life == Life::Closing && self.lanes.in_flight() == 0 && self.end_some("the fleet was shut down")
    }

    /// Returns the handles of the waits that were ended. `None` until all have ended.
    pub(crate) fn take_handles(&mut self) -> Option<Vec<Handle>> {
        self.is_closed().then(|| mem::take(&mut self.handles))
    }

    /// Ends some of the waits, and keeps their handles. Returns whether there are more.
    pub(crate) fn end_some(&mut self, why: &str) -> bool {
        if self.is_closed() {
            return false;
        }
        self.life = Life::Closing;
        if self.close_from == 0 {
            self.handles.reserve(self.book.pending());
        }
        // All waits share one status. The report is added when it is read.
        let end: End = Arc::new(Err(stopped(why)));
        let (mut ids, mut handles) = (Vec::with_capacity(AT_ONCE), mem::take(&mut self.handles));
        let next = self.book.visit(self.close_from, AT_ONCE, |id, entry| {
            handles.push(self.handle(entry));
            ids.push(id);
        });
        self.handles = handles;
        for id in ids {
            self.end_wait(id, &end);
        }
        if let Some(next) = next {
            self.close_from = next;
            return true;
        }
        self.life = Life::Closed;
        self.desk.release_all();
        self.wake_listeners();
        self.wake_driver();
        false
    }

    /// Ends a wait without a completion, because its handle is returned.
    pub(super) fn end_wait(&mut self, id: u32, end: &End) {
        let now = self.clock.now();
        self.leave_line(id);
        if self.book.get(id).is_some_and(|entry| !entry.is_out) {
            self.end_pace(id);
        }
        let Some(entry) = self.book.get_mut(id) else {
            return;
        };
        let was_registered = mem::replace(&mut entry.registered, false);
        let was_reserved = entry.phase == Phase::CallingReserved;
        if was_registered {
            self.desk.unregister();
            if self.desk.is_drained() {
                self.wake_listeners();
            }
        }
        if was_reserved {
            self.desk.unreserve();
            // There may be room for an item that is held back.
            self.wake_driver();
        }
        self.metrics.given_up += 1;
        self.conclude(id, end.clone(), now);
    }

    pub(super) fn handle(&self, entry: &Entry) -> Handle {
        let handle = Handle::new(&self.settings.service, entry.name.clone());
        match self.groups.get(entry.group) {
            Some(group) if *group.kind != *self.settings.service.key() => handle.with_kind(&*group.kind),
            _ => handle,
        }
    }
}

/// The waits that are ended while the lock is held: less than a millisecond.
const AT_ONCE: usize = 1_024;
