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
        let Operation { name, outcome, running_error, .. } = match called {
            Ok(operation) => operation,
            Err(status) => return Self::Ended(Ending::GaveUp(status)),
        };
        match (outcome, OperationName::parse(&name)) {
            (Some(outcome), _) => Self::Ended(Ending::Done(outcome)),
            (None, Ok(name)) => Self::Running(name),
            (None, Err(fault)) => {
                let message =
                    format!("the operation that was started has no usable name: {}", fault.message());
                // Without a name there is no operation, so the error is that of the start.
                let refusal = running_error.filter(|_| name.is_empty());
                Self::Ended(Ending::GaveUp(refusal.unwrap_or_else(|| Status::malformed(message))))
            }
        }
    }
}
