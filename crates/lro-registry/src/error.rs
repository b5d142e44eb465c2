use std::{error, fmt};

use lro::{Operation, Status};

use crate::{Record, store::StoreError};

/// Why a registry did not do what it was asked to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The key belongs to another request.
    Conflict(Box<Conflict>),
    /// A part of the request is beyond a [limit](crate::limits), or has characters that are not allowed. Nothing was stored.
    Invalid(String),
    /// The starting call failed.
    Start {
        /// The failure.
        status: Status,
        /// Whether the service may have started an operation. The record then stays as an unresolved intent.
        may_have_started: bool,
    },
    /// The starting call returned an operation, and the store could not record it. The intent stays.
    Unrecorded {
        /// The operation. Its name is recorded nowhere else.
        operation: Box<Operation>,
        /// The fault of the store.
        source: StoreError,
    },
    /// The fault of the store.
    Store(StoreError),
}

/// Two requests with the same key and different fingerprints.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Conflict {
    /// The record that is stored.
    pub stored: Record,
    /// The fingerprint of the request that was refused.
    pub fingerprint: String,
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(conflict) => conflict.fmt(f),
            Self::Invalid(fault) => f.write_str(fault),
            Self::Start { status, may_have_started: false } => {
                write!(f, "the operation was not started: {status}")
            }
            Self::Start { status, may_have_started: true } => {
                write!(f, "the starting call failed, and the operation may run; the intent is kept: {status}")
            }
            Self::Unrecorded { operation, .. } => {
                write!(f, "{} was started, and the store did not record it", operation.name)
            }
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            Self::Unrecorded { source, .. } => Some(source),
            Self::Start { status, .. } => Some(status),
            Self::Conflict(_) | Self::Invalid(_) => None,
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Record { key, fingerprint, .. } = &self.stored;
        write!(
            f,
            "the key {key:?} belongs to another request: its fingerprint is {fingerprint:?}, and that of this request is {:?}",
            self.fingerprint
        )
    }
}
