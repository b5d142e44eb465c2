use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use lro_registry::{StoreError, StoreErrorKind};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, error::Elapsed, sleep, timeout},
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

/// Statements that the server receives at once.
struct Message {
    text: String,
    /// Whether the statements open a block of their own, which an error does not close.
    is_block: bool,
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
        self.send(self.shared.settings.transaction(&statement)).await
    }

    /// Runs one statement that locks rows as a transaction, and returns its rows. The server sends them after the commit.
    ///
    /// A reply that is larger than the buffers of the connection waits for the client. No statement time-out ends that wait, so
    /// that a process that is stopped would keep the locks of an open transaction.
    pub(crate) async fn run_held(&self, statement: String) -> Result<Vec<SimpleQueryRow>, StoreError> {
        self.send(self.shared.settings.held_transaction(&statement)).await
    }

    async fn send(&self, message: Message) -> Result<Vec<SimpleQueryRow>, StoreError> {
        if message.text.len() > LARGEST_MESSAGE {
            return Err(StoreError::new(StoreErrorKind::Invalid, "the batch has too many bytes"));
        }
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
    async fn repeat(&self, message: &Message) -> Result<Vec<SimpleQueryRow>, StoreError> {
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
    async fn once(&self, message: &Message) -> Result<Result<Vec<SimpleQueryRow>, Error>, StoreError> {
        let client = self.client().await?;
        let Ok(result) = receive(&client, &message.text, self.settings.timeout + GRACE).await else {
            // Closed: the reply of this message must not reach a later one.
            return Err(StoreError::new(StoreErrorKind::Unavailable, "the database did not answer in time"));
        };
        match result {
            Ok(rows) => {
                self.put_back(client);
                Ok(Ok(rows))
            }
            Err(error) if is_conflict(&error) => {
                self.restore(client, message).await;
                Ok(Err(error))
            }
            Err(error) => {
                let error = failure(error);
                if error.kind() == StoreErrorKind::ReadOnly {
                    // The address leads to a server that is no longer the primary one.
                    self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    self.outage().failed(Instant::now(), &error);
                } else {
                    self.restore(client, message).await;
                }
                Err(error)
            }
        }
    }

    /// Puts a connection back after an error. The error has ended the transaction, but a block is open until it is rolled back, and a
    /// cursor whose rows could not be sent is left.
    async fn restore(&self, client: Client, message: &Message) {
        if message.is_block && !client.is_closed() {
            let Ok(Ok(_)) = timeout(GRACE, client.simple_query("ROLLBACK; CLOSE ALL")).await else { return };
        }
        self.put_back(client);
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
    fn transaction(&self, statement: &str) -> Message {
        let local = self.local();
        let text = format!("SET TRANSACTION ISOLATION LEVEL READ COMMITTED; {local}; {statement}");
        Message { text, is_block: false }
    }

    /// Returns the message that runs a statement as a transaction and then sends its rows, which the server has kept.
    ///
    /// The first `MOVE` runs the statement, because no time-out covers what `COMMIT` runs. A function keeps its rows, so that it
    /// does not run again when they are read from the beginning. The cursor has a name that is not used again: behind a pooler,
    /// one that was not closed may still be there.
    fn held_transaction(&self, statement: &str) -> Message {
        let (local, cursor) = (self.local(), format!("lro_{:016x}", fastrand::u64(..)));
        let text = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; {local}; DECLARE {cursor} SCROLL CURSOR WITH HOLD FOR {statement}; \
             MOVE 1 IN {cursor}; MOVE ABSOLUTE 0 IN {cursor}; COMMIT; \
             SET LOCAL statement_timeout = 0; SET LOCAL bytea_output = hex; FETCH ALL FROM {cursor}; CLOSE {cursor}"
        );
        Message { text, is_block: true }
    }

    fn local(&self) -> String {
        let milliseconds = self.timeout.as_millis().clamp(1, 2_000_000_000);
        let lock = (milliseconds * 3 / 4).max(1);
        format!(
            "SET LOCAL statement_timeout = {milliseconds}; SET LOCAL lock_timeout = {lock}; \
             SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL bytea_output = hex"
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

/// Runs a message, and returns its rows. The time is that between two parts of the reply: a large one is not given up while it arrives,
/// because its transaction is already committed.
async fn receive(
    client: &Client,
    text: &str,
    within: Duration,
) -> Result<Result<Vec<SimpleQueryRow>, Error>, Elapsed> {
    let mut reply = match timeout(within, client.simple_query_raw(text)).await? {
        Ok(reply) => Box::pin(reply),
        Err(error) => return Ok(Err(error)),
    };
    let mut rows = Vec::new();
    while let Some(message) = timeout(within, reply.next()).await? {
        match message {
            Ok(message) => rows.extend(row(message)),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(rows))
}

fn row(message: SimpleQueryMessage) -> Option<SimpleQueryRow> {
    match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    }
}

/// A value of PostgreSQL has at most 1 GiB. A statement has each payload twice as long as it is.
const LARGEST_MESSAGE: usize = 900 << 20;
/// The first connection of a later version may have to rewrite the records.
const MIGRATION_TIMEOUT: Duration = Duration::from_secs(600);
