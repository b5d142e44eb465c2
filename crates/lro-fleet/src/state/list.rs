//! When collections are listed, and what a list tells of operations.

use std::mem;

use lro::{
    Code, ListOperationsRequest, Operation, OperationPage, Status,
    rules::{Limit, Reply},
};

use super::{Ask, State, Subject};
use crate::{
    record::Span,
    sweep::{Next, PAGE_SIZE},
    table::Phase,
    time::Time,
};

impl State {
    /// Begins the sweeps of a key that are worth it, and asks for the pages that are due.
    pub(super) fn sweep(&mut self, key: usize, now: Time, asks: &mut Vec<Ask>) {
        for number in mem::take(&mut self.keys[key].sweepable) {
            let has_room = self.has_room();
            if has_room && self.collections[number].is_worth_a_sweep(now) {
                self.begin_sweep(number);
            }
            if self.collections[number].wants_page() {
                if !has_room {
                    // Those that are watched do not wait until completions are taken.
                    self.end_sweep(number, now, false);
                } else if self.room(key, now) > 0 {
                    asks.push(self.ask_for_page(number, now));
                }
            }
            let collection = &mut self.collections[number];
            if collection.sweep.is_some() {
                self.keys[key].sweepable.push(number);
            } else {
                collection.queued = false;
                self.forget_idle(number);
            }
        }
    }

    fn ask_for_page(&mut self, number: usize, now: Time) -> Ask {
        let collection = &mut self.collections[number];
        let request = ListOperationsRequest::new(&collection.parent)
            .page_size(PAGE_SIZE)
            .page_token(collection.take_page_token());
        self.keys[collection.key].gate.sent(now);
        self.count_call();
        let until = now.after(self.rules.attempt_timeout);
        Ask { subject: Subject::Page(number, request), until, limit: Limit::Attempt }
    }

    /// Takes all of a collection that are due out of the line, to be found in a list.
    fn begin_sweep(&mut self, number: usize) {
        let Self { keys, table, classes, collections, metrics, .. } = self;
        let collection = &mut collections[number];
        let ready = &mut keys[collection.key].ready;
        let mut covered = Vec::new();
        for item in ready.line() {
            let Some(entry) = table.get_mut(item.id) else {
                continue;
            };
            let class = classes.get(entry.class as usize);
            let is_in_it = class.is_some_and(|class| class.collection == Some(number)) && !entry.unlisted;
            // One that was in line before, and is again, is there twice.
            if is_in_it && entry.is_in(Phase::Ready, item) {
                entry.phase = Phase::Swept;
                covered.push(item.id);
            }
        }
        covered.iter().for_each(|_| ready.forget());
        collection.due = 0;
        metrics.sweeps += 1;
        collection.begin(covered);
    }

    /// Keeps what a page tells.
    pub(super) fn keep_page(&mut self, number: usize, page: OperationPage, call: Span) {
        let OperationPage { operations, next_page_token, .. } = page;
        let told =
            operations.into_iter().filter_map(|operation| self.keep_listed(number, operation, call)).count();
        self.metrics.swept += told as u64;
        let next = self.collections[number].keep_page(&next_page_token, told);
        if next == Next::End {
            self.end_sweep(number, call.ended, true);
        }
    }

    /// Keeps that a collection could not be listed.
    pub(super) fn keep_refusal(&mut self, number: usize, status: &Status, call: Span) {
        let may_pass = self.rules.tolerance.is_survivable(status) || status.code() == Code::Unauthenticated;
        // Then no collection has a list.
        self.lists &= status.code() != Code::Unimplemented;
        self.collections[number].refuse(call.ended, may_pass);
        self.end_sweep(number, call.ended, false);
    }

    /// Keeps what a page tells of an operation, if it is waited for. Returns whether a get is saved by that.
    fn keep_listed(&mut self, number: usize, operation: Operation, call: Span) -> Option<()> {
        let id = self.table.find(&operation.name)?;
        let entry = self.table.get(id)?;
        if self.classes.get(entry.class as usize)?.collection != Some(number) {
            return None;
        }
        let saves = matches!(entry.phase, Phase::Swept);
        let is_news = saves || operation.is_done() && matches!(entry.phase, Phase::Waiting | Phase::Ready);
        if !is_news {
            return None;
        }
        self.leave_line(id);
        let name = operation.name.clone();
        self.judge(id, &name, call, Reply::Returned(Ok(operation)));
        saves.then_some(())
    }

    /// Those that the list did not tell of are asked about one by one.
    pub(super) fn end_sweep(&mut self, number: usize, now: Time, listed: bool) {
        for id in self.collections[number].end(now) {
            let Some(entry) = self.table.get_mut(id).filter(|entry| entry.phase == Phase::Swept) else {
                continue;
            };
            entry.unlisted |= listed;
            self.make_ready(id, now);
        }
    }
}
