//! What a fault of SQLite means for the caller.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use lro_registry::{StoreError, StoreErrorKind};
use rusqlite::{Error, ErrorCode};

use crate::file_system;

/// Translates the faults of one file.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    path: PathBuf,
    busy_timeout: Duration,
}

impl Faults {
    pub(crate) fn new(path: PathBuf, busy_timeout: Duration) -> Self {
        Self { path, busy_timeout }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Creates an error about the file: `<path> <message>`.
    pub(crate) fn new_error(&self, kind: StoreErrorKind, message: &str) -> StoreError {
        StoreError::new(kind, format!("{} {message}", self.path.display()))
    }

    pub(crate) fn translate(&self, error: Error) -> StoreError {
        use StoreErrorKind::{Corrupt, Full, Invalid, Other, ReadOnly, Refused, Unavailable};
        let folder = folder_of(&self.path);
        let (kind, message) = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
                Unavailable,
                format!("is locked by another connection for more than {:?}", self.busy_timeout),
            ),
            Some(ErrorCode::DiskFull) => {
                (Full, "has no space left: free space on its file system".to_owned())
            }
            Some(ErrorCode::SystemIoFailure) if file_system::is_full(folder) => {
                (Full, "has no space left: free space on its file system".to_owned())
            }
            Some(ErrorCode::SystemIoFailure) => (Unavailable, "cannot be read or written".to_owned()),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => (ReadOnly, "is read-only".to_owned()),
            Some(ErrorCode::CannotOpen) if self.path.is_dir() => {
                (Refused, "is a folder: pass the path of a file".to_owned())
            }
            Some(ErrorCode::CannotOpen) if !folder.is_dir() => {
                (Refused, "cannot be created: its folder does not exist: create the folder first".to_owned())
            }
            Some(ErrorCode::CannotOpen) if file_system::is_read_only(folder) => {
                (ReadOnly, "cannot be opened: its folder is read-only".to_owned())
            }
            Some(ErrorCode::CannotOpen) => (Unavailable, "cannot be opened".to_owned()),
            Some(ErrorCode::DatabaseCorrupt) => (Corrupt, "is damaged: restore a backup".to_owned()),
            Some(ErrorCode::NotADatabase) => (Corrupt, "is not an SQLite database, or is damaged".to_owned()),
            Some(ErrorCode::TooBig) => (Invalid, "cannot store so large a value".to_owned()),
            _ => (Other, "reports a fault".to_owned()),
        };
        self.new_error(kind, &message).with_source(error)
    }
}

/// Returns the folder of a file, `.` for a path that names none.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}
