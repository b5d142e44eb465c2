//! The completions: the outcomes to take, the limit of their number, and the tasks that wait for them.

use std::{
    collections::{HashSet, VecDeque},
    task::Waker,
};

use slab::Slab;

use crate::{clock::is_crowded, lanes::Item};

/// The outcomes of registered operations, and the tasks that take them.
///
/// `completed` and `reserved` together stay within `most`, except for outcomes without a call of their own.
#[derive(Debug)]
pub(crate) struct Desk {
    most: usize,
    /// The calls in flight about operations that only the completions wait for.
    reserved: usize,
    completed: VecDeque<u32>,
    /// The items that are due, and held back until there is room.
    held: VecDeque<Item>,
    /// The number of these that are no longer held back.
    stale: usize,
    /// Registered operations whose wait has not ended.
    open: usize,
    /// Whether registrations are refused.
    pub(crate) draining: bool,
    listeners: Slab<Option<Waker>>,
}

impl Desk {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            reserved: 0,
            completed: VecDeque::new(),
            held: VecDeque::new(),
            stale: 0,
            open: 0,
            draining: false,
            listeners: Slab::new(),
        }
    }

    /// Returns the number of completions that there is room for.
    pub(crate) fn room(&self) -> usize {
        self.most.saturating_sub(self.completed.len() + self.reserved)
    }

    pub(crate) fn reserve(&mut self) {
        self.reserved += 1;
    }

    pub(crate) fn unreserve(&mut self) {
        self.reserved = self.reserved.saturating_sub(1);
    }

    pub(crate) fn register(&mut self) {
        self.open += 1;
    }

    /// Removes a registered operation that gets no completion.
    pub(crate) fn unregister(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// Adds the completion of a registered operation.
    pub(crate) fn complete(&mut self, id: u32) {
        self.unregister();
        self.completed.push_back(id);
    }

    pub(crate) fn take(&mut self) -> Option<u32> {
        self.completed.pop_front()
    }

    /// Returns whether all completions were taken and none will follow.
    pub(crate) fn is_drained(&self) -> bool {
        self.draining && self.open == 0 && self.completed.is_empty()
    }

    /// Holds an item back that is due. `live` is the number of operations.
    pub(crate) fn hold(&mut self, item: Item, live: usize, is_held: impl Fn(&Item) -> bool) {
        self.held.push_back(item);
        if is_crowded(self.held.len(), live) {
            // An operation that was watched for a while may be in the list twice.
            let mut seen = HashSet::new();
            self.held.retain(|item| is_held(item) && seen.insert(*item));
            self.stale = 0;
        }
    }

    /// Takes an item that was held back. Callers must check that it is still current.
    pub(crate) fn release(&mut self) -> Option<Item> {
        self.held.pop_front()
    }

    pub(crate) fn held(&self) -> usize {
        self.held.len().saturating_sub(self.stale)
    }

    /// Notes that an item is no longer held back, although it is still among those to release.
    pub(crate) fn unhold(&mut self) {
        self.stale += 1;
    }

    /// Notes that an item that was released was not held back any more.
    pub(crate) fn drop_stale(&mut self) {
        self.stale = self.stale.saturating_sub(1);
    }

    pub(crate) fn release_all(&mut self) {
        self.held.clear();
        self.stale = 0;
    }

    /// Adds a task that waits for completions, or for the end of a shutdown. Returns its number.
    pub(crate) fn enlist(&mut self) -> usize {
        self.listeners.insert(None)
    }

    /// Stores the waker of a task. Returns the waker that is not stored.
    pub(crate) fn listen(&mut self, listener: usize, waker: Waker) -> Option<Waker> {
        match self.listeners.get_mut(listener) {
            Some(Some(kept)) if kept.will_wake(&waker) => Some(waker),
            Some(kept) => kept.replace(waker),
            None => Some(waker),
        }
    }

    /// Removes a task. Returns its waker.
    pub(crate) fn delist(&mut self, listener: usize) -> Option<Waker> {
        self.listeners.try_remove(listener).flatten()
    }

    pub(crate) fn take_listeners(&mut self) -> impl Iterator<Item = Waker> + '_ {
        self.listeners.iter_mut().filter_map(|(_, waker)| waker.take())
    }
}
