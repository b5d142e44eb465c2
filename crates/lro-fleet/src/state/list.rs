//! What a list tells of operations.

use lro::{Code, Operation, OperationPage, Status};

use super::State;
use crate::{
    step::{Call, Reply},
    sweep::Next,
    table::Phase,
    time::Time,
};

impl State {
    /// Keeps what a page tells.
    pub(super) fn keep_page(&mut self, number: usize, page: OperationPage, call: Call) {
        let OperationPage { operations, next_page_token } = page;
        let told =
            operations.into_iter().filter_map(|operation| self.keep_listed(number, operation, call)).count();
        self.metrics.swept += told as u64;
        let next = self.collections[number].keep_page(&next_page_token, told);
        if next == Next::End {
            self.end_sweep(number, call.ended, true);
        }
    }

    /// Keeps that a collection could not be listed.
    pub(super) fn keep_refusal(&mut self, number: usize, status: &Status, call: Call) {
        let may_pass = self.rules.tolerance.is_survivable(status) || status.code() == Code::Unauthenticated;
        self.collections[number].refuse(call.ended, may_pass);
        self.end_sweep(number, call.ended, false);
    }

    /// Keeps what a page tells of an operation, if it is waited for. Returns whether a get is saved by that.
    fn keep_listed(&mut self, number: usize, operation: Operation, call: Call) -> Option<()> {
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
        self.leave_line_of(id);
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
