use std::{error, fmt, sync::Arc};

/// A fault of a store.
#[derive(Clone, Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: String,
    source: Option<Arc<dyn error::Error + Send + Sync>>,
}

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store cannot be reached, did not answer in time, or is busy.
    Unavailable,
    /// The store accepts no writes: it is read-only.
    ReadOnly,
    /// The store has no space left.
    Full,
    /// The store belongs to a later version of this crate.
    Newer,
    /// The data of the store is damaged.
    Corrupt,
    /// Another worker holds the store.
    Held,
    /// The store refuses the use: its file lies where it would be damaged, in no folder, or belongs to another program.
    Refused,
    /// The request cannot be stored: it is beyond a limit.
    Invalid,
    /// The store reported a fault that this crate does not know.
    Other,
}

impl StoreError {
    /// Creates an error. The message is a lower-case phrase without a full stop.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Sets the cause.
    pub fn with_source(self, source: impl error::Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }

    /// Returns what is wrong.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Returns whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        use StoreErrorKind::{Full, Other, ReadOnly, Unavailable};
        matches!(self.kind, Unavailable | ReadOnly | Full | Other)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl error::Error for StoreError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(self.source.as_deref()? as _)
    }
}
