use lro::{Any, Operation};

use crate::Reply;

/// What a reply says of an operation that is not so.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lie {
    name: Option<String>,
    not_done: bool,
    metadata: Option<Any>,
}

/// Lies. They change the operation of a [usual](Reply::usual) reply on its way out, never the operation itself, and
/// nothing of any other reply: an error, a page of operations, a subscription.
impl Reply {
    /// Gives the operation another name; an empty one is left out.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.lie.name = Some(name.into());
        self
    }

    /// Says that the operation is running, without a response or an error, even if it is done.
    pub fn not_done(mut self) -> Self {
        self.lie.not_done = true;
        self
    }

    /// Gives the operation other metadata.
    pub fn metadata(mut self, metadata: Any) -> Self {
        self.lie.metadata = Some(metadata);
        self
    }
}

impl Lie {
    pub(crate) fn tell(self, operation: Operation) -> Operation {
        Operation {
            name: self.name.unwrap_or(operation.name),
            metadata: self.metadata.or(operation.metadata),
            outcome: operation.outcome.filter(|_| !self.not_done),
            ..operation
        }
    }
}
