use std::{mem, time::Duration};

use crate::{
    Code, Origin, Status,
    rules::{Age, Call, FailedCall, Limit, Retry, Rules, Trouble, stopped},
};

/// What becomes of the server's work when the deadline of a wait passes.
///
/// ```
/// # use std::time::Duration;
/// # use lro::{AtDeadline, Operation, OperationName, Status, poll_until_done, transport_fn};
/// # async fn example(name: OperationName) -> Result<(), Status> {
/// # let jobs = transport_fn(|name| async move { Ok(Operation::running(name.as_str())) });
/// let answer: serde_json::Value = poll_until_done(&jobs, name)
///     .deadline(Duration::from_secs(600))
///     .at_deadline(AtDeadline::CancelAndWait(Duration::from_secs(30)))
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtDeadline {
    /// It goes on; another wait by the same name may still have its outcome.
    #[default]
    Leave,
    /// The server is asked once to cancel it, for which there are two seconds beside those of the last call, and the
    /// wait ends with [`Origin::StoppedAsking`](crate::Origin::StoppedAsking) whatever comes of that.
    Cancel,
    /// The server is asked to cancel it, and the wait goes on for so much longer, [`Duration::MAX`] without a limit: it
    /// ends with the true outcome, which may be a success.
    CancelAndWait(Duration),
}

/// What came of [`Wait::cancel_and_wait`](crate::Wait::cancel_and_wait). To cancel is a request, not an outcome, so
/// there are five.
#[derive(Clone, Debug, PartialEq)]
pub enum Cancellation<R> {
    /// The operation finished with the code `CANCELLED`.
    Cancelled(Status),
    /// It finished all the same, and well.
    Finished(R),
    /// It finished with another error.
    Failed(Status),
    /// It may still be running: we stopped asking.
    StillRunning(Status),
    /// The service does not cancel operations. If the transport knows that, no call was made.
    Unsupported(Status),
}

/// How far the request to cancel an operation has come: a state machine beside the polls, without clock or transport.
#[derive(Debug, Default)]
pub(crate) struct Cancelling {
    stage: Stage,
    /// What a wait for the cancelled operation adds to the deadline.
    extension: Duration,
}

#[derive(Debug, Default)]
enum Stage {
    /// There is no request.
    #[default]
    Unwished,
    /// The request is sent until the server accepts or refuses it.
    Due,
    /// The request is sent once, and the wait ends with it.
    Parting,
    /// The server accepted.
    Accepted,
    /// The server refused, perhaps because the operation is done: the next reply shows it.
    Refused(Status),
}

/// What follows from the end of a request to cancel.
#[derive(Debug)]
pub(crate) enum Cancelled {
    /// The server accepted: the pace begins anew.
    Accepted,
    /// The server refused: the next poll shows whether the operation is done.
    Refused,
    /// The request is sent again at this age.
    Again(Age),
    /// The wait ends.
    Stop(Status),
}

impl Cancelling {
    /// Wishes to cancel, by the caller. Returns whether the wish is new.
    pub(crate) fn wish(&mut self) -> bool {
        let is_new = matches!(self.stage, Stage::Unwished);
        if is_new {
            self.stage = Stage::Due;
        }
        is_new
    }

    /// Does what the caller chose for the deadline, which passed `late` before now. Returns whether a request to cancel
    /// is due; if not, the wait ends.
    pub(crate) fn expire(&mut self, at_deadline: AtDeadline, late: Duration) -> bool {
        if !self.extension.is_zero() || !matches!(self.stage, Stage::Unwished) {
            return false;
        }
        match at_deadline {
            AtDeadline::Leave => return false,
            AtDeadline::CancelAndWait(more) if !more.is_zero() => {
                // From now: the last call may have taken all of its grace.
                self.extension = more.saturating_add(late);
                self.stage = Stage::Due;
            }
            AtDeadline::Cancel | AtDeadline::CancelAndWait(_) => self.stage = Stage::Parting,
        }
        true
    }

    /// Keeps how a request to cancel ended.
    pub(crate) fn replied(
        &mut self,
        rules: &Rules,
        trouble: &mut Trouble,
        call: Call,
        had_reply: bool,
        reply: Result<Result<(), Status>, Limit>,
        chance: f64,
    ) -> Cancelled {
        let is_last = matches!(self.stage, Stage::Parting);
        let refusal = match reply {
            Ok(Ok(())) if is_last => {
                return Cancelled::Stop(stopped(
                    "the deadline passed, and the server was asked to cancel the operation",
                ));
            }
            Ok(Ok(())) => {
                self.stage = Stage::Accepted;
                return Cancelled::Accepted;
            }
            Ok(Err(status)) => status.of_a_call(),
            Err(Limit::Attempt) => Status::unanswered(rules.attempt_timeout),
            Err(Limit::Deadline) => {
                return Cancelled::Stop(stopped("the deadline passed during the request to cancel"));
            }
            Err(Limit::Grace) => Status::unanswered(Rules::GRACE),
        };
        let failed = FailedCall { status: refusal.clone(), age: call.ended, had_reply, counts: call.counts };
        let is_over = is_last || call.deadline.is_some_and(|deadline| call.ended >= deadline);
        match rules.retry(trouble, failed, chance) {
            Retry::Exhausted(status) if !is_last => Cancelled::Stop(status),
            Retry::Final(status) if status.origin() == Origin::StoppedAsking => Cancelled::Stop(status),
            Retry::Final(_) if !is_last => {
                self.stage = Stage::Refused(refusal);
                Cancelled::Refused
            }
            Retry::After(delay) if !is_over => Cancelled::Again(call.ended.saturating_add(delay)),
            _ => Cancelled::Stop(stopped(
                "the deadline passed, and the request to cancel the operation failed",
            )),
        }
    }

    /// Whether there is no request to cancel.
    pub(crate) fn is_unwished(&self) -> bool {
        matches!(self.stage, Stage::Unwished)
    }

    /// Whether the server accepted to cancel.
    pub(crate) fn is_accepted(&self) -> bool {
        matches!(self.stage, Stage::Accepted)
    }

    /// Whether the next call is a request to cancel.
    pub(crate) fn is_due(&self) -> bool {
        matches!(self.stage, Stage::Due | Stage::Parting)
    }

    /// Whether the server refused to cancel; the next call shows why and must not be held.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.stage, Stage::Refused(_))
    }

    /// Whether the server refused what the caller chose for the deadline.
    pub(crate) fn is_refused_at_deadline(&self) -> bool {
        self.is_refused() && !self.extension.is_zero()
    }

    /// Takes the status by which the server refused, once. The caller may then ask again.
    pub(crate) fn take_refusal(&mut self) -> Option<Status> {
        match mem::take(&mut self.stage) {
            Stage::Refused(status) => Some(status),
            other => {
                self.stage = other;
                None
            }
        }
    }

    pub(crate) fn extension(&self) -> Duration {
        self.extension
    }
}

impl<R> Cancellation<R> {
    /// The outcome of a wait whose operation the server was asked to cancel.
    pub(crate) fn of(outcome: Result<R, Status>) -> Result<Self, Status> {
        let status = match outcome {
            Ok(response) => return Ok(Self::Finished(response)),
            Err(status) => status,
        };
        match (status.origin(), status.code()) {
            (Origin::OperationFailed, Code::Cancelled) => Ok(Self::Cancelled(status)),
            (Origin::OperationFailed, _) => Ok(Self::Failed(status)),
            (Origin::StoppedAsking, _) => Ok(Self::StillRunning(status)),
            (Origin::CallFailed | Origin::MalformedReply, _) => Err(status),
        }
    }
}
