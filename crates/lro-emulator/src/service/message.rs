use bytes::Bytes;
use lro::{Operation, Status};

use crate::{api::json, reply::Lie};

/// The message that a service replies with.
#[derive(Debug)]
pub(crate) enum Message {
    Operation(Operation),
    /// Anything else, as JSON.
    Other(Bytes),
}

impl Message {
    /// The body of the reply, with an operation bent by a lie.
    pub(crate) fn body(self, lie: Lie) -> Result<Bytes, Status> {
        match self {
            Self::Operation(operation) => json::encode(&lie.apply(operation)),
            Self::Other(json) => Ok(json),
        }
    }
}

impl From<Operation> for Message {
    fn from(operation: Operation) -> Self {
        Self::Operation(operation)
    }
}

impl From<Bytes> for Message {
    fn from(json: Bytes) -> Self {
        Self::Other(json)
    }
}
