//! A session of an administrator, which observes those of the stores.

use std::time::Duration;

use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::Fault;

/// The longest waits that a look at all sessions of a server has shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Waits {
    /// The longest time that a session had been idle in a transaction.
    pub idle: Duration,
    /// The longest time that a session had waited for a lock of another one.
    pub lock: Duration,
    /// The longest time that a transaction had been open.
    pub transaction: Duration,
}

/// Opens a session.
///
/// # Errors
///
/// If the server does not accept it.
pub async fn session(config: &str) -> Result<Client, Fault> {
    let (client, connection) = tokio_postgres::connect(config, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Returns the first value of a query.
///
/// # Errors
///
/// The fault of the server, and a query without a row.
pub async fn value(client: &Client, sql: &str) -> Result<String, Fault> {
    let messages = client.simple_query(sql).await?;
    let value = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    value.ok_or_else(|| format!("no value: {sql}").into())
}

impl Waits {
    /// Looks at the sessions of the stores.
    ///
    /// # Errors
    ///
    /// The fault of the server.
    pub async fn of(client: &Client) -> Result<Self, Fault> {
        // A statement begins before it waits, so that its age is not less than the wait.
        let sql = "SELECT concat_ws(' ', \
            coalesce(max(extract(epoch FROM clock_timestamp() - state_change)) FILTER (WHERE state LIKE 'idle in%'), 0), \
            coalesce(max(extract(epoch FROM clock_timestamp() - query_start)) FILTER (WHERE wait_event_type = 'Lock'), 0), \
            coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)) \
            FROM pg_stat_activity WHERE application_name = 'lro'";
        let text = value(client, sql).await?;
        let seconds: Vec<f64> = text.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [idle, lock, transaction] = seconds[..] else { return Err(format!("not three: {text}").into()) };
        let [idle, lock, transaction] =
            [idle, lock, transaction].map(|seconds| Duration::from_secs_f64(seconds.max(0.0)));
        Ok(Self { idle, lock, transaction })
    }

    /// Returns the longer ones of both.
    pub fn max(self, other: Self) -> Self {
        Self {
            idle: self.idle.max(other.idle),
            lock: self.lock.max(other.lock),
            transaction: self.transaction.max(other.transaction),
        }
    }
}
