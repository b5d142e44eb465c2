use std::{mem, time::Duration};

use crate::{
    Code, Origin, Status,
    rules::{Age, Call, Expiry, FailedCall, Limit, Retry, Rules, Trouble, stopped},
    status::excerpt::{Excerpt, without_stop},
};

/// Whether the deadline of a wait cancels the operation on the server.
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
    /// The operation goes on. Another wait by the same name can reach its outcome.
    #[default]
    Leave,
    /// The wait sends one request to cancel, and ends with [`Origin::StoppedAsking`](crate::Origin::StoppedAsking)
    /// whatever the reply is.
    ///
    /// The request may take two seconds in addition to those of the last call.
    Cancel,
    /// The wait sends a request to cancel, and continues for this much longer; [`Duration::MAX`] is no limit.
    ///
    /// It ends with the outcome of the operation, which may be a success.
    /// Zero is the same as [`AtDeadline::Cancel`].
    CancelAndWait(Duration),
}

/// The result of [`Wait::cancel_and_wait`](crate::Wait::cancel_and_wait).
///
/// A cancellation is a request that the server may ignore, so the result has five variants.
#[derive(Clone, Debug, PartialEq)]
pub enum Cancellation<R> {
    /// The operation finished with the code `CANCELLED`.
    Cancelled(Status),
    /// The operation finished with a response in spite of the request.
    Finished(R),
    /// The operation finished with another error.
    Failed(Status),
    /// The wait stopped polling. The operation may still be running.
    StillRunning(Status),
    /// The service does not cancel operations. No call is made if the transport declares that.
    Unsupported(Status),
}

/// The state machine of a request to cancel an operation. It has neither a clock nor a transport.
#[derive(Debug, Default)]
pub(crate) struct Cancelling {
    stage: Stage,
    /// The time that a wait for the cancelled operation adds to the deadline.
    extension: Duration,
}

#[derive(Debug, Default)]
enum Stage {
    /// There is no request.
    #[default]
    Unwished,
    /// The request is sent until the server accepts it or it fails.
    Due,
    /// The request is sent once, and the wait ends after it.
    Parting,
    /// The server accepted.
    Accepted,
    /// The request failed, perhaps because the operation is done. The next reply shows whether it is.
    Failed { what: &'static str, status: Status },
}

/// What a wait does after a request to cancel.
#[derive(Debug)]
pub(crate) enum Cancelled {
    /// The server accepted. A new schedule begins.
    Accepted,
    /// The request failed. The next poll shows whether the operation is done.
    Failed,
    /// The request is sent again at this age.
    Again(Age),
    /// The wait ends.
    Stop(Status),
}

impl Cancelling {
    /// Makes a request to cancel due, on behalf of the caller. Returns whether there was none before.
    pub(crate) fn wish(&mut self) -> bool {
        let is_new = matches!(self.stage, Stage::Unwished);
        if is_new {
            self.stage = Stage::Due;
        }
        is_new
    }

    /// Applies the caller's choice for the deadline, which passed `late` ago.
    ///
    /// Returns whether a request to cancel is due. If not, the wait ends.
    pub(crate) fn expire(&mut self, at_deadline: AtDeadline, late: Duration) -> bool {
        if !self.extension.is_zero() || !matches!(self.stage, Stage::Unwished) {
            return false;
        }
        match at_deadline {
            AtDeadline::Leave => return false,
            AtDeadline::CancelAndWait(more) if !more.is_zero() => {
                // Counts from now, because the last call may have used all of its grace.
                self.extension = more.saturating_add(late);
                self.stage = Stage::Due;
            }
            AtDeadline::Cancel | AtDeadline::CancelAndWait(_) => self.stage = Stage::Parting,
        }
        true
    }

    /// Applies the reply to a request to cancel.
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
            Err(Limit::Deadline) => Status::unanswered(call.ended.saturating_sub(call.asked)),
            Err(Limit::Grace) => Status::unanswered(Rules::GRACE),
        };
        let failed = FailedCall { status: refusal.clone(), call, had_reply };
        let is_over = call.deadline.is_some_and(|deadline| call.ended >= deadline);
        let retry = rules.retry(trouble, failed, chance);
        let what = if matches!(retry, Retry::Final(_)) { REFUSED } else { UNSENT };
        let status = match retry {
            Retry::Final(status) if status.origin() == Origin::StoppedAsking => {
                return Cancelled::Stop(status);
            }
            _ if is_last => {
                return Cancelled::Stop(stopped(format_args!("{}, and {what}", Expiry::Deadline)));
            }
            Retry::After(delay) if !is_over => return Cancelled::Again(call.ended.saturating_add(delay)),
            Retry::Exhausted(status) => status,
            Retry::After(_) | Retry::Final(_) => refusal,
        };
        self.stage = Stage::Failed { what, status };
        Cancelled::Failed
    }

    /// Returns the status of a wait that expires.
    pub(crate) fn expired(&self, why: Expiry) -> Status {
        match self.stage {
            Stage::Accepted => stopped(format_args!("{why}; {ACCEPTED}, and it has not ended")),
            Stage::Failed { what, .. } => stopped(format_args!("{why}, and {what}")),
            Stage::Unwished | Stage::Due | Stage::Parting => why.status(),
        }
    }

    /// Adds the result of the request to the status of a failed call that ends the wait.
    pub(crate) fn failed(&self, status: Status) -> Status {
        let result = match &self.stage {
            Stage::Accepted => ACCEPTED.to_owned(),
            Stage::Failed { what, status } => {
                format!("{what}: {}", Excerpt::new(status.message(), LONGEST_FAILURE))
            }
            Stage::Unwished | Stage::Due | Stage::Parting => return status,
        };
        let message = format!("{}; {result}", without_stop(status.message()));
        status.with_message(message)
    }

    /// Returns whether there is no request to cancel.
    pub(crate) fn is_unwished(&self) -> bool {
        matches!(self.stage, Stage::Unwished)
    }

    /// Returns whether the server accepted the request.
    pub(crate) fn is_accepted(&self) -> bool {
        matches!(self.stage, Stage::Accepted)
    }

    /// Returns whether the next call is a request to cancel.
    pub(crate) fn is_due(&self) -> bool {
        matches!(self.stage, Stage::Due | Stage::Parting)
    }

    /// Returns whether the request failed. The server must not hold the next call, which shows the reason.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.stage, Stage::Failed { .. })
    }

    /// Returns whether the request that the deadline made due failed.
    pub(crate) fn has_failed_at_deadline(&self) -> bool {
        self.has_failed() && !self.extension.is_zero()
    }

    /// Takes the failure of the request. Returns `None` the second time. The caller may then send another request.
    pub(crate) fn take_failure(&mut self) -> Option<Status> {
        match mem::take(&mut self.stage) {
            Stage::Failed { what, status } => Some(status.in_context(what)),
            other => {
                self.stage = other;
                None
            }
        }
    }

    /// Returns the time that is added to the deadline.
    pub(crate) fn extension(&self) -> Duration {
        self.extension
    }
}

impl<R> Cancellation<R> {
    /// Classifies the result of a wait after a request to cancel.
    ///
    /// # Errors
    ///
    /// A failed call or a malformed reply.
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

const ACCEPTED: &str = "the server accepted to cancel the operation";
const REFUSED: &str = "the server refused to cancel the operation";
const UNSENT: &str = "the request to cancel the operation failed";

/// Enough for the message of most failures.
const LONGEST_FAILURE: usize = 200;
