//! The reference: what becomes of one operation, by the words of the specification, from what the server saw.
//!
//! It shares no code with the library and knows nothing of futures. What a list tells of an operation may count for it or
//! not, by whether the operation was due in the fleet's eyes: so much is kept as a range.

use std::{ops::RangeInclusive, time::Duration};

use lro::{Code, Origin};
use lro_testkit::replies::Truth;

use crate::{
    log::{Reply, Told},
    scenario::{Pace, Scenario},
};

mod end;

/// How a wait ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// As the operation did.
    True(Truth),
    /// A failed call of this code that is not survived.
    CallFailed(Code),
    Malformed,
    /// The deadline, or the end of the fleet.
    Stopped,
}

/// An operation as long as the fleet knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) operation: usize,
    /// The wishes whose watches wait.
    pub(crate) watches: Vec<usize>,
    pub(crate) registered: bool,
    pub(crate) joined: Duration,
    pub(crate) calling: Option<Duration>,
    /// How it ended and when.
    pub(crate) end: Option<(End, Duration)>,
    /// How it may have ended.
    maybe: Option<(End, Duration)>,
    began: Duration,
    /// When the next call is due, the deadline aside.
    due: RangeInclusive<Duration>,
    failures: RangeInclusive<u32>,
    setbacks: RangeInclusive<u32>,
    /// Whether a call was answered well, for certain or perhaps.
    known: (bool, bool),
    /// Whether NOT_FOUND was survived within its window.
    was_early: bool,
    refused: (bool, bool),
    polls: u32,
    told: u32,
    last_call: bool,
}

impl Entry {
    pub(crate) fn new(operation: usize, at: Duration, scenario: &Scenario) -> Self {
        let late = if scenario.pace == Pace::Learned { Duration::MAX } else { at };
        Self {
            operation,
            watches: Vec::new(),
            registered: false,
            joined: at,
            calling: None,
            end: None,
            maybe: None,
            began: at,
            due: at..=late,
            failures: 0..=0,
            setbacks: 0..=0,
            known: (false, false),
            was_early: false,
            refused: (false, false),
            polls: 0,
            told: 0,
            last_call: false,
        }
    }

    pub(crate) fn is_wanted(&self) -> bool {
        !self.watches.is_empty() || self.registered
    }

    pub(crate) fn may_be_over(&self, scenario: &Scenario, at: Duration) -> bool {
        self.end.is_some() || self.maybe.is_some() || at >= self.deadline(scenario)
    }

    fn deadline(&self, scenario: &Scenario) -> Duration {
        self.began.saturating_add(scenario.deadline.unwrap_or(Duration::MAX))
    }

    /// Whether it may have ended by a failed call, and for certain has not.
    pub(crate) fn may_have_failed(&self) -> bool {
        self.end.is_none() && self.maybe.is_some()
    }

    /// Whether a wait that begins now is another one, because this one failed; `None` if that is not known.
    pub(crate) fn has_failed(&self, scenario: &Scenario, at: Duration) -> Option<bool> {
        match (self.end, self.maybe) {
            (Some((end, _)), _) => {
                Some(!matches!(end, End::True(Truth::Response | Truth::Error(_) | Truth::Neither)))
            }
            (None, Some(_)) => None,
            (None, None) => (at < self.deadline(scenario)).then_some(false),
        }
    }

