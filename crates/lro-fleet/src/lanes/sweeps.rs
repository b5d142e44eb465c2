//! The pages of lists in the lines.

use lro_control::Line;

use super::{
    AfterPage, Item, Lanes,
    collection::{Collection, parent_of},
};
use crate::{clock::Time, interned::Interned};

impl Lanes {
    /// Returns the number of the collection that an operation is in, if it can be listed.
    pub(crate) fn collection(&mut self, name: &str, key: usize) -> Option<usize> {
        let parent = parent_of(name).filter(|_| self.lists)?;
        let make = || Collection::new(parent.to_owned(), key);
        Some(self.collections.number((key, parent.to_owned()), make))
    }

    /// Counts that an operation which a list could contain has left its line.
    pub(crate) fn uncount(&mut self, collection: Option<usize>) {
        if let Some(number) = collection {
            let due = &mut self.collections[number].due;
            *due = due.saturating_sub(1);
        }
    }

    /// Returns one of the operations that the sweep of a collection covers.
    pub(crate) fn covered(&self, number: usize) -> Option<u32> {
        self.collections.get(number)?.covered()
    }

    /// Returns whether a sweep of a collection is to begin.
    pub(crate) fn begins_sweep(&self, number: usize, now: Time) -> bool {
        self.collections.get(number).is_some_and(|collection| collection.is_worth_a_sweep(now))
    }

    pub(crate) fn begin_sweep(&mut self, number: usize, covered: Vec<u32>) {
        self.collections[number].begin(covered);
    }

    /// Returns the parent and the token of the next page, and marks the page as requested. `None` if there is no sweep.
    pub(crate) fn take_page(&mut self, number: usize) -> Option<(String, String)> {
        let collection = self.collections.get_mut(number)?;
        let page_token = collection.take_page_token();
        if page_token.is_none() {
            collection.queued = false;
            self.drop_idle(number);
            return None;
        }
        Some((collection.parent.clone(), page_token?))
    }

    /// Counts a page that was received, and the gets that it saved.
    pub(crate) fn keep_page(&mut self, number: usize, next_page_token: &str, saved: usize) -> AfterPage {
        let collection = &mut self.collections[number];
        let key = collection.key;
        let after = collection.keep_page(next_page_token, saved);
        if after == AfterPage::Another {
            self.push_page(key, number);
            self.wake_key(key);
        }
        after
    }

    /// Keeps that a collection could not be listed, or with `has_no_lists` that none can be.
    pub(crate) fn refuse_list(&mut self, number: usize, now: Time, may_pass: bool, has_no_lists: bool) {
        self.lists &= !has_no_lists;
        self.collections[number].refuse(now, may_pass);
    }

    /// Ends a sweep. Returns the operations that it covered.
    pub(crate) fn end_sweep(&mut self, number: usize, now: Time) -> Vec<u32> {
        let Some(collection) = self.collections.get_mut(number) else {
            return Vec::new();
        };
        collection.queued = false;
        let covered = collection.end(now);
        self.drop_idle(number);
        covered
    }

    pub(super) fn push_page(&mut self, key: usize, number: usize) {
        self.pages += 1;
        self.collections[number].in_line = true;
        self.keys[key].lines.push(Line::First, Item::Page(number as u32));
    }

    pub(super) fn drop_idle(&mut self, collection: usize) {
        if self.collections.get(collection).is_some_and(Collection::is_idle) {
            self.collections.remove(collection);
        }
    }
}

/// Returns whether the next page of a collection waits in a line.
pub(super) fn is_in_line(collections: &Interned<(usize, String), Collection>, number: u32) -> bool {
    collections.get(number as usize).is_some_and(|collection| collection.in_line)
}
