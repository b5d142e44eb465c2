use lro::{Any, Operation};

/// The false state of an operation that a reply reports.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lie {
    pub(super) name: Option<String>,
    pub(super) not_done: bool,
    pub(super) metadata: Option<Any>,
}

impl Lie {
    /// Returns the operation as the reply reports it.
    pub(crate) fn apply(self, operation: Operation) -> Operation {
        Operation {
            name: self.name.unwrap_or(operation.name),
            metadata: self.metadata.or(operation.metadata),
            outcome: operation.outcome.filter(|_| !self.not_done),
            ..operation
        }
    }
}
