use serde::{Deserialize, Serialize};

use crate::{Operation, OperationName, Status, rules::Ending};

/// The result of a starting call, in the form that an engine stores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Started {
    /// The operation is running.
    Running(OperationName),
    /// The operation was done at once, or the starting call failed: [`Ending::GaveUp`].
    ///
    /// A call that failed without a refusal of the service may have started an operation.
    Ended(Ending),
    /// The call was made or was about to be made, and its result is lost. It is not repeated. The operation may exist.
    Unresolved,
}

impl From<Result<Operation, Status>> for Started {
    fn from(called: Result<Operation, Status>) -> Self {
        let started = called.and_then(|operation| match operation.outcome {
            Some(outcome) => Ok(Self::Ended(Ending::Done(outcome))),
            None => operation.started_name().map(Self::Running),
        });
        started.unwrap_or_else(|status| Self::Ended(Ending::GaveUp(status)))
    }
}
