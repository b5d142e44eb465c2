use lro::Status;

/// Returns the status of a call that is refused before anything is sent.
pub(crate) fn refused(message: impl Into<String>) -> Status {
    Status::invalid_argument(message)
}
