//! The stores, by a URL in one argument: `sqlite:PATH` or `postgres:CONFIG`.

use std::path::Path;

use lro_registry::Registry;
use lro_registry_postgres::PostgresStore;
use lro_registry_sqlite::SqliteStore;
use lro_testkit::postgres::Postgres;

use crate::Fault;

/// The database of a scenario.
#[derive(Debug)]
pub enum Database {
    /// A file in a folder, which is removed in the end.
    Sqlite(Folder),
    /// A server of this process.
    Postgres {
        /// The server.
        server: Postgres,
        /// The connection string of the database.
        config: String,
    },
}

/// A temporary folder, which is removed when the value is dropped.
#[derive(Debug)]
pub struct Folder(std::path::PathBuf);

impl Database {
    /// Creates a file in a new folder.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn sqlite() -> Result<Self, Fault> {
        Ok(Self::Sqlite(Folder::new()?))
    }

    /// Starts a server. `None` if there are no PostgreSQL binaries.
    pub fn postgres() -> Option<Self> {
        Some(Self::on(Postgres::start()?))
    }

    /// Starts a server that syncs its files at each commit. `None` if there are no PostgreSQL binaries.
    pub fn postgres_that_syncs() -> Option<Self> {
        Some(Self::on(Postgres::start_with(&["shared_buffers=512MB", "max_wal_size=4GB"])?))
    }

    fn on(server: Postgres) -> Self {
        let config = server.database();
        Self::Postgres { server, config }
    }

    /// Returns the URL, for children.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.path().join("registry.db").display()),
            Self::Postgres { config, .. } => format!("postgres:{config}"),
        }
    }

    /// Returns whether several workers share it.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }
}

impl Folder {
    /// Creates a folder.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn new() -> Result<Self, Fault> {
        let path = std::env::temp_dir().join(format!("lro-crash-{:016x}", fastrand::u64(..)));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Opens the registry in the store of this URL.
///
/// # Errors
///
/// The fault of the store, and a URL that names none.
pub async fn open(url: &str) -> Result<Registry, Fault> {
    match url.split_once(':') {
        Some(("sqlite", path)) => Ok(Registry::new(SqliteStore::open(path).await?)),
        Some(("postgres", config)) => {
            let store = PostgresStore::new(config)?;
            store.connect().await?;
            Ok(Registry::new(store))
        }
        _ => Err(format!("not the URL of a store: {url}").into()),
    }
}