    pub(crate) fn ask(&mut self, scenario: &Scenario, at: Duration, is_calm: bool) {
        assert!(self.end.is_none(), "a call after the end: {self:?}");
        assert!(self.calling.is_none(), "two calls at a time: {self:?}");
        assert!(!self.last_call, "a call after the last: {self:?}");
        if let Some((End::True(_), told)) = self.maybe {
            let may_be_held = self.registered && self.watches.is_empty();
            assert!(may_be_held || told == at, "a call although a list told that it is done: {self:?}");
        }
        self.maybe = None;
        let deadline = self.deadline(scenario);
        let (first, last) = (*self.due.start().min(&deadline), *self.due.end().min(&deadline));
        assert!(at + TICK >= first, "a call at {at:?}, but due at {first:?} at the soonest: {self:?}");
        assert!(
            !is_calm || at <= last.saturating_add(2 * TICK),
            "a call at {at:?}, but due at {last:?}: {self:?}"
        );
        assert!(
            at <= deadline.saturating_add(GRACE + TICK),
            "a call at {at:?}, with a deadline at {deadline:?}"
        );
        self.last_call = at >= deadline;
        self.calling = Some(at);
        self.polls += 1;
    }

    /// A call ended. A failure may not count against the budget if it `may_be_free`.
    pub(crate) fn reply(
        &mut self,
        scenario: &Scenario,
        reply: Reply,
        hint: Option<Duration>,
        may_be_free: bool,
        at: Duration,
    ) {
        self.calling = None;
        match reply {
            Reply::Done(truth) => return self.finish(End::True(truth), at),
            // SPEC 7, 20
            Reply::Broken | Reply::Other => return self.finish(End::Malformed, at),
            Reply::OutOfQuota => return self.finish(End::CallFailed(Code::ResourceExhausted), at),
            Reply::Running => {
                (self.failures, self.setbacks) = (0..=0, 0..=0);
                (self.known, self.refused) = ((true, true), (false, false));
                let tenth =
                    ((at - self.began) / 10).clamp(Duration::from_millis(250), Duration::from_secs(45));
                let pause = match scenario.pace {
                    Pace::Tenth => tenth..=tenth,
                    Pace::Every(pause) => pause..=pause,
                    Pace::Learned => Duration::ZERO..=Duration::MAX,
                };
                self.wait(scenario, pause, hint, Duration::MAX, at);
            }
            Reply::Failed(code) => self.fail(scenario, code, hint, may_be_free, at),
        }
        // If it may have ended by the failure, it may have ended by either.
        if self.end.is_none() && self.maybe.is_none() && at >= self.deadline(scenario) {
            self.finish(End::Stopped, at);
        }
    }

    /// The fleet did not wait for a reply any longer. Returns whether that is a failed call.
    pub(crate) fn cut(&mut self, scenario: &Scenario, may_be_free: bool, at: Duration) -> bool {
        let asked = self.calling.take().expect("a call in flight");
        let deadline = self.deadline(scenario);
        let attempt = scenario.attempt_timeout;
        let (until, is_failure) = if asked >= deadline {
            (asked + attempt.min(GRACE), false)
        } else if asked + attempt > deadline {
            (deadline, false)
        } else {
            (asked + attempt, true)
        };
        // One that hangs while others wait for its slot.
        let hangs = at < until && at >= asked + PATIENCE;
        assert!(
            hangs || (until..=until + 2 * TICK).contains(&at),
            "cut at {at:?}, not at {until:?}: {self:?}"
        );
        let is_failure = is_failure || hangs;
        if is_failure {
            self.calling = Some(asked);
            self.reply(scenario, Reply::Failed(Code::DeadlineExceeded), None, may_be_free, at);
        } else {
            self.finish(End::Stopped, at);
        }
        is_failure
    }

    /// A list told of it.
    pub(crate) fn tell(&mut self, scenario: &Scenario, reply: Reply, at: Duration) {
        if self.end.is_some() || self.calling.is_some() {
            return;
        }
        self.told += 1;
        match reply {
            // If the first telling did not count, a later one may.
            Reply::Done(_) if matches!(self.maybe, Some((End::True(_), _))) => {}
            Reply::Done(truth) => self.maybe = Some((End::True(truth), at)),
            _ => {
                self.failures = 0..=*self.failures.end();
                self.setbacks = 0..=0;
                (self.known.1, self.refused.0) = (true, false);
                if at >= self.deadline(scenario) {
                    self.maybe = Some((End::Stopped, at));
                }
            }
        }
    }

