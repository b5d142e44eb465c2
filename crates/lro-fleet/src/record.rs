use std::time::Duration;

use lro::{Any, Course, OperationName, Report, Status, tolerance};

use crate::time::Time;

/// What is known of one operation: forty bytes of plain data.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) began: Time,
    /// When to ask next, at the deadline at the latest; once it has ended, when it did.
    pub(crate) due: Time,
    pub(crate) course: Course,
    /// When it was last seen running, in seconds since the begin, half-way between a call and its reply; 0 for never.
    pub(crate) running: f32,
    /// The calls made.
    pub(crate) polls: u32,
}

/// What is known of few operations: failed calls, and metadata if the service sends any.
#[derive(Clone, Debug, Default)]
pub(crate) struct More {
    /// In a row, those that count against the budget.
    pub(crate) failures: u32,
    /// All in a row.
    pub(crate) setbacks: u32,
    /// All.
    pub(crate) failed: u32,
    pub(crate) refused_credential: bool,
    pub(crate) last_failure: Option<Status>,
    pub(crate) metadata: Option<Any>,
}

impl Record {
    pub(crate) fn begin(now: Time) -> Self {
        Self { began: now, due: now, ..Self::default() }
    }

    /// The good replies so far.
    pub(crate) fn replies(&self, more: Option<&More>) -> u32 {
        self.polls - more.map_or(0, |more| more.failed)
    }

    /// The time since the begin.
    pub(crate) fn age(&self, now: Time) -> Duration {
        now.since(self.began)
    }

    /// What the next failed call is judged by.
    pub(crate) fn history(&self, more: Option<&More>, now: Time) -> tolerance::History {
        tolerance::History {
            failures: more.map_or(0, |more| more.failures),
            elapsed: self.age(now),
            had_reply: self.replies(more) > 0,
            refused_credential: more.is_some_and(|more| more.refused_credential),
        }
    }

    /// What is known at `now`.
    pub(crate) fn report(
        &self,
        more: Option<&More>,
        name: OperationName,
        is_done: bool,
        now: Time,
    ) -> Report {
        let mut report = Report::default();
        report.name = Some(name);
        report.polls = self.polls;
        report.elapsed = self.age(now);
        report.done = is_done;
        report.last_failure = more.and_then(|more| more.last_failure.clone());
        report.last_metadata = more.and_then(|more| more.metadata.clone());
        report
    }
}
