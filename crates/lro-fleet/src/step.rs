//! What becomes of an operation after a call: pure, for time and chance are passed in.

use std::time::Duration;

use lro::{Code, Operation, Origin, Outcome, Status, Tolerance, pacing::Moment, tolerance::Verdict};

use crate::{
    record::{More, Record},
    time::Time,
};

/// What holds for every operation of a fleet.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) tolerance: Tolerance,
    pub(crate) deadline: Option<Duration>,
    pub(crate) attempt_timeout: Duration,
}

/// A call about an operation, which has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) asked: Time,
    pub(crate) ended: Time,
}

/// How a call ended.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// The transport returned.
    Returned(Result<Operation, Status>),
    /// It was cut short.
    Cut(Limit),
}

/// What ends a call that is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The timeout of each call.
    Attempt,
    /// The deadline of the operation, which comes sooner.
    Deadline,
    /// The time for the last call, which was made when the deadline had passed.
    Grace,
}

/// What to do about an operation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decision {
    /// Ask at that moment.
    Poll(Time),
    /// The operation is done.
    Complete(Outcome),
    /// The wait has failed: whether the operation has is not known.
    Fail(Status),
    /// The wait has ended: the operation may well go on.
    GiveUp(Status),
}

/// What is known of an operation when a call has ended.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    pub(crate) name: &'a str,
    pub(crate) record: &'a mut Record,
    /// Made when there is something to be kept in it.
    pub(crate) more: &'a mut Option<More>,
}

/// Keeps in the records how a call ended, and decides what to do.
///
/// `pace` tells the delay after a good reply, `None` to give up; `chance` is drawn from `0.0..1.0`.
pub(crate) fn step(
    known: Known<'_>,
    rules: &Rules,
    call: Call,
    reply: Reply,
    pace: impl FnOnce(&mut Record, &Moment) -> Option<Duration>,
    chance: f64,
) -> Decision {
    let Known { name, record, more } = known;
    record.polls = record.polls.saturating_add(1);
    let mut failed = |status| {
        let more = more.get_or_insert_default();
        keep_failure(record, more, rules, call, status, chance)
    };
    let decision = match reply {
        Reply::Returned(Err(status)) => failed(status.of_a_call()),
        Reply::Cut(Limit::Attempt) => failed(Status::unanswered(rules.attempt_timeout)),
        Reply::Returned(Ok(operation)) => {
            keep_reply(Known { name, record, more }, rules, call, operation, pace)
        }
        Reply::Cut(Limit::Deadline) => give_up("the deadline passed during a call"),
        Reply::Cut(Limit::Grace) => give_up("the deadline passed, and the last call was not answered"),
    };
    let Decision::Poll(at) = decision else {
        return decision;
    };
    match rules.deadline(record) {
        Some(deadline) if call.ended >= deadline => give_up("the deadline passed"),
        Some(deadline) => Decision::Poll(at.min(deadline)),
        None => Decision::Poll(at),
    }
}

/// The decision of a wait that ends before the operation does.
pub(crate) fn give_up(why: &str) -> Decision {
    let status = Status::new(Code::DeadlineExceeded, format!("stopped asking: {why}"));
    Decision::GiveUp(status.with_origin(Origin::StoppedAsking))
}

impl Rules {
    pub(crate) fn deadline(&self, record: &Record) -> Option<Time> {
        self.deadline.map(|deadline| record.began.after(deadline))
    }

    /// When a wait ends for which no call could be made any more.
    pub(crate) fn gives_up_at(&self, record: &Record) -> Option<Time> {
        self.deadline(record).map(|deadline| deadline.after(GRACE))
    }

    /// Until when a call that is made now may take, and what ends it then.
    pub(crate) fn limit(&self, record: &Record, asked: Time) -> (Time, Limit) {
        let until = asked.after(self.attempt_timeout);
        match self.deadline(record) {
            Some(deadline) if deadline <= asked => (until.min(asked.after(GRACE)), Limit::Grace),
            Some(deadline) if deadline < until => (deadline, Limit::Deadline),
            _ => (until, Limit::Attempt),
        }
    }
}

fn keep_reply(
    Known { name, record, more }: Known<'_>,
    rules: &Rules,
    call: Call,
    operation: Operation,
    pace: impl FnOnce(&mut Record, &Moment) -> Option<Duration>,
) -> Decision {
    let Operation { name: replied, metadata, outcome, retry_after } = operation;
    if !replied.is_empty() && replied != name {
        return Decision::Fail(Status::malformed(
            "the reply names another operation, which was not followed",
        ));
    }
    if metadata.is_some() {
        more.get_or_insert_default().metadata = metadata;
    }
    if let Some(outcome) = outcome {
        return Decision::Complete(outcome);
    }
    if let Some(more) = more {
        more.failures = 0;
        more.setbacks = 0;
        more.refused_credential = false;
    }
    record.running = call.middle().seconds_since(record.began) as f32;
    let moment = Moment::new(record.age(call.ended), record.replies(more.as_ref()))
        .with_round_trip(call.ended.since(call.asked));
    let Some(delay) = pace(record, &moment) else {
        return give_up("the pacing gave up");
    };
    Decision::Poll(call.ended.after(delay.max(rules.tolerance.hint(retry_after))))
}

fn keep_failure(
    record: &Record,
    more: &mut More,
    rules: &Rules,
    call: Call,
    status: Status,
    chance: f64,
) -> Decision {
    // Before its history is told: the call that failed is no reply.
    more.failed = more.failed.saturating_add(1);
    let history = record.history(Some(more), call.ended);
    let verdict = rules.tolerance.verdict(&status, &history);
    more.last_failure = Some(status.clone());
    if !matches!(verdict, Verdict::Survived | Verdict::Early) {
        return Decision::Fail(verdict.told(status, history.failures.saturating_add(1)));
    }
    more.setbacks = more.setbacks.saturating_add(1);
    if verdict == Verdict::Survived {
        more.failures = more.failures.saturating_add(1);
    }
    let hint = rules.tolerance.hint(status.retry_after());
    let is_new_refusal = status.code() == Code::Unauthenticated && !more.refused_credential;
    more.refused_credential |= is_new_refusal;
    let delay = if is_new_refusal {
        // The transport drops the credential that was refused: the next call brings a new one.
        Duration::ZERO
    } else {
        rules.tolerance.delay_after(more.setbacks, chance)
    };
    Decision::Poll(call.ended.after(delay.max(hint)))
}

impl Call {
    /// When the server is likely to have looked.
    pub(crate) fn middle(self) -> Time {
        self.asked.after(self.ended.since(self.asked) / 2)
    }
}

/// The time that the last call gets when the deadline has passed.
const GRACE: Duration = Duration::from_secs(2);
