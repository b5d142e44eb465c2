use lro::Status;

/// Returns the failure of a call that was refused before anything was sent.
pub(crate) fn refused(message: impl Into<String>) -> Status {
    Status::invalid_argument(message)
}
