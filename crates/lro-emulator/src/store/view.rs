use std::time::Duration;

use lro::Operation;

use crate::script::Metadata;

/// The state of an operation without the metadata of its script, which a closure of the test computes: it is called when
/// the store is no longer locked.
pub(crate) struct View {
    operation: Operation,
    metadata: Option<(Metadata, Duration)>,
}

impl View {
    /// A state, and the metadata to compute for the time that the operation has run.
    pub(super) fn new(operation: Operation, metadata: Option<(Metadata, Duration)>) -> Self {
        Self { operation, metadata }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.operation.is_done()
    }

    /// Computes the metadata. The store must not be locked.
    pub(crate) fn read(self) -> Operation {
        let scripted = self.metadata.map(|(metadata, elapsed)| metadata(elapsed));
        Operation { metadata: scripted.or(self.operation.metadata), ..self.operation }
    }
}

impl From<Operation> for View {
    fn from(operation: Operation) -> Self {
        Self { operation, metadata: None }
    }
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.operation.fmt(f)
    }
}
