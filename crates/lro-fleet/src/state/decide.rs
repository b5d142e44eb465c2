//! Decisions about operations after a call.

use std::{mem, sync::Arc, time::Duration};

use lro::{
    Any, Code, Operation, OperationName, Status,
    pacing::Pacing,
    rules::{Age, Limit, Next, Reply, Rules, Trouble},
};

use super::State;
use lro_control::{Reply as Answered, failures_after};

use crate::{
    book::{End, Phase, Record, Span},
    clock::Time,
    driver::{Answer, Ended, Gone},
    lanes::Flight,
    registration::Own,
};

/// An operation that the task of the fleet decides about, without the lock.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) subject: Subject,
    pub(crate) kept: Kept,
    pub(crate) question: Question,
}

/// The part of a case that the decision does not change.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) id: u32,
    pub(crate) name: OperationName,
    pub(crate) kind: Arc<str>,
    own: Option<Arc<Own>>,
    /// Whether a starting call returned the operation.
    pub(crate) started: bool,
}

/// The part of a case that is put back, most of it changed by the decision.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) record: Record,
    pub(crate) trouble: Option<Trouble>,
    pub(crate) metadata: Option<Any>,
    /// Before which the server wants no call.
    pub(crate) floor: Time,
}

/// The question to decide.
#[derive(Debug)]
pub(crate) enum Question {
    /// When the first call is due.
    Begin,
    /// What follows the reply of the starting call.
    Started(Operation),
    /// What follows a call. A failure counts against the budget if `counts`.
    Replied { span: Span, reply: Reply, counts: bool },
}

/// The decision.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) id: u32,
    pub(crate) kept: Kept,
    pub(crate) next: Next,
    /// When the server read the state of the operation.
    pub(crate) looked: Age,
}

impl Subject {
    pub(crate) fn deadline(&self, of_fleet: Option<Age>) -> Option<Age> {
        self.own.as_ref().and_then(|own| own.deadline).unwrap_or(of_fleet)
    }

    /// Returns the pacing that the registration set.
    pub(crate) fn pacing(&self) -> Option<&Pacing> {
        self.own.as_ref()?.pacing.as_ref()
    }

    pub(crate) fn rules<'r>(&'r self, of_fleet: &'r Rules) -> &'r Rules {
        self.own.as_ref().and_then(|own| own.rules.as_ref()).unwrap_or(of_fleet)
    }
}

impl Question {
    /// Returns the time before which the server wants no call. // SPEC 32
    fn floor(&self, record: &Record, rules: &Rules) -> Time {
        let (from, wish) = match self {
            Self::Begin => (record.began, None),
            Self::Started(operation) => (record.began, operation.retry_after),
            Self::Replied { span, reply, .. } => (span.ended, reply.retry_after()),
        };
        match rules.hint(wish) {
            Duration::ZERO => Time::default(),
            hint => from.after(hint),
        }
    }
}

impl State {
    /// Counts the calls that have ended, and takes out the operations to decide about.
    pub(crate) fn take_out(&mut self, ended: &mut Vec<Ended>, cases: &mut Vec<Case>) -> Vec<Gone> {
        let now = self.clock.now();
        for Ended { flight, answer } in ended.drain(..) {
            match answer {
                Answer::Operation(id, reply) => self.take_reply(id, &flight, reply, now, cases),
                Answer::Page(number, page) => self.take_page(number, &flight, page, now, cases),
            }
        }
        let some = self.fresh.len().min(AT_ONCE);
        for id in self.fresh.drain(..some).collect::<Vec<_>>() {
            if self.book.get(id).is_some_and(|entry| entry.phase == Phase::New) {
                let first = self.book.get_mut(id).and_then(|entry| entry.cold.as_mut()?.first.take());
                let question = first.map_or(Question::Begin, |first| Question::Started(*first));
                cases.extend(self.take_case(id, question));
            }
        }
        mem::take(&mut self.gone)
    }

    /// Returns whether there are operations whose pacing is to begin or to end. Some may have been added since the last call of
    /// [`take_out`](Self::take_out), when no waker of the task was stored.
    pub(crate) fn has_more_to_take_out(&self) -> bool {
        !self.fresh.is_empty() || !self.gone.is_empty()
    }

    fn take_reply(&mut self, id: u32, flight: &Flight, reply: Reply, now: Time, cases: &mut Vec<Case>) {
        let sent = flight.sent;
        let answer = if flight.hangs { Some(self.hung()) } else { self.answer(&reply) };
        self.lanes.ended(flight, answer, now);
        // A failure while the service is known to be down says nothing about the operation.
        let counts = !self.lanes.is_shut(sent.key);
        if let Some(entry) = self.book.get_mut(id) {
            if let Some(group) = self.groups.get(entry.group) {
                self.notes.polled(&group.kind, &reply);
            }
            if entry.phase == Phase::CallingReserved {
                self.desk.unreserve();
            }
            if let Some(answer) = answer {
                let failures = failures_after(u32::from(entry.failures), answer, !counts);
                entry.failures = u8::try_from(failures).unwrap_or(u8::MAX);
            }
        }
        let span = Span { asked: sent.at, ended: now };
        cases.extend(self.take_case(id, Question::Replied { span, reply, counts }));
    }

