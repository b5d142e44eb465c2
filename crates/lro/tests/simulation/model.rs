//! The reference: what a wait must do, by the words of the specification, from what the server saw.
//!
//! It shares no code with the library and knows nothing of futures: it reads the calls one after the other.

use std::{ops::RangeInclusive, time::Duration};

use lro::{AtDeadline, Code};
use lro_testkit::replies::Truth;

use crate::{
    scenario::{Pace, Scenario},
    server::{Call, Reply, Verb},
};

/// How a wait ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// As the operation did.
    True(Truth),
    /// A failed call of this code that is not survived.
    CallFailed(Code),
    /// The server says that an operation that was there is no more.
    Malformed,
    /// The deadline.
    Stopped,
}

/// What the reference expects after so many calls.
#[derive(Debug)]
pub(crate) enum Expected {
    /// One more call, between these times.
    Call(Verb, RangeInclusive<Duration>),
    /// The end, at this time.
    End(End, Duration),
}

/// A wait as far as it has come. Times are since it began.
pub(crate) struct Model<'a> {
    scenario: &'a Scenario,
    deadline: Duration,
    /// When the last call was over.
    now: Duration,
    /// Between which times the next call is due, the deadline aside.
    due: (Duration, Duration),
    /// Before when the server wants no poll.
    floor: Duration,
    failures: u32,
    /// The failed calls in a row, whether or not they count.
    setbacks: u32,
    /// Whether any call was answered well.
    is_known: bool,
    /// The good replies since the pace began, and when that was.
    good: (u32, Duration),
    refused_credential: bool,
    /// Whether NOT_FOUND was survived within its window.
    was_early: bool,
    cancel: Cancel,
    end: Option<(End, Duration)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cancel {
    No,
    /// To be sent, by the caller's wish or because of the deadline.
    Due {
        at_deadline: bool,
    },
    /// To be sent once.
    Last,
    Accepted,
    Refused {
        by: Code,
        at_deadline: bool,
    },
}

impl<'a> Model<'a> {
    pub(crate) fn new(scenario: &'a Scenario) -> Self {
        let is_cancelled = scenario.is_cancelled && scenario.can_cancel;
        let first = if is_cancelled { Duration::ZERO } else { scenario.not_before };
        Self {
            scenario,
            deadline: scenario.deadline.unwrap_or(Duration::MAX),
            now: Duration::ZERO,
            due: (first, first),
            floor: Duration::ZERO,
            failures: 0,
            setbacks: 0,
            is_known: false,
            good: (0, Duration::ZERO),
            refused_credential: false,
            was_early: false,
            cancel: if is_cancelled { Cancel::Due { at_deadline: false } } else { Cancel::No },
            end: None,
        }
    }

    pub(crate) fn expected(&self) -> Expected {
        if let Some((end, at)) = &self.end {
            return Expected::End(end.clone(), *at);
        }
        let verb = match self.cancel {
            Cancel::Due { .. } | Cancel::Last => Verb::Cancel,
            Cancel::No | Cancel::Accepted | Cancel::Refused { .. } => Verb::Get,
        };
        // What is due by now is due at once.
        let clip = |due: Duration| due.min(self.deadline).max(self.now);
        let (first, last) = (clip(self.due.0), clip(self.due.1));
        Expected::Call(verb, first..=last.saturating_add(TICK))
    }

    /// Takes one call.
    pub(crate) fn heed(&mut self, call: &Call) {
        let attempt = self.scenario.attempt_timeout;
        let is_late = call.at >= self.deadline;
        // SPEC 35
        let (until, is_last) = if is_late {
            (call.at + attempt.min(GRACE), true)
        } else if call.at.saturating_add(attempt) > self.deadline {
            (self.deadline, true)
        } else {
            (call.at.saturating_add(attempt), false)
        };
        let answered = call.takes.map(|time| call.at + time).filter(|at| *at <= until);
        let at = answered.unwrap_or(until);
        self.now = at;
        // SPEC 32
        let wish = call.hint.unwrap_or_default().min(Duration::from_secs(600));
        if call.verb != Verb::Cancel {
            self.floor = at.saturating_add(answered.map_or(Duration::ZERO, |_| wish));
        }
        match answered {
            _ if self.cancel == Cancel::Last => self.finish(End::Stopped, at),
            Some(_) => self.judge(call.reply, wish, at),
            None if is_last && call.verb != Verb::Cancel => return self.expire(at),
            None => self.judge(Reply::Failed(Code::DeadlineExceeded), Duration::ZERO, until),
        }
        if self.end.is_none() && at >= self.deadline {
            // Whatever became of a request to cancel, a last poll shows whether the operation is done.
            match (call.verb, self.cancel) {
                (Verb::Cancel, Cancel::Accepted | Cancel::Refused { .. }) => {}
                (Verb::Cancel, Cancel::Due { at_deadline }) => {
                    self.cancel = Cancel::Refused { by: Code::DeadlineExceeded, at_deadline };
                    self.due = self.at_once(at);
                }
                _ => self.expire(at),
            }
        }
    }

