use lro::{
    Any, OperationName, Report,
    pacing::CompactState,
    rules::{Age, Rules, Tally, Trouble},
};

use crate::time::Time;

/// What is known of one operation: 48 bytes of plain data.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) began: Time,
    /// When to ask next, at the deadline at the latest; once it has ended, when it did.
    pub(crate) due: Time,
    /// Of a pacing that is one schedule for many.
    pub(crate) state: CompactState,
    pub(crate) tally: Tally,
}

/// What is known of few operations: failed calls, and metadata if the service sends any.
#[derive(Clone, Debug, Default)]
pub(crate) struct More {
    pub(crate) trouble: Option<Trouble>,
    pub(crate) metadata: Option<Any>,
}

impl Record {
    pub(crate) fn begin(now: Time) -> Self {
        Self { began: now, due: now, ..Self::default() }
    }

    /// The time since the begin.
    pub(crate) fn age(&self, now: Time) -> Age {
        now.since(self.began)
    }

    /// The time of an age.
    pub(crate) fn at(&self, age: Age) -> Time {
        self.began.after(age)
    }

    /// When the wait is given up for which no call could be made any more, `deadline` after its begin.
    pub(crate) fn gives_up_at(&self, deadline: Option<Age>) -> Option<Time> {
        deadline.map(|deadline| self.at(deadline).after(Rules::GRACE))
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
        report.polls = self.tally.polls;
        report.elapsed = self.age(now);
        report.done = is_done;
        report.last_failure = more.and_then(|more| more.trouble.as_ref()?.last_failure().cloned());
        report.last_metadata = more.and_then(|more| more.metadata.clone());
        report
    }
}

impl More {
    pub(crate) fn is_empty(&self) -> bool {
        self.trouble.is_none() && self.metadata.is_none()
    }
}

/// The times at which a call was made and ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) asked: Time,
    pub(crate) ended: Time,
}
