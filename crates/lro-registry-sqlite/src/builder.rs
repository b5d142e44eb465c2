use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use lro_registry::{StoreError, StoreErrorKind};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{
    SqliteStore,
    fault::{self, Faults},
    file_system, reader, schema,
    store::Threads,
    trouble::Trouble,
    writer::{Changes, Writer},
};

/// The settings of a [`SqliteStore`], from [`SqliteStore::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    path: PathBuf,
    busy_timeout: Duration,
    allows_network_file_system: bool,
}

impl Builder {
    pub(crate) fn new(path: &Path) -> Self {
        // The process may change its folder later.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { path, busy_timeout: BUSY_TIMEOUT, allows_network_file_system: false }
    }

    /// Sets how long a call waits while another connection holds the lock of the file. Default: 10 s; at most 24 days.
    ///
    /// After that time the call returns [`StoreErrorKind::Unavailable`], and nothing of it is stored.
    pub fn busy_timeout(self, busy_timeout: Duration) -> Self {
        Self { busy_timeout: busy_timeout.min(LONGEST_BUSY_TIMEOUT), ..self }
    }

    /// Sets whether the file may lie on a network file system. Default: `false`.
    ///
    /// The log of the file needs memory that all its processes share. Processes on two hosts share none, and damage the file.
    /// Many network file systems also have locks that do not lock. Set it only if one host alone opens the file and the
    /// locks of the file system are known to work.
    pub fn allow_network_file_system(self, allow: bool) -> Self {
        Self { allows_network_file_system: allow, ..self }
    }

    /// Opens the file, and creates it if it does not exist. The folder must exist.
    ///
    /// # Errors
    ///
    /// - [`Unavailable`](StoreErrorKind::Unavailable): the file is locked.
    /// - [`Refused`](StoreErrorKind::Refused): there is no such folder, the file lies on a network file system, or belongs to another program.
    /// - [`Newer`](StoreErrorKind::Newer): a later version of this crate has changed the file, and excludes this version.
    /// - [`Corrupt`](StoreErrorKind::Corrupt): the file is damaged, or is no SQLite database.
    /// - [`ReadOnly`](StoreErrorKind::ReadOnly): the file or its folder cannot be written.
    /// - [`Full`](StoreErrorKind::Full): there is no space to create the file or to bring it up to date.
    pub async fn open(self) -> Result<SqliteStore, StoreError> {
        let faults = Faults::new(self.path.clone(), self.busy_timeout);
        let (sender, opened) = tokio::sync::oneshot::channel();
        let spawned = thread::Builder::new().name("lro-sqlite-open".to_owned()).spawn({
            let faults = faults.clone();
            move || drop(sender.send(self.open_here(&faults)))
        });
        spawned.map_err(|error| no_thread(&faults, error))?;
        opened.await.map_err(|_| faults.new_error(StoreErrorKind::Other, "could not be opened"))?
    }

    fn open_here(self, faults: &Faults) -> Result<SqliteStore, StoreError> {
        self.check_folder(faults)?;
        let connection = self.open_to_write(faults)?;
        let reading = self.open_to_read().map_err(|error| faults.translate(error))?;
        let changes = Arc::<Changes>::default();
        let writer = Writer {
            connection,
            faults: faults.clone(),
            busy_timeout: self.busy_timeout,
            changes: Arc::clone(&changes),
            trouble: Trouble::default(),
            identity: file_system::identity(&self.path),
            data_version: None,
        };
        let (write, messages) = mpsc::channel();
        let (read, calls) = mpsc::channel();
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            let spawned = thread::Builder::new().name(name.to_owned()).spawn(run);
            spawned.map(drop).map_err(|error| no_thread(faults, error))
        };
        spawn("lro-sqlite-write", Box::new(move || writer.run(&messages)))?;
        let reader_faults = faults.clone();
        spawn("lro-sqlite-read", Box::new(move || reader::run(&reading, &reader_faults, &calls)))?;
        Ok(SqliteStore::new(Threads { write, read, changes, faults: faults.clone(), builder: self }))
    }

    fn check_folder(&self, faults: &Faults) -> Result<(), StoreError> {
        let folder = fault::folder_of(&self.path);
        if !folder.is_dir() {
            let message = "cannot be created: its folder does not exist: create the folder first";
            return Err(faults.new_error(StoreErrorKind::Refused, message));
        }
        match file_system::network(folder) {
            Some(name) if !self.allows_network_file_system => {
                let message = format!(
                    "lies on {name}, a network file system, where processes on two hosts damage it: \
                     move it to a local disk, or set `allow_network_file_system` if one host alone opens it"
                );
                Err(faults.new_error(StoreErrorKind::Refused, &message))
            }
            _ => Ok(()),
        }
    }

    fn open_to_write(&self, faults: &Faults) -> Result<Connection, StoreError> {
        let fault = |error| faults.translate(error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = self.connect(flags).map_err(fault)?;
        if connection.is_readonly("main").map_err(fault)? {
            return Err(faults.new_error(StoreErrorKind::ReadOnly, "is read-only"));
        }
        // Nothing is written before it is known that the file is of this crate.
        schema::version(&connection, faults)?;
        self.use_log(&connection).map_err(fault)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(fault)?;
        connection.pragma_update(None, "journal_size_limit", LONGEST_IDLE_LOG).map_err(fault)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB).map_err(fault)?;
        schema::migrate(&mut connection, faults)?;
        Ok(connection)
    }

    /// Opens a connection that reads.
    pub(crate) fn open_to_read(&self) -> rusqlite::Result<Connection> {
        self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    pub(crate) fn busy_limit(&self) -> Duration {
        self.busy_timeout
    }

    fn connect(&self, flags: OpenFlags) -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(self.busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        Ok(connection)
    }

    /// Switches the file to a write-ahead log. SQLite does not wait by itself while another process does the same.
    fn use_log(&self, connection: &Connection) -> rusqlite::Result<()> {
        let begin = Instant::now();
        loop {
            let switched = connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()));
            match switched {
                Err(error)
                    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                        && begin.elapsed() < self.busy_timeout =>
                {
                    thread::sleep(Duration::from_millis(20));
                }
                switched => return switched,
            }
        }
    }
}

fn no_thread(faults: &Faults, error: std::io::Error) -> StoreError {
    faults.new_error(StoreErrorKind::Unavailable, "has no thread: the system starts none").with_source(error)
}

/// Longer than a backup program or a person's statement usually holds the lock, and shorter than the lease of a poll.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// SQLite counts the milliseconds in 32 bits with a sign, and `rusqlite` panics above 24.8 days.
const LONGEST_BUSY_TIMEOUT: Duration = Duration::from_secs(24 * 24 * 60 * 60);

/// The size to which the log is cut after a long read made it grow: 64 MiB.
const LONGEST_IDLE_LOG: i64 = 64 << 20;

/// The page cache of the connection that writes: 16 MiB. The upper levels of the indexes of a million records take less.
const CACHE_KIB: i64 = 16 << 10;

/// More than the statements of this crate, so that each is prepared once.
const STATEMENTS: usize = 64;