    /// SPEC 37
    fn expire(&mut self, at: Duration) {
        if self.cancel != Cancel::No || !self.scenario.can_cancel {
            return self.finish(End::Stopped, at);
        }
        match self.scenario.at_deadline {
            AtDeadline::Leave => return self.finish(End::Stopped, at),
            AtDeadline::CancelAndWait(more) if more > Duration::ZERO => {
                self.deadline = at.saturating_add(more);
                self.cancel = Cancel::Due { at_deadline: true };
            }
            AtDeadline::Cancel | AtDeadline::CancelAndWait(_) => self.cancel = Cancel::Last,
        }
        self.due = (at, at);
    }

    /// Returns when the poll is due that follows a request to cancel.
    fn at_once(&self, at: Duration) -> (Duration, Duration) {
        (at.max(self.floor), at.max(self.floor))
    }

    fn judge(&mut self, reply: Reply, floor: Duration, at: Duration) {
        match reply {
            Reply::Done(truth) => self.finish(End::True(truth), at),
            // SPEC 7, 20
            Reply::Broken | Reply::Other => self.finish(End::Malformed, at),
            Reply::Running => {
                self.refill();
                self.good.0 += 1;
                let pause = pause(self.scenario.pace, at - self.good.1, self.good.0).max(floor);
                self.due = (at + pause, at + pause);
                match self.cancel {
                    Cancel::Refused { at_deadline: true, .. } => self.finish(End::Stopped, at),
                    Cancel::Refused { by, .. } if at < self.deadline => self.finish(End::CallFailed(by), at),
                    _ => {}
                }
            }
            // SPEC 39
            Reply::Accepted => {
                self.refill();
                (self.cancel, self.good, self.due) = (Cancel::Accepted, (0, at), self.at_once(at));
            }
            Reply::OutOfQuota => self.finish(End::CallFailed(Code::ResourceExhausted), at),
            Reply::Failed(code) => self.judge_failure(code, floor, at),
        }
    }

    fn judge_failure(&mut self, code: Code, floor: Duration, at: Duration) {
        let is_early = code == Code::NotFound && !self.is_known && at < self.scenario.not_found_for;
        let may_pass = match code {
            // SPEC 26
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Internal
            | Code::Unknown
            | Code::Aborted
            | Code::ResourceExhausted => true,
            // SPEC 30
            Code::Unauthenticated => !self.refused_credential,
            // SPEC 31
            Code::NotFound => is_early,
            // SPEC 28
            _ => false,
        };
        // SPEC 27
        let is_free = is_early || code == Code::Unauthenticated;
        let has_budget = is_free || self.scenario.failures.is_none_or(|budget| self.failures < budget);
        match self.cancel {
            Cancel::Due { at_deadline } if !may_pass || !has_budget => {
                self.cancel = Cancel::Refused { by: code, at_deadline };
                self.due = self.at_once(at);
                return;
            }
            _ if !may_pass || !has_budget => return self.finish(End::CallFailed(code), at),
            _ => {}
        }
        self.setbacks += 1;
        if !is_free {
            self.failures += 1;
        }
        self.was_early |= is_early;
        // SPEC 31: the last poll is made when the window ends, whatever failed since.
        let is_within = self.was_early && !self.is_known && at < self.scenario.not_found_for;
        let left = if is_within { self.scenario.not_found_for - at } else { Duration::MAX };
        if code == Code::Unauthenticated {
            self.refused_credential = true;
            self.due = (at + floor.min(left), at + floor.min(left));
            return;
        }
        // SPEC 33
        let doublings = self.setbacks - 1;
        let whole = Duration::from_secs(1 << doublings.min(10)).min(Duration::from_secs(60));
        self.due = (at + (whole / 2).max(floor).min(left), at + whole.max(floor).min(left));
    }

    fn refill(&mut self) {
        (self.failures, self.setbacks) = (0, 0);
        (self.refused_credential, self.is_known) = (false, true);
    }

    fn finish(&mut self, end: End, at: Duration) {
        self.end = Some((end, at));
    }
}

/// SPEC 34
fn pause(pace: Pace, elapsed: Duration, good: u32) -> Duration {
    match pace {
        Pace::Tenth => (elapsed / 10).clamp(Duration::from_millis(250), Duration::from_secs(45)),
        Pace::Doubling => Duration::from_secs(1 << (good - 1).min(10)).min(Duration::from_secs(60)),
        Pace::Every(pause) => pause,
    }
}

/// The granularity of tokio's timer.
pub(crate) const TICK: Duration = Duration::from_millis(1);

const GRACE: Duration = Duration::from_secs(2);
