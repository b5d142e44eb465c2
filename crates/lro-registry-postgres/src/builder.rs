use std::{fmt, time::Duration};

use lro_registry::{StoreError, StoreErrorKind};
use tokio::sync::Semaphore;

use crate::{
    PostgresStore,
    connection::{Connector, Settings},
};

/// Settings of a [`PostgresStore`].
#[must_use]
pub struct PostgresStoreBuilder {
    config: String,
    listen_address: Option<String>,
    listens: bool,
    roots: Vec<Vec<u8>>,
    settings: Settings,
}

impl PostgresStoreBuilder {
    pub(crate) fn new(config: &str) -> Self {
        let settings =
            Settings { schema: "lro".to_owned(), connections: 4, timeout: Duration::from_secs(10) };
        Self { config: config.to_owned(), listen_address: None, listens: true, roots: Vec::new(), settings }
    }

    /// Sets the schema that has the tables and functions. Default: `lro`.
    ///
    /// It is created if it does not exist. Registries with different schemas do not see each other's records.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.settings.schema = schema.into();
        self
    }

    /// Sets the most connections for calls, at least 1. Default: 4. A worker has one more that listens.
    pub fn connections(mut self, connections: usize) -> Self {
        self.settings.connections = connections.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// Sets the time after which a call is given up. Default: 10 s; at most 23 days.
    ///
    /// The server ends the statement then, and the call fails with
    /// [`Unavailable`](lro_registry::StoreErrorKind::Unavailable).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout.min(LONGEST_TIMEOUT);
        self
    }

    /// Sets whether the store listens for hints of other processes. Default: yes.
    ///
    /// Without it, a worker finds new records by polling only.
    pub fn listen(mut self, listens: bool) -> Self {
        self.listens = listens;
        self
    }

    /// Sets the connection string for the connection that listens. Default: that of the calls.
    ///
    /// A pooler in transaction mode does not deliver notifications. This is then the address of the server itself.
    pub fn listen_address(mut self, config: impl Into<String>) -> Self {
        self.listen_address = Some(config.into());
        self
    }

    /// Adds a root certificate, as PEM, to those of the system. The certificate of the server is then always verified.
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// Creates the store. It connects with the first call.
    ///
    /// # Errors
    ///
    /// [`Invalid`](StoreErrorKind::Invalid) for a connection string or a schema that is not valid.
    pub fn build(self) -> Result<PostgresStore, StoreError> {
        if !is_schema(&self.settings.schema) {
            let message =
                "a schema has 1 to 48 lower-case letters, digits and underscores, and begins with a letter";
            return Err(StoreError::new(StoreErrorKind::Invalid, message));
        }
        let connector = Connector::parse(&self.config, &self.roots)?;
        let listen = self.listen_address.as_ref().unwrap_or(&self.config);
        let listener = self.listens.then(|| Connector::parse(listen, &self.roots)).transpose()?;
        Ok(PostgresStore::with(connector, listener, self.settings))
    }
}

impl fmt::Debug for PostgresStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The connection strings have passwords.
        f.debug_struct("PostgresStoreBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn is_schema(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=48).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.starts_with("pg_")
        && name.bytes().all(is_word)
}

/// PostgreSQL counts the milliseconds in 32 bits with a sign; 2,000,000,000 of them are 23.1 days.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(23 * 24 * 60 * 60);
