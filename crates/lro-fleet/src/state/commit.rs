//! What becomes of operations after a call.

use lro::{OperationPage, Status};

use super::State;
use crate::{
    step::{Call, Decision, Known, Limit, Reply, step},
    table::Phase,
    time::Time,
};

impl State {
    /// Keeps how a call about an operation ended.
    pub(crate) fn commit(&mut self, id: u32, name: &str, asked: Time, reply: Reply, now: Time) {
        self.in_flight -= 1;
        if self.table.get(id).is_some_and(|entry| entry.phase == Phase::CallingReserved) {
            self.reserved -= 1;
        }
        let answer = self.answer(&reply);
        if let Some(key) = self.key_of(id) {
            // A deadline cuts a call short that might have been answered in time: that tells nothing.
            let is_told = !matches!(reply, Reply::Cut(Limit::Deadline | Limit::Grace));
            self.commit_to_gate(key, asked, is_told.then_some(&answer), now);
        }
        self.judge(id, name, Call { asked, ended: now }, reply);
    }

    /// Keeps a page of a collection.
    pub(crate) fn commit_page(
        &mut self,
        number: usize,
        asked: Time,
        reply: Result<OperationPage, Status>,
        now: Time,
    ) {
        self.in_flight -= 1;
        let key = self.collections[number].key;
        let reply = reply.map_err(Status::of_a_call);
        if let Err(status) = &reply {
            self.metrics.count_failure(status.code());
        }
        self.commit_to_gate(key, asked, Some(&reply), now);
        let call = Call { asked, ended: now };
        match reply {
            Ok(page) => self.keep_page(number, page, call),
            Err(status) => self.keep_refusal(number, &status, call),
        }
        self.make_busy(key);
    }

    /// How the server answered a call, whatever it said of the operation.
    fn answer(&mut self, reply: &Reply) -> Result<(), Status> {
        let failure = match reply {
            Reply::Returned(Ok(_)) => return Ok(()),
            Reply::Returned(Err(status)) => status.clone().of_a_call(),
            Reply::Cut(limit) => {
                self.metrics.unanswered += 1;
                if *limit != Limit::Attempt {
                    return Ok(());
                }
                Status::unanswered(self.rules.attempt_timeout)
            }
        };
        self.metrics.count_failure(failure.code());
        Err(failure)
    }

    /// Tells the gate of a key how a call ended; `None` if that is not known.
    fn commit_to_gate<T>(&mut self, key: usize, asked: Time, answer: Option<&Result<T, Status>>, now: Time) {
        let chance = self.chance.f64();
        let gate = &mut self.keys[key].gate;
        gate.ended();
        match answer {
            Some(Ok(_)) => gate.answered(asked),
            Some(Err(status)) => gate.failed(asked, now, status, &self.rules.tolerance, chance),
            None => {}
        }
        if self.has_work(key) {
            self.make_busy(key);
        }
    }

    /// Lets the rules decide about an operation after a call.
    pub(super) fn judge(&mut self, id: u32, name: &str, call: Call, reply: Reply) {
        let chance = self.chance.f64();
        let Self { table, classes, rules, .. } = self;
        let mut more = table.take_more(id);
        let Some(entry) = table.get_mut(id) else {
            return;
        };
        let class = classes.get_mut(entry.class as usize);
        let pace = |record: &mut _, moment: &_| class?.pace.delay(id, record, moment);
        let known = Known { name, record: &mut entry.record, more: &mut more };
        let decision = step(known, rules, call, reply, pace, chance);
        let (running, done) = (entry.record.running, call.middle().since(entry.record.began));
        if let Some(more) = more {
            table.set_more(id, more);
        }
        if matches!(decision, Decision::Complete(_)) {
            self.metrics.count_finish(f64::from(running), done.as_secs_f64());
            self.finish(id, Some(done));
        }
        self.decide(id, decision, call.ended);
    }

    /// Does what was decided.
    pub(super) fn decide(&mut self, id: u32, decision: Decision, now: Time) {
        let end = match decision {
            Decision::Poll(at) => {
                if self.is_unwanted(id) {
                    self.forget(id);
                    return;
                }
                self.wait_until(id, at, now);
                self.table.take_wakers(id, false, &mut self.woken);
                return;
            }
            Decision::Complete(outcome) => Ok(outcome),
            Decision::Fail(status) | Decision::GiveUp(status) => {
                self.metrics.given_up += 1;
                self.finish(id, None);
                Err(status.with_report(self.report(id, now)))
            }
        };
        let Some(entry) = self.table.get_mut(id) else {
            return;
        };
        entry.phase = Phase::Ended;
        entry.record.due = now;
        let registered = entry.registered;
        if self.is_unwanted(id) {
            self.forget(id);
            return;
        }
        self.table.set_end(id, end);
        self.table.take_wakers(id, true, &mut self.woken);
        if registered {
            self.completed.push_back(id);
            self.wake_listeners();
        }
    }

    fn is_unwanted(&self, id: u32) -> bool {
        self.table.get(id).is_none_or(|entry| entry.watches == 0 && !entry.registered)
    }
}