    /// Takes out an operation, unless the wait for it has ended during the call.
    pub(super) fn take_case(&mut self, id: u32, question: Question) -> Option<Case> {
        let entry = self.book.get_mut(id)?;
        if entry.phase == Phase::Ended {
            self.litter.push(Box::new(question));
            self.end_pace(id);
            self.let_in(id);
            return None;
        }
        entry.phase = Phase::Judged;
        entry.is_out = true;
        let (trouble, metadata) = entry.take_state();
        let subject = Subject {
            id,
            name: entry.name.clone(),
            kind: self.groups.get(entry.group)?.kind.clone(),
            own: entry.own().cloned(),
            started: entry.started,
        };
        let floor = question.floor(&entry.record, subject.rules(&self.settings.rules));
        Some(Case { subject, kept: Kept { record: entry.record, trouble, metadata, floor }, question })
    }

    /// Puts an operation back, with what was decided.
    pub(crate) fn put_back(&mut self, verdict: Verdict, now: Time) {
        let id = verdict.id;
        let Some(entry) = self.book.get_mut(id).filter(|entry| entry.phase == Phase::Judged) else {
            if matches!(verdict.next, Next::Ask { .. }) {
                self.end_pace(id);
            }
            self.litter.push(Box::new(verdict.kept));
            self.litter.push(Box::new(verdict.next));
            return self.let_in(id);
        };
        let Verdict { kept: Kept { record, trouble, metadata, floor }, next, looked, .. } = verdict;
        entry.is_out = false;
        let is_hastened = entry.take_hastened();
        entry.record = record;
        entry.set_state(trouble, metadata.filter(|_| self.settings.keep_metadata));
        let failure = match next {
            Next::Ask { .. } if entry.is_unwanted() => return self.forget(id),
            Next::Ask { at, .. } => {
                let at = entry.record.at(at);
                let at = if is_hastened { now.max(floor).min(at) } else { at };
                let gives_up_at = entry.gives_up_at(self.settings.deadline);
                self.wait_until(id, at, floor, now);
                self.book.take_wakers(id, false, &mut self.woken);
                if gives_up_at <= now {
                    // The deadline passed while the pacing ran.
                    self.pass_deadline(id, gives_up_at, now);
                }
                return;
            }
            Next::Done(outcome) => {
                let end: End = Arc::new(Ok(outcome));
                self.metrics.count_finish(record.tally.running().as_secs_f64(), looked.as_secs_f64());
                if record.tally.replies > 0 {
                    let delay = looked.saturating_sub(record.tally.running()) / 2;
                    self.note_end(id, &end, Some(delay), now);
                }
                return self.conclude(id, end, now);
            }
            Next::Failed { status, .. } => status,
            Next::Expired { why, .. } => why.status(),
        };
        self.give_up(id, failure, now);
    }

    /// Ends the wait for an operation before the operation ends.
    pub(super) fn give_up(&mut self, id: u32, why: Status, now: Time) {
        let end: End = Arc::new(Err(why));
        self.metrics.given_up += 1;
        self.note_end(id, &end, None, now);
        self.conclude(id, end, now);
    }

    /// Releases an operation whose wait ended while the task of the fleet had it.
    fn let_in(&mut self, id: u32) {
        if let Some(entry) = self.book.get_mut(id) {
            entry.is_out = false;
            if entry.is_unwanted() {
                self.forget(id);
            }
        }
    }

    /// Ends the wait for an operation.
    pub(super) fn conclude(&mut self, id: u32, end: End, now: Time) {
        let Some(entry) = self.book.get(id) else {
            return;
        };
        let (is_over, registered) = (entry.is_unwanted() && !entry.is_out, entry.registered);
        self.book.conclude(id, end, now);
        if is_over {
            return self.forget(id);
        }
        self.book.take_wakers(id, true, &mut self.woken);
        if registered {
            self.desk.complete(id);
            self.wake_listeners();
        }
    }

    /// Returns what the end of a call says about the service. `None` if it says nothing.
    fn answer(&mut self, reply: &Reply) -> Option<Answered> {
        match reply {
            Reply::Returned(Ok(_)) => Some(Answered::Good),
            Reply::Returned(Err(status)) => Some(self.failure(status)),
            Reply::Cut(limit) => {
                self.metrics.unanswered += 1;
                // At a deadline it says nothing, because the call might have been answered in time.
                (*limit == Limit::Attempt).then(|| {
                    self.metrics.count_failure(Code::DeadlineExceeded);
                    Answered::TimedOut
                })
            }
        }
    }

    /// Counts a call that was cut to free its slot.
    pub(super) fn hung(&mut self) -> Answered {
        self.metrics.unanswered += 1;
        self.metrics.count_failure(Code::DeadlineExceeded);
        Answered::Cut
    }

    /// Counts a failed call. Returns what it says about the service.
    pub(super) fn failure(&mut self, status: &Status) -> Answered {
        self.metrics.count_failure(status.code());
        Answered::of_failed(status, self.settings.rules.hint(status.retry_after()))
    }
}

/// The operations that begin in one round, while the lock is held.
const AT_ONCE: usize = 256;
