//! Lists of collections, and what a page says about operations.

use lro::{
    Code, ListOperationsRequest, Operation, OperationPage,
    rules::{Limit, Reply},
};

use lro_control::Reply as Answered;

use super::{Ask, Case, Question, State, Target};
use crate::{
    book::{Phase, Span},
    caller::Each,
    clock::Time,
    driver::Refusal,
    lanes::{AfterPage, Flight, Item, Next, PAGE_SIZE},
};

impl State {
    /// Returns the call for the next page of a collection, if it is worth it.
    pub(super) fn ask_for_page(&mut self, next: Next, number: usize, now: Time) -> Option<Ask> {
        if self.desk.room() == 0 {
            // Operations that are watched do not wait until completions are taken.
            self.end_sweep(number, now, false);
            return None;
        }
        if self.lanes.begins_sweep(number, now) {
            let covered = self.cover(next.key, number);
            self.lanes.begin_sweep(number, covered);
        }
        let (parent, page_token) = self.lanes.take_page(number)?;
        let request = ListOperationsRequest::new(&parent).page_size(PAGE_SIZE).page_token(page_token);
        self.metrics.polls += 1;
        self.metrics.sweeps += 1;
        let sent = self.lanes.send(next, 0, now);
        let until = now.after(self.settings.rules.attempt_timeout);
        Some(Ask { sent, target: Target::Page(number, request), until, limit: Limit::Attempt })
    }

    /// Takes all due operations of a collection out of the line, because the list covers them.
    fn cover(&mut self, key: usize, number: usize) -> Vec<u32> {
        let mut covered = Vec::new();
        for item in self.lanes.candidates(key) {
            let Item::Get { id, .. } = item else {
                continue;
            };
            let Some(entry) = self.book.get(id).filter(|entry| entry.is_in(Phase::Ready, item)) else {
                continue;
            };
            if self.collection_of(entry) == Some(number) {
                covered.push(id);
            }
        }
        // An operation that was in line before may be there twice.
        covered.sort_unstable();
        covered.dedup();
        for id in &covered {
            self.leave_line(*id);
            if let Some(entry) = self.book.get_mut(*id) {
                entry.phase = Phase::Swept;
            }
        }
        covered
    }

    /// Keeps a page, and takes out the operations that it decides about.
    pub(super) fn take_page(
        &mut self,
        number: usize,
        flight: &Flight,
        reply: Result<OperationPage, Refusal>,
        now: Time,
        cases: &mut Vec<Case>,
    ) {
        self.notes.listed(reply.as_ref().map_or_else(|refusal| refusal.status.code(), |_| Code::Ok));
        let answer = match &reply {
            Ok(_) => Answered::Good,
            Err(_) if flight.hangs => self.hung(),
            Err(refusal) => self.failure(&refusal.status),
        };
        self.lanes.ended(flight, Some(answer), now);
        let span = Span { asked: flight.sent.at, ended: now };
        match reply {
            Ok(page) => self.keep_page(number, page, span, cases),
            Err(refusal) => {
                self.keep_refusal(number, &refusal, now);
                self.litter.push(Box::new(refusal));
            }
        }
    }

    fn keep_page(&mut self, number: usize, page: OperationPage, span: Span, cases: &mut Vec<Case>) {
        let OperationPage { operations, next_page_token, .. } = page;
        let before = self.metrics.swept;
        let mut others = Vec::new();
        for operation in operations {
            match self.find_listed(number, &operation) {
                Some(id) => cases.extend(self.keep_listed(id, operation, span)),
                None => others.push(operation),
            }
        }
        self.litter.push(Box::new(Each(others)));
        let saved = (self.metrics.swept - before) as usize;
        match self.lanes.keep_page(number, &next_page_token, saved) {
            AfterPage::Another => {}
            AfterPage::End => self.end_sweep(number, span.ended, true),
        }
    }

    /// Keeps that a collection could not be listed.
    fn keep_refusal(&mut self, number: usize, Refusal { status, may_pass }: &Refusal, now: Time) {
        self.lanes.refuse_list(number, now, *may_pass, status.code() == Code::Unimplemented);
        self.end_sweep(number, now, false);
    }

    /// Returns the number of an operation that a page contains, if the page has news of it.
    fn find_listed(&self, number: usize, operation: &Operation) -> Option<u32> {
        let id = self.book.find(&operation.name)?;
        let entry = self.book.get(id)?;
        let is_here = self.groups.get(entry.group)?.collection == Some(number);
        let is_news = entry.phase == Phase::Swept
            || operation.is_done() && matches!(entry.phase, Phase::Waiting | Phase::Ready);
        (is_here && is_news).then_some(id)
    }

    /// Takes out an operation that a page contains.
    fn keep_listed(&mut self, id: u32, operation: Operation, span: Span) -> Option<Case> {
        let saves_a_get = self.book.get(id).is_some_and(|entry| entry.phase == Phase::Swept);
        self.metrics.swept += u64::from(saves_a_get);
        self.leave_line(id);
        let reply = Reply::Returned(Ok(operation));
        self.take_case(id, Question::Replied { span, reply, counts: true })
    }

    /// Ends a sweep. The operations that the list did not contain are polled one by one.
    pub(super) fn end_sweep(&mut self, number: usize, now: Time, was_read: bool) {
        for id in self.lanes.end_sweep(number, now) {
            let Some(entry) = self.book.get_mut(id).filter(|entry| entry.phase == Phase::Swept) else {
                continue;
            };
            entry.unlisted |= was_read;
            self.make_ready(id, now);
        }
    }
}
