use std::{fmt, time::Duration};

use super::{Age, Call, FailedCall, Limit, Reply, Retry, Rules, Tally, Trouble};
use crate::{Any, Code, Operation, Origin, Outcome, Status, pacing::Moment, status::excerpt::Excerpt};

/// The state of an operation that [`Rules::step`] reads and changes.
#[derive(Debug)]
pub struct Known<'a> {
    /// The name that the call asked for.
    pub name: &'a str,
    /// The counters of the wait.
    pub tally: &'a mut Tally,
    /// The failures. The first failed call creates them.
    pub trouble: &'a mut Option<Trouble>,
    /// The last metadata, `None` if the service sent none.
    pub metadata: &'a mut Option<Any>,
}

/// What a driver does next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// The driver makes another call.
    Ask {
        /// The age at which the call is due, at most the deadline.
        ///
        /// After a held call it may lie before [`Call::ended`]; the call is then due at once.
        at: Age,
        /// The result of the call that has ended.
        seen: Seen,
    },
    /// The operation is done.
    Done(Outcome),
    /// The wait ends with this status. The operation may still be running.
    Failed {
        /// The failure of the call, or of the caller's code.
        status: Status,
        /// The result of the call that has ended.
        seen: Seen,
    },
    /// The wait ends at its deadline, or because the pacing gives up. The operation may still be running.
    Expired {
        /// The reason.
        why: Expiry,
        /// The result of the call that has ended.
        seen: Seen,
    },
}

/// The result of a call, for reports of progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A successful reply: the operation is running.
    Running,
    /// A successful reply: the operation is done.
    Done,
    /// The call failed. [`Trouble::last_failure`] is its failure.
    Failed,
    /// No state of the operation: the deadline cut the call, the reply named another operation, or no call was made.
    Nothing,
}

/// Why a wait ends before the operation is done and without a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// The pacing gave up: it returned no delay.
    Pacing,
    /// The deadline passed.
    Deadline,
    /// The deadline passed during a call and cut it.
    DeadlineDuringCall,
    /// The deadline passed, and the last call had no reply within [`Rules::GRACE`].
    LastCallUnanswered,
}

impl Rules {
    /// Stores the result of a call in `known`, and decides what to do next. `chance` is uniform in `0.0..1.0`.
    ///
    /// `pace` runs after a successful reply of a running operation.
    /// It receives the moment and the metadata of this reply, `None` if the reply has none.
    /// It returns the delay to the next call, or `None` to give up.
    /// Its error ends the wait (see [`guard`](super::guard)).
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
            (Next::Expired { why: Expiry::Pacing, seen }, Some(deadline)) if call.ended >= deadline => {
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
        let Operation { name: replied, metadata: fresh, outcome, running_error, retry_after } = operation;
        if !replied.is_empty() && replied != name {
            let replied = Excerpt::new(&replied, LONGEST_NAME);
            let status = Status::malformed(format!(
                "the reply for {name} names another operation, {replied}, which was not followed"
            ));
            return Next::Failed { status, seen: Seen::Nothing };
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
        if let Some(error) = running_error {
            trouble.get_or_insert_default().keep_last(&error);
        }
        let moment = Moment::new(call.ended, tally.replies).with_round_trip(call.round_trip());
        // Metadata of an earlier reply would report outdated progress.
        match pace(&moment, metadata.as_ref().filter(|_| is_fresh)) {
            Ok(Some(delay)) => {
                let at = self.next(call, delay, self.hint(retry_after));
                Next::Ask { at, seen: Seen::Running }
            }
            Ok(None) => Next::Expired { why: Expiry::Pacing, seen: Seen::Running },
            Err(status) => Next::Failed { status, seen: Seen::Running },
        }
    }

    fn keep_failure(&self, known: Known<'_>, call: Call, status: Status, chance: f64) -> Next {
        let Known { tally, trouble, .. } = known;
        let had_reply = tally.replies > 0;
        let failed = FailedCall { status, call, had_reply };
        match self.retry(trouble.get_or_insert_default(), failed, chance) {
            Retry::After(delay) => Next::Ask { at: call.ended.saturating_add(delay), seen: Seen::Failed },
            Retry::Exhausted(status) | Retry::Final(status) => Next::Failed { status, seen: Seen::Failed },
        }
    }

    /// Returns the age at which the next call is due after a successful reply. `hint` is the least delay that the
    /// server asks for.
    ///
    /// The delay after a held call counts from the request, because the server has waited already. `LEAST_GAP` prevents
    /// a hot loop.
    fn next(&self, call: Call, delay: Duration, hint: Duration) -> Age {
        if call.held {
            let paced = call.asked.saturating_add(delay.max(LEAST_GAP));
            return paced.max(call.ended.saturating_add(hint));
        }
        call.ended.saturating_add(delay.max(hint).max(self.least_delay))
    }
}

impl Next {
    /// Returns the delay from the end of a call to the next call. `None` if the wait ends.
    pub fn pause(&self, ended: Age) -> Option<Duration> {
        match self {
            Self::Ask { at, .. } => Some(at.saturating_sub(ended)),
            _ => None,
        }
    }

    /// Returns the result of the call that has ended.
    pub fn seen(&self) -> Seen {
        match self {
            Self::Done(_) => Seen::Done,
            Self::Ask { seen, .. } | Self::Failed { seen, .. } | Self::Expired { seen, .. } => *seen,
        }
    }
}

impl Expiry {
    /// Returns the status of a wait that ended for this reason, as [`stopped`] does.
    pub fn status(self) -> Status {
        stopped(self)
    }
}

/// Returns the status of a wait that a driver ends: `DEADLINE_EXCEEDED` with [`Origin::StoppedAsking`].
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

/// The least time from one held call to the next: at most ten calls a second if the server replies at once. Below it
/// the calls load such a server; above it the end of a short operation is noticed late.
const LEAST_GAP: Duration = Duration::from_millis(100);

/// The longest name of another operation that is shown, in characters. Names in use are shorter.
const LONGEST_NAME: usize = 200;
