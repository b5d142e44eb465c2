use std::time::Duration;

use crate::{Code, Origin, Status};

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

/// How far the wish to cancel an operation has come.
#[derive(Debug)]
pub(crate) enum Cancel {
    /// There is none.
    Unwished,
    /// The server is to be asked, until it accepts or refuses.
    Due,
    /// The server is to be asked once, and the wait ends with it.
    Parting,
    /// The server accepted.
    Accepted,
    /// The server refused, perhaps because the operation is done: the next reply tells.
    Refused(Status),
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

impl Cancel {
    pub(crate) fn is_to_be_sent(&self) -> bool {
        matches!(self, Self::Due | Self::Parting)
    }
}
