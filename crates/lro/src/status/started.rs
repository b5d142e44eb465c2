use std::{error::Error, io};

use super::{Code, Origin, Status};

impl Status {
    /// Returns whether a starting call that failed with this status may have started an operation.
    ///
    /// It returns `false` if the service refused the request, and if nothing was sent:
    ///
    /// - the code is `INVALID_ARGUMENT`, `NOT_FOUND`, `PERMISSION_DENIED`, `UNAUTHENTICATED`, `RESOURCE_EXHAUSTED`, `FAILED_PRECONDITION`,
    ///   `OUT_OF_RANGE` or `UNIMPLEMENTED`, and the [origin](Self::origin) is the call
    ///   A timeout (HTTP 408) has the code `FAILED_PRECONDITION` and is no refusal.
    /// - the call [failed before](Self::is_refused) anything was sent, such as one without a credential
    /// - the connection was refused, by the [source](Error::source)
    ///
    /// [`may_be_running`](Self::may_be_running) is for the status of a wait.
    ///
    /// ```
    /// use lro::{Code, Status};
    ///
    /// assert!(!Status::new(Code::InvalidArgument, "no such paper").may_have_started());
    /// assert!(Status::unavailable("the connection was lost").may_have_started());
    /// ```
    pub fn may_have_started(&self) -> bool {
        use Code::{
            FailedPrecondition, InvalidArgument, NotFound, OutOfRange, PermissionDenied, ResourceExhausted,
            Unauthenticated, Unimplemented,
        };
        let refuses = matches!(
            self.code(),
            InvalidArgument
                | NotFound
                | PermissionDenied
                | Unauthenticated
                | ResourceExhausted
                | FailedPrecondition
                | OutOfRange
                | Unimplemented
        );
        let may_pass = self.code() == FailedPrecondition && self.transient() == Some(true);
        let is_refusal = self.origin() == Origin::CallFailed && refuses && !may_pass;
        !is_refusal && !self.is_refused() && !self.was_not_connected()
    }

    /// Returns whether the connection was refused: nothing was sent.
    fn was_not_connected(&self) -> bool {
        let mut source = self.source();
        while let Some(error) = source {
            let refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
            if error.downcast_ref().is_some_and(refused) {
                return true;
            }
            source = error.source();
        }
        false
    }
}
