//! A copy of the store in one file.

use std::{fs, path::Path, time::Duration};

use lro_registry::{StoreError, StoreErrorKind};
use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
    ffi,
};

use crate::fault::{self, Faults};

/// Copies the store as it is at one moment, with a connection of its own, while others write.
///
/// The copy appears under its name when it is complete.
pub(crate) fn back_up(source: &Connection, to: &Path, busy_timeout: Duration) -> Result<(), StoreError> {
    let faults = Faults::new(to.to_owned(), busy_timeout);
    if to.exists() {
        return Err(faults.new_error(StoreErrorKind::Refused, "exists: choose another path, or remove it"));
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    // What a backup that was killed has left.
    drop(fs::remove_file(partial));
    let copied = copy(source, partial).map_err(|error| faults.translate(error)).and_then(|()| {
        fs::rename(partial, to).map_err(|error| {
            faults.new_error(StoreErrorKind::Unavailable, "cannot be written").with_source(error)
        })
    });
    if copied.is_err() {
        drop(fs::remove_file(partial));
    }
    copied.map(|()| sync(fault::folder_of(to)))
}

fn copy(source: &Connection, partial: &Path) -> rusqlite::Result<()> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut target = Connection::open_with_flags(partial, flags)?;
    // All pages in one step: it reads one state of the store. Between smaller steps a write of another connection would
    // make SQLite begin again.
    if Backup::new(source, &mut target)?.step(-1)? != StepResult::Done {
        return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None));
    }
    // Without a log beside it, the copy is one file.
    target.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    target.close().map_err(|(_, error)| error)
}

/// Makes the name of the copy durable, where the platform has a way to do so.
fn sync(folder: &Path) {
    if let Ok(folder) = fs::File::open(folder) {
        drop(folder.sync_all());
    }
}
