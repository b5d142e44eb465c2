//! The reference: what a wait must do, by the words of the specification, from what the server saw.
//!
//! It shares no code with the library and knows nothing of futures: it reads the calls one after the other.

use std::{ops::RangeInclusive, time::Duration};

use lro::Code;

use crate::{
    scenario::{Pace, Scenario, Truth},
    server::{Call, Reply},
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
    Call(RangeInclusive<Duration>),
    /// The end, at this time.
    End(End, Duration),
}

/// A wait as far as it has come. Times are since it began.
pub(crate) struct Model<'a> {
    scenario: &'a Scenario,
    /// Between which times the next call is due, the deadline aside.
    due: (Duration, Duration),
    failures: u32,
    good: u32,
    refused: bool,
    end: Option<(End, Duration)>,
}

impl<'a> Model<'a> {
    pub(crate) fn new(scenario: &'a Scenario) -> Self {
        let first = scenario.first_poll_after;
        Self { scenario, due: (first, first), failures: 0, good: 0, refused: false, end: None }
    }

    pub(crate) fn expected(&self) -> Expected {
        match &self.end {
            Some((end, at)) => Expected::End(end.clone(), *at),
            None => {
                let deadline = self.scenario.deadline.unwrap_or(Duration::MAX);
                Expected::Call(self.due.0.min(deadline)..=self.due.1.min(deadline).saturating_add(TICK))
            }
        }
    }

    /// Takes one call.
    pub(crate) fn heed(&mut self, call: &Call) {
        let deadline = self.scenario.deadline.unwrap_or(Duration::MAX);
        let attempt = self.scenario.attempt_timeout;
        // SPEC 35
        let (until, ends) = if call.at >= deadline {
            (call.at + attempt.min(GRACE), true)
        } else if call.at.saturating_add(attempt) > deadline {
            (deadline, true)
        } else {
            (call.at.saturating_add(attempt), false)
        };
        let answered = call.takes.map(|time| call.at + time).filter(|at| *at <= until);
        match answered {
            Some(at) => self.judge(call.reply, call.hint.unwrap_or_default(), at),
            None if ends => self.finish(End::Stopped, until),
            None => self.judge(Reply::Failed(Code::DeadlineExceeded), Duration::ZERO, until),
        }
        if self.end.is_none() && answered.unwrap_or(until) >= deadline {
            self.finish(End::Stopped, answered.unwrap_or(until));
        }
    }

    fn judge(&mut self, reply: Reply, wish: Duration, at: Duration) {
        // SPEC 32
        let floor = wish.min(Duration::from_secs(600));
        match reply {
            Reply::Done => self.finish(End::True(self.scenario.truth), at),
            // SPEC 7, 20
            Reply::Broken | Reply::Other => self.finish(End::Malformed, at),
            Reply::Running => {
                (self.failures, self.refused) = (0, false);
                self.good += 1;
                let pause = pause(self.scenario.pace, at, self.good).max(floor);
                self.due = (at + pause, at + pause);
            }
            Reply::OutOfQuota => self.finish(End::CallFailed(Code::ResourceExhausted), at),
            Reply::Failed(code) => self.judge_failure(code, floor, at),
        }
    }

    fn judge_failure(&mut self, code: Code, floor: Duration, at: Duration) {
        let is_early = code == Code::NotFound && self.good == 0 && at < self.scenario.not_found_for;
        let may_pass = match code {
            // SPEC 26
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Internal
            | Code::Unknown
            | Code::Aborted
            | Code::ResourceExhausted => true,
            // SPEC 30
            Code::Unauthenticated => !self.refused,
            // SPEC 31
            Code::NotFound => is_early,
            // SPEC 28
            _ => false,
        };
        // SPEC 27
        let has_budget = is_early || self.scenario.failures.is_none_or(|budget| self.failures < budget);
        if !may_pass || !has_budget {
            return self.finish(End::CallFailed(code), at);
        }
        if !is_early {
            self.failures += 1;
        }
        if code == Code::Unauthenticated {
            self.refused = true;
            self.due = (at + floor, at + floor);
            return;
        }
        // SPEC 33
        let doublings = self.failures.max(1) - 1;
        let whole = Duration::from_secs(1 << doublings.min(10)).min(Duration::from_secs(60));
        self.due = (at + (whole / 2).max(floor), at + whole.max(floor));
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
