use std::time::Duration;

use crate::clock::Time;

/// A collection of operations that can be listed, and when one list is cheaper than the gets that are due.
#[derive(Debug)]
pub(crate) struct Collection {
    /// The parent, as in a request to list.
    pub(crate) parent: String,
    pub(crate) key: usize,
    /// The operations in it that are waited for.
    pub(crate) pending: usize,
    /// Those of them that are due.
    pub(crate) due: usize,
    /// Whether a sweep of it waits or runs.
    pub(crate) queued: bool,
    /// Whether its next page waits in a line.
    pub(crate) in_line: bool,
    /// The pages that the last sweep took.
    pages: usize,
    not_before: Time,
    pub(crate) sweep: Option<Sweep>,
}

/// A list being read, page by page.
#[derive(Debug)]
pub(crate) struct Sweep {
    /// The operations that were due when it began. Those that the list does not contain are polled by get.
    covered: Vec<u32>,
    page_token: String,
    pages: usize,
    /// The covered operations that the pages contained.
    found: usize,
}

/// What comes after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterPage {
    Another,
    /// The list is at its end, or costs more than it saves.
    End,
}

impl Collection {
    pub(crate) fn new(parent: String, key: usize) -> Self {
        Self {
            parent,
            key,
            pending: 0,
            due: 0,
            queued: false,
            in_line: false,
            pages: 0,
            not_before: Time::default(),
            sweep: None,
        }
    }

    /// Returns whether a list of all would take fewer calls than a get of each that is due.
    pub(crate) fn is_worth_a_sweep(&self, now: Time) -> bool {
        self.sweep.is_none() && self.not_before <= now && self.due > self.expected_pages()
    }

    /// Returns whether its state is that of a new collection.
    pub(crate) fn is_idle(&self) -> bool {
        self.pending == 0 && !self.queued && self.sweep.is_none()
    }

    /// Returns one of the operations that the sweep covers.
    pub(super) fn covered(&self) -> Option<u32> {
        self.sweep.as_ref()?.covered.first().copied()
    }

    pub(crate) fn begin(&mut self, covered: Vec<u32>) {
        self.sweep = Some(Sweep { covered, page_token: String::new(), pages: 0, found: 0 });
    }

    /// Returns the token of the next page, and marks the page as requested. `None` if there is no sweep.
    pub(super) fn take_page_token(&mut self) -> Option<String> {
        let sweep = self.sweep.as_mut()?;
        Some(sweep.page_token.clone())
    }

    /// Counts a page that was received, with `found` of the covered operations.
    pub(crate) fn keep_page(&mut self, next_page_token: &str, found: usize) -> AfterPage {
        let Some(sweep) = &mut self.sweep else {
            return AfterPage::End;
        };
        sweep.pages += 1;
        sweep.found += found;
        let goes_on = !next_page_token.is_empty() && next_page_token != sweep.page_token;
        let has_more = sweep.found < sweep.covered.len();
        let pays = sweep.pages < sweep.covered.len() && sweep.pages < sweep.found + DEAR_PAGES;
        if goes_on && has_more && pays {
            next_page_token.clone_into(&mut sweep.page_token);
            return AfterPage::Another;
        }
        AfterPage::End
    }

    /// Ends the sweep. Returns the covered operations, also those that a page contained.
    pub(crate) fn end(&mut self, now: Time) -> Vec<u32> {
        let Some(sweep) = self.sweep.take() else {
            return Vec::new();
        };
        let saved = sweep.found;
        self.pages = sweep.pages.max(1);
        if saved <= sweep.pages {
            self.not_before = now.after(AFTER_DEAR_ONE);
        }
        sweep.covered
    }

    /// Keeps that the collection could not be listed, so that it is not tried again soon.
    pub(crate) fn refuse(&mut self, now: Time, may_pass: bool) {
        self.not_before = now.after(if may_pass { AFTER_DEAR_ONE } else { AFTER_REFUSAL });
    }

    fn expected_pages(&self) -> usize {
        self.pages.max(self.pending.div_ceil(PAGE_SIZE as usize)).max(1)
    }
}

/// Returns the parent of the collection of an operation, if its name has the form of AIP-151: `[parent/]operations/id`.
pub(crate) fn parent_of(name: &str) -> Option<&str> {
    let (collection, _) = name.rsplit_once('/')?;
    match collection.strip_suffix("operations")? {
        "" => Some(""),
        parent => parent.strip_suffix('/'),
    }
}

/// The requested size of a page. A service may return fewer operations.
pub(crate) const PAGE_SIZE: u32 = 1_000;
/// A sweep is given up when its pages exceed the operations that it found by this number, because the collection has many others.
const DEAR_PAGES: usize = 8;
/// The time from a sweep that cost more than it saved to the next one.
const AFTER_DEAR_ONE: Duration = Duration::from_secs(60);
const AFTER_REFUSAL: Duration = Duration::from_secs(3_600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_of_a_name_is_what_precedes_the_collection() {
        assert_eq!(parent_of("operations/1"), Some(""));
        assert_eq!(parent_of("projects/p/locations/l/operations/1"), Some("projects/p/locations/l"));
        assert_eq!(parent_of("operations/a/b"), None);
        assert_eq!(parent_of("myoperations/1"), None);
        assert_eq!(parent_of("operations"), None);
    }
}
