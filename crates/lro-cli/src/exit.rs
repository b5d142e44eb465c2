use std::{error::Error, fmt, io};

use lro::{Code, Origin, Status};
use lro_registry::StoreError;

use crate::{
    explain::{chained, explained},
    text::Shown,
};

/// Why the command ends, in the order of the exit codes: of several operations the highest counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Every operation is done, and what was asked for was written.
    #[default]
    Done = 0,
    /// An operation failed.
    Failed = 1,
    /// The command line, or a file that it names, is not valid, or the service does not have the call. Nothing was changed by it.
    Usage = 2,
    /// A credential is missing, invalid, or not enough.
    Credentials = 3,
    /// The service does not know an operation.
    NotFound = 4,
    /// A call of a service, of a store or of the system failed.
    CallFailed = 5,
    /// A reply broke the protocol.
    Malformed = 6,
    /// The deadline passed. It is the code of `timeout`.
    Deadline = 124,
    /// Ctrl-C. It is the code that shells give.
    Interrupted = 130,
    /// The reader of stdout has closed it. It is the code that shells give for SIGPIPE.
    ClosedPipe = 141,
}

impl Exit {
    /// Returns the code for the end of a wait or the failure of a call.
    pub(crate) fn of(status: &Status) -> Self {
        // What was not sent for another reason than its arguments says nothing of the operation.
        let is_unasked = status.is_refused() && !status.may_be_running();
        match (status.origin(), status.code()) {
            (Origin::OperationFailed, _) => Self::Failed,
            (Origin::MalformedReply, _) => Self::Malformed,
            (Origin::StoppedAsking, Code::DeadlineExceeded) => Self::Deadline,
            (Origin::StoppedAsking, _) => Self::CallFailed,
            (Origin::CallFailed, Code::Unauthenticated | Code::PermissionDenied) => Self::Credentials,
            (Origin::CallFailed, Code::NotFound) => Self::NotFound,
            (Origin::CallFailed, _) if is_unasked => Self::Usage,
            (Origin::CallFailed, _) => Self::CallFailed,
        }
    }

    /// Returns the code for the failure of a call that is not a poll: a service that does not have it was not asked for anything.
    pub(crate) fn of_call(status: &Status) -> Self {
        match (status.origin(), status.code()) {
            (Origin::CallFailed, Code::Unimplemented) => Self::Usage,
            _ => Self::of(status),
        }
    }
}

/// Why the command failed as a whole: the exit code, and one line about what happened and what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// Empty for an end that needs no explanation, such as that of the reader of stdout.
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into() }
    }

    pub(crate) fn call(message: impl Into<String>) -> Self {
        Self { exit: Exit::CallFailed, message: message.into() }
    }

    /// The failure to listen on an address, with advice for what the system says most often.
    pub(crate) fn listen(address: impl fmt::Display, error: &(dyn Error + 'static)) -> Self {
        let advice = match error.downcast_ref().map(io::Error::kind) {
            Some(io::ErrorKind::AddrInUse) => {
                ": another process has the port: give another --port, or leave it out for a free one"
            }
            Some(io::ErrorKind::PermissionDenied) => ": give a --port from 1024 on",
            Some(io::ErrorKind::AddrNotAvailable) => ": --host is no address of this machine",
            _ => "",
        };
        Self::call(format!("cannot listen on {address}: {error}{advice}"))
    }

    /// The failure of a write to stdout.
    pub(crate) fn stdout(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self { exit: Exit::ClosedPipe, message: String::new() },
            _ => Self::call(format!("cannot write to stdout: {error}")),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Shown(&self.message))
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self { exit: Exit::of_call(&status), message: explained(&status) }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::from(lro_registry::Error::from(error))
    }
}

impl From<lro_registry::Error> for Failure {
    fn from(error: lro_registry::Error) -> Self {
        use lro_registry::{
            Error,
            StoreErrorKind::{Invalid, Refused},
        };
        let is_usage = match &error {
            Error::Conflict(_) | Error::Invalid(_) => true,
            Error::Store(error) => matches!(error.kind(), Invalid | Refused),
            _ => false,
        };
        let exit = if is_usage { Exit::Usage } else { Exit::CallFailed };
        Self { exit, message: chained(&error) }
    }
}

/// Returns whether the operation is worth another wait: it may be running, and is not unknown to the service.
pub(crate) fn is_resumable(status: &Status) -> bool {
    let exit = Exit::of(status);
    status.may_be_running() && !matches!(exit, Exit::NotFound | Exit::Usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_the_code_of_its_origin() {
        let failed = Status::new(Code::NotFound, "").with_origin(Origin::OperationFailed);
        assert_eq!(Exit::of(&failed), Exit::Failed);
        assert_eq!(Exit::of(&Status::new(Code::NotFound, "")), Exit::NotFound);
        assert_eq!(Exit::of(&Status::new(Code::PermissionDenied, "")), Exit::Credentials);
        assert_eq!(Exit::of(&Status::unavailable("")), Exit::CallFailed);
        assert_eq!(Exit::of(&Status::new(Code::InvalidArgument, "")), Exit::CallFailed);
        assert_eq!(Exit::of(&Status::invalid_argument("")), Exit::Usage);
        assert_eq!(Exit::of(&Status::malformed("")), Exit::Malformed);
        assert_eq!(Exit::of(&Status::unimplemented("")), Exit::CallFailed);
        assert_eq!(Exit::of_call(&Status::unimplemented("")), Exit::Usage);
        assert_eq!(Exit::of(&lro::rules::stopped("the deadline passed")), Exit::Deadline);
    }

    #[test]
    fn the_highest_code_counts() {
        assert!(
            Exit::Done < Exit::Failed
                && Exit::Malformed < Exit::Deadline
                && Exit::Deadline < Exit::Interrupted
        );
    }
}
