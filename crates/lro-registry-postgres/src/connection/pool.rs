use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use lro_registry::{StoreError, StoreErrorKind};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, timeout},
};
use tokio_postgres::{Client, Error, SimpleQueryMessage, SimpleQueryRow};

use super::{Connector, failure, failure::is_conflict, migration, outage::Outage};

/// A few connections that the calls of a store share.
///
/// A call has a connection for one message and its reply. It runs in a task of its own, to its end, whatever becomes of
/// the caller.
#[derive(Clone)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) schema: String,
    pub(crate) connections: usize,
    pub(crate) timeout: Duration,
}

struct Shared {
    connector: Connector,
    settings: Settings,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Client>>,
    outage: Mutex<Outage>,
}

/// The server ends a statement first. Then the connection is still good, and the outcome is known.
const GRACE: Duration = Duration::from_secs(2);
/// A deadlock needs two transactions. Four repetitions, at random times, fail only if a third session causes them.
const REPETITIONS: u32 = 4;

impl Pool {
    pub(crate) fn new(connector: Connector, settings: Settings) -> Self {
        let permits = Arc::new(Semaphore::new(settings.connections.max(1)));
        let (idle, outage) = (Mutex::default(), Mutex::default());
        Self { shared: Arc::new(Shared { connector, settings, permits, idle, outage }) }
    }

    pub(crate) fn schema(&self) -> &str {
        &self.shared.settings.schema
    }

    /// Runs one statement as a transaction, and returns its rows.
    pub(crate) async fn run(&self, statement: String) -> Result<Vec<SimpleQueryRow>, StoreError> {
        if statement.len() > LARGEST_STATEMENT {
            return Err(StoreError::new(StoreErrorKind::Invalid, "the batch has too many bytes"));
        }
        let message = self.shared.settings.transaction(&statement);
        let queue = timeout(self.shared.settings.timeout, Arc::clone(&self.shared.permits).acquire_owned());
        // A caller that gives up while it waits here has not begun the call.
        let Ok(Ok(permit)) = queue.await else {
            return Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "all connections to the database are busy",
            ));
        };
        let permit = self.connected(permit).await?;
        let shared = Arc::clone(&self.shared);
        detached(async move {
            let rows = shared.repeat(&message).await;
            drop(permit);
            rows
        })
        .await
    }

    /// Waits until there is a connection. If the caller gives up, a later call has the connection.
    async fn connected(&self, permit: OwnedSemaphorePermit) -> Result<OwnedSemaphorePermit, StoreError> {
        if self.shared.is_connected() {
            return Ok(permit);
        }
        let shared = Arc::clone(&self.shared);
        detached(async move {
            let client = shared.client().await?;
            shared.put_back(client);
            Ok(permit)
        })
        .await
    }
}

/// Runs a future to its end, whatever becomes of the caller.
async fn detached<T: Send + 'static>(
    future: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let stopped = |error| StoreError::new(StoreErrorKind::Other, "the call was stopped").with_source(error);
    tokio::spawn(future).await.map_err(stopped)?
}

impl Shared {
    /// Runs a message, again if it conflicts with another transaction.
    async fn repeat(&self, message: &str) -> Result<Vec<SimpleQueryRow>, StoreError> {
        let mut pause = Duration::from_millis(20);
        for _ in 0..REPETITIONS {
            match self.once(message).await? {
                Ok(rows) => return Ok(rows),
                Err(error) => tracing::debug!(%error, "a transaction conflicted and is repeated"),
            }
            sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
            pause *= 3;
        }
        self.once(message).await?.map_err(failure)
    }

    /// Runs a message. The inner error is a conflict with another transaction.
    async fn once(&self, message: &str) -> Result<Result<Vec<SimpleQueryRow>, Error>, StoreError> {
        let client = self.client().await?;
        let Ok(result) = timeout(self.settings.timeout + GRACE, client.simple_query(message)).await else {
            // Closed: the reply of this message must not reach a later one.
            return Err(StoreError::new(StoreErrorKind::Unavailable, "the database did not answer in time"));
        };
        match result {
            Ok(messages) => {
                self.put_back(client);
                Ok(Ok(messages.into_iter().filter_map(row).collect()))
            }
            Err(error) if is_conflict(&error) => {
                self.put_back(client);
                Ok(Err(error))
            }
            Err(error) => {
                let error = failure(error);
                if error.kind() == StoreErrorKind::ReadOnly {
                    // The address leads to a server that is no longer the primary one.
                    self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    self.outage().failed(Instant::now(), &error);
                } else {
                    self.put_back(client);
                }
                Err(error)
            }
        }
    }

    async fn client(&self) -> Result<Client, StoreError> {
        while let Some(client) = self.take() {
            if !client.is_closed() {
                return Ok(client);
            }
        }
        self.outage().admit(Instant::now(), self.settings.timeout)?;
        match self.connect().await {
            Ok(client) => {
                self.outage().ended();
                Ok(client)
            }
            Err(error) => {
                self.outage().failed(Instant::now(), &error);
                Err(error)
            }
        }
    }

    async fn connect(&self) -> Result<Client, StoreError> {
        let (client, mut messages) = self.connector.connect().await?;
        tokio::spawn(async move { while let Some(Ok(_)) = messages.next().await {} });
        // Each connection may reach another server, which was restored or belongs to a later version.
        timeout(MIGRATION_TIMEOUT, migration::migrate(&client, &self.settings.schema)).await.map_err(
            |_| StoreError::new(StoreErrorKind::Unavailable, "the schema was not ready in time"),
        )??;
        Ok(client)
    }

    fn is_connected(&self) -> bool {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|client| !client.is_closed())
    }

    fn take(&self) -> Option<Client> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put_back(&self, client: Client) {
        if !client.is_closed() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(client);
        }
    }

    fn outage(&self) -> std::sync::MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Settings {
    /// Returns the message that runs a statement as a transaction of its own.
    ///
    /// PostgreSQL runs the statements of one message as one transaction, which ends with the message. The settings are those
    /// that a user or a database may have changed and that the statement depends on.
    fn transaction(&self, statement: &str) -> String {
        let milliseconds = self.timeout.as_millis().clamp(1, 2_000_000_000);
        let lock = (milliseconds * 3 / 4).max(1);
        format!(
            "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = {milliseconds}; \
             SET LOCAL lock_timeout = {lock}; SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL bytea_output = hex; {statement}"
        )
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("connector", &self.shared.connector)
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}

fn row(message: SimpleQueryMessage) -> Option<SimpleQueryRow> {
    match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    }
}

/// A value of PostgreSQL has at most 1 GiB. A statement has each payload twice as long as it is.
const LARGEST_STATEMENT: usize = 900 << 20;
/// The first connection of a later version may have to rewrite the records.
const MIGRATION_TIMEOUT: Duration = Duration::from_secs(600);