    fn wait(
        &mut self,
        scenario: &Scenario,
        pause: RangeInclusive<Duration>,
        hint: Option<Duration>,
        left: Duration,
        at: Duration,
    ) {
        // SPEC 32
        let floor = hint.unwrap_or_default().min(Duration::from_secs(600));
        let bounded = |pause: &Duration| (*pause).max(floor).min(left);
        let (least, most) = (bounded(pause.start()), bounded(pause.end()));
        let tick = scenario.tick.min(most / 40);
        self.due = at + least..=at.saturating_add(most).saturating_add(tick);
    }

    fn fail(
        &mut self,
        scenario: &Scenario,
        code: Code,
        hint: Option<Duration>,
        may_be_free: bool,
        at: Duration,
    ) {
        let in_window = at < self.began + scenario.not_found_for;
        // For certain and perhaps.
        let (may_pass, might_pass) = match code {
            // SPEC 26
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Internal
            | Code::Unknown
            | Code::Aborted
            | Code::ResourceExhausted => (true, true),
            // SPEC 30
            Code::Unauthenticated => (!self.refused.1, !self.refused.0),
            // SPEC 31
            Code::NotFound => (in_window && !self.known.1, in_window && !self.known.0),
            // SPEC 28
            _ => (false, false),
        };
        // SPEC 27
        let is_free = matches!(code, Code::NotFound | Code::Unauthenticated);
        let budget = scenario.failures.unwrap_or(u32::MAX);
        let has = |failures: &u32| is_free || *failures < budget;
        let end = End::CallFailed(code);
        if !might_pass || !may_be_free && !has(self.failures.start()) {
            return self.finish(end, at);
        }
        if !may_pass || !has(self.failures.end()) {
            self.maybe = Some((end, at));
        }
        // A failure may not count for the delay, but for the first.
        let least = (self.setbacks.start() + u32::from(!may_be_free)).max(1);
        self.setbacks = least..=self.setbacks.end() + 1;
        if !is_free {
            let least = self.failures.start() + u32::from(!may_be_free);
            self.failures = least..=self.failures.end() + 1;
        }
        self.was_early |= code == Code::NotFound;
        // SPEC 31: the last poll is made when the window ends, whatever failed since.
        let is_held = self.was_early && in_window && !self.known.0;
        let left = if is_held { self.began + scenario.not_found_for - at } else { Duration::MAX };
        if code == Code::Unauthenticated {
            self.refused = (true, true);
            return self.wait(scenario, Duration::ZERO..=Duration::ZERO, hint, left, at);
        }
        // SPEC 33
        let whole =
            |setbacks: &u32| Duration::from_secs(1 << (setbacks - 1).min(10)).min(Duration::from_secs(60));
        let (least, most) = (whole(self.setbacks.start()), whole(self.setbacks.end()));
        self.wait(scenario, least / 2..=most, hint, left, at);
    }

    /// Somebody is told, of a fleet that is being shut down since then.
    pub(crate) fn stop(&mut self, told: &Told, closing: Duration) {
        let stopped = told.as_ref().err().filter(|status| status.origin() == Origin::StoppedAsking);
        let report = stopped.and_then(lro::Status::report);
        let ended = report.map(|report| self.began + report.elapsed);
        if let Some(ended) = ended.filter(|ended| self.end.is_none() && *ended + TICK >= closing) {
            self.finish(End::Stopped, ended);
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        matches!(self.end, Some((End::Stopped, _)))
    }

    pub(crate) fn finish(&mut self, end: End, at: Duration) {
        self.end = Some((end, at));
    }
}

/// The granularity of tokio's timer.
pub(crate) const TICK: Duration = Duration::from_millis(1);

const GRACE: Duration = Duration::from_secs(2);
/// From when on a call that hangs may be cut.
const PATIENCE: Duration = Duration::from_secs(1);
