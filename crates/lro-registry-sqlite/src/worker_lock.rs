//! The lock of the one worker process.

use std::{
    fs::{self, File, TryLockError},
    io::Write,
    path::PathBuf,
    process,
    time::SystemTime,
};

use lro_registry::{StoreError, StoreErrorKind, store::WorkerLock};

use crate::fault::{self, Faults};

/// Locks the file beside the store's file.
///
/// It is a lock of the operating system: it ends with the process, however that ends. What the file says is only for people.
/// The file stays, because a file that is removed can be locked by two processes at once.
pub(crate) fn lock(faults: &Faults) -> Result<WorkerLock, StoreError> {
    let path = path(faults);
    let opened = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = opened.map_err(|error| failed(faults, error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(&path).unwrap_or_default();
            let holder = if holder.is_empty() { "another process" } else { holder.trim_end() };
            let message = format!("has a worker: {holder} holds {}", path.display());
            return Err(faults.new_error(StoreErrorKind::Held, &message));
        }
        Err(TryLockError::Error(error)) => return Err(failed(faults, error)),
    }
    // A full disk does not stop the worker: then the file says nothing, or something old.
    if file.set_len(0).is_ok() {
        drop(file.write_all(holder().as_bytes()));
    }
    Ok(WorkerLock::of(Locked(file)))
}

/// A file that is unlocked when this is dropped.
///
/// Closing the file would not be enough: a process that another thread starts has the descriptor, and with it the lock,
/// until it runs its program.
#[derive(Debug)]
struct Locked(File);

impl Drop for Locked {
    fn drop(&mut self) {
        drop(self.0.unlock());
    }
}

fn path(faults: &Faults) -> PathBuf {
    let mut path = faults.path().as_os_str().to_owned();
    path.push("-worker");
    path.into()
}

/// Describes this process. Two containers may have the same process id, so the name of the host is a part of it.
fn holder() -> String {
    let since = httpdate::fmt_http_date(SystemTime::now());
    format!("process {}{} since {since}\n", process::id(), host())
}

#[cfg(unix)]
fn host() -> String {
    format!(" on {}", rustix::system::uname().nodename().to_string_lossy())
}

#[cfg(not(unix))]
fn host() -> String {
    String::new()
}

fn failed(faults: &Faults, error: std::io::Error) -> StoreError {
    use std::io::ErrorKind;
    let is_full = crate::file_system::is_full(fault::folder_of(faults.path()));
    let kind = match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => StoreErrorKind::ReadOnly,
        ErrorKind::StorageFull => StoreErrorKind::Full,
        _ if is_full => StoreErrorKind::Full,
        _ => StoreErrorKind::Unavailable,
    };
    faults
        .new_error(
            kind,
            &format!("cannot be locked for a worker: {} cannot be opened or locked", path(faults).display()),
        )
        .with_source(error)
}
