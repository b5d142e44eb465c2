use std::{fmt, time::Duration};

use super::{Age, Call, FailedCall, Limit, Reply, Retry, Rules, Tally, Trouble};
use crate::{Any, Code, Operation, Origin, Outcome, Status, pacing::Moment};

/// What a driver knows of an operation when a call about it has ended.
#[derive(Debug)]
pub struct Known<'a> {
    /// The name that was asked for.
    pub name: &'a str,
    /// The state of every operation.
    pub tally: &'a mut Tally,
    /// The state of one whose calls have failed; made by the first failure.
    pub trouble: &'a mut Option<Trouble>,
    /// The last metadata.
    pub metadata: &'a mut Option<Any>,
}

/// What a driver does next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// It makes the next call at this age, which is the deadline at the latest.
    Ask {
        /// When the call is due.
        at: Age,
        /// What this call brought.
        seen: Seen,
    },
    /// The operation is done.
    Done(Outcome),
    /// The wait has failed. The operation may still be running.
    Failed(Status),
    /// The wait has used up its time. The operation may still be running.
    Expired {
        /// What has ended the wait.
        why: Expiry,
        /// What this call brought.
        seen: Seen,
    },
}

/// What a call brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A good reply: the operation is running.
    Running,
    /// Nothing: the call failed or was cut.
    Nothing,
}

/// Why a wait ends although neither the operation nor a call has ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// The pacing returned no delay.
    Pacing,
    /// The deadline passed.
    Deadline,
    /// The deadline passed and cut a call.
    DeadlineDuringCall,
    /// The deadline passed, and the last call was not answered within its grace.
    LastCallUnanswered,
}

impl Rules {
    /// Keeps how a call ended, and decides what to do next.
    ///
    /// `pace` returns the delay after a good reply, `None` to give up. It receives the moment and the metadata of this
    /// very reply; an error of it ends the wait (see [`guard`](super::guard)). `chance` is uniform in `0.0..1.0`.
    pub fn step(
        &self,
        known: Known<'_>,
        call: Call,
        reply: Reply,
        pace: impl FnOnce(&Moment, Option<&Any>) -> Result<Option<Duration>, Status>,
        chance: f64,
    ) -> Next {
        if !matches!(&reply, Reply::Returned(Err(status)) if status.is_refused()) {
            known.tally.polls = known.tally.polls.saturating_add(1);
        }
        let next = match reply {
            Reply::Returned(Ok(operation)) => self.keep_reply(known, call, operation, pace),
            Reply::Returned(Err(status)) => self.keep_failure(known, call, status, chance),
            Reply::Cut(Limit::Attempt) => {
                self.keep_failure(known, call, Status::unanswered(self.attempt_timeout), chance)
            }
            Reply::Cut(Limit::Deadline) => {
                Next::Expired { why: Expiry::DeadlineDuringCall, seen: Seen::Nothing }
            }
            Reply::Cut(Limit::Grace) => {
                Next::Expired { why: Expiry::LastCallUnanswered, seen: Seen::Nothing }
            }
        };
        match (next, call.deadline) {
            (Next::Ask { seen, .. }, Some(deadline)) if call.ended >= deadline => {
                Next::Expired { why: Expiry::Deadline, seen }
            }
            (Next::Ask { at, seen }, Some(deadline)) => Next::Ask { at: at.min(deadline), seen },
            (next, _) => next,
        }
    }

    fn keep_reply(
        &self,
        Known { name, tally, trouble, metadata }: Known<'_>,
        call: Call,
        operation: Operation,
        pace: impl FnOnce(&Moment, Option<&Any>) -> Result<Option<Duration>, Status>,
    ) -> Next {
        let Operation { name: replied, metadata: fresh, outcome, retry_after } = operation;
        if !replied.is_empty() && replied != name {
            return Next::Failed(Status::malformed(
                "the reply names another operation, which was not followed",
            ));
        }
        tally.replies = tally.replies.saturating_add(1);
        let is_fresh = fresh.is_some();
        if is_fresh {
            *metadata = fresh;
        }
        if let Some(outcome) = outcome {
            return Next::Done(outcome);
        }
        tally.saw_running(call.looked());
        if let Some(trouble) = trouble {
            trouble.refill();
        }
        let moment = Moment::new(call.ended, tally.replies).with_round_trip(call.round_trip());
        // Old metadata would be old progress.
        match pace(&moment, metadata.as_ref().filter(|_| is_fresh)) {
            Ok(Some(delay)) => {
                let at = call.next(delay, self.hint(retry_after));
                Next::Ask { at, seen: Seen::Running }
            }
            Ok(None) => Next::Expired { why: Expiry::Pacing, seen: Seen::Running },
            Err(status) => Next::Failed(status),
        }
    }

    fn keep_failure(&self, known: Known<'_>, call: Call, status: Status, chance: f64) -> Next {
        let Known { tally, trouble, .. } = known;
        let had_reply = tally.replies > 0;
        let failed = FailedCall { status, age: call.ended, had_reply, counts: call.counts };
        match self.retry(trouble.get_or_insert_default(), failed, chance) {
            Retry::After(delay) => Next::Ask { at: call.ended.saturating_add(delay), seen: Seen::Nothing },
            Retry::Exhausted(status) | Retry::Final(status) => Next::Failed(status),
        }
    }
}

impl Call {
    /// The age at which the next call is due after a good reply; `hint` is the server's wish, a floor under the delay.
    ///
    /// The time for which a server held the call is part of the pause, but there is no hot loop.
    fn next(&self, delay: Duration, hint: Duration) -> Age {
        if self.held {
            let paced = self.asked.saturating_add(delay.max(LEAST_GAP));
            return paced.max(self.ended.saturating_add(hint));
        }
        self.ended.saturating_add(delay.max(hint))
    }
}

impl Expiry {
    /// The status of a wait that ended so.
    pub fn status(self) -> Status {
        stopped(self)
    }
}

/// The status of a wait that a driver ends: `DEADLINE_EXCEEDED` of [`Origin::StoppedAsking`].
pub fn stopped(why: impl fmt::Display) -> Status {
    Status::new(Code::DeadlineExceeded, format!("stopped asking: {why}")).with_origin(Origin::StoppedAsking)
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pacing => "the pacing gave up",
            Self::Deadline => "the deadline passed",
            Self::DeadlineDuringCall => "the deadline passed during a call",
            Self::LastCallUnanswered => "the deadline passed, and the last call was not answered",
        })
    }
}

/// From one held call to the next, if the server lets it return at once: ten calls a second at most.
const LEAST_GAP: Duration = Duration::from_millis(100);
