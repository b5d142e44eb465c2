//! What becomes of operations after a call.

use lro::{
    Any, OperationPage, Outcome, Status,
    pacing::Moment,
    rules::{Age, Call, Known, Limit, Next, Reply},
};

use super::State;
use crate::{
    record::{Record, Span},
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
        self.judge(id, name, Span { asked, ended: now }, reply);
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
        let call = Span { asked, ended: now };
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
            Some(Err(status)) => gate.failed(asked, now, status, &self.rules, chance),
            None => {}
        }
        if self.has_work(key) {
            self.make_busy(key);
        }
    }

    /// Lets the rules decide about an operation after a call.
    pub(super) fn judge(&mut self, id: u32, name: &str, span: Span, reply: Reply) {
        let chance = self.chance.f64();
        let Self { table, classes, rules, settings, .. } = self;
        let mut more = table.take_more(id).unwrap_or_default();
        let Some(entry) = table.get_mut(id) else {
            return;
        };
        let (asked, ended) = (entry.record.age(span.asked), entry.record.age(span.ended));
        // Most operations of a fleet have just been started.
        let call = Call { deadline: settings.deadline, started: true, ..Call::new(asked, ended) };
        let class = classes.get_mut(entry.class as usize);
        let Record { state, tally, .. } = &mut entry.record;
        let pace = |moment: &Moment, _: Option<&Any>| match class {
            Some(class) => class.pace.delay(id, state, moment),
            None => Ok(None),
        };
        let known = Known { name, tally, trouble: &mut more.trouble, metadata: &mut more.metadata };
        let next = rules.step(known, call, reply, pace, chance);
        let running = tally.running();
        if !more.is_empty() {
            table.set_more(id, more);
        }
        if matches!(next, Next::Done(_)) {
            self.metrics.count_finish(running.as_secs_f64(), call.looked().as_secs_f64());
            self.finish(id, Some(call.looked()));
        }
        self.decide(id, next, span.ended);
    }

    /// Does what was decided.
    pub(super) fn decide(&mut self, id: u32, next: Next, now: Time) {
        let failure = match next {
            Next::Ask { at, .. } => return self.go_on(id, at, now),
            Next::Done(outcome) => return self.conclude(id, Ok(outcome), now),
            Next::Failed(status) => status,
            Next::Expired { why, .. } => why.status(),
        };
        self.metrics.given_up += 1;
        self.finish(id, None);
        let end = Err(failure.with_report(self.report(id, now)));
        self.conclude(id, end, now);
    }

    /// An operation is asked about again at this age, if somebody waits for it.
    fn go_on(&mut self, id: u32, at: Age, now: Time) {
        match self.table.get(id) {
            Some(entry) if !entry.is_unwanted() => {
                self.wait_until(id, entry.record.at(at), now);
                self.table.take_wakers(id, false, &mut self.woken);
            }
            _ => self.forget(id),
        }
    }

    /// The wait for an operation has ended.
    fn conclude(&mut self, id: u32, end: Result<Outcome, Status>, now: Time) {
        let Some(entry) = self.table.get_mut(id) else {
            return;
        };
        entry.phase = Phase::Ended;
        entry.record.due = now;
        let registered = entry.registered;
        if entry.is_unwanted() {
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
}
