use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::StreamExt;
use lro_registry::{StoreError, StoreErrorKind};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_postgres::{AsyncMessage, Client};

use crate::{
    connection::{Connector, Messages, failure},
    notify::Notifier,
};

/// Hears the hints of other processes on a connection of its own.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) connector: Connector,
    pub(crate) schema: String,
    pub(crate) changed: Arc<Notify>,
    pub(crate) notifier: Arc<Notifier>,
}

/// A connection that hears nothing is asked after this time, and given up after the next: found within 15 s.
const PROBE_EACH: Duration = Duration::from_secs(5);
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A pooler that hears nothing is asked again after this time: it may have been a short fault.
const DEAF_PAUSE: Duration = Duration::from_secs(60);

impl Listener {
    /// Listens until the task is aborted.
    pub(crate) async fn run(self) {
        let mut pause = FIRST_PAUSE;
        let mut has_warned = false;
        loop {
            let heard = AtomicBool::new(false);
            let end = self.listen(&heard).await;
            let is_deaf = matches!(end, End::Deaf);
            if is_deaf && !has_warned {
                has_warned = true;
                tracing::warn!(
                    "no notification arrives, as behind a transaction-mode pooler: workers wake up by polling only; \
                     set `listen_address` to the address of the server"
                );
            }
            if let End::Failed(error) = end {
                tracing::debug!(%error, "the connection for notifications was lost");
            }
            pause = if heard.load(Ordering::Relaxed) { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            sleep(if is_deaf { DEAF_PAUSE } else { pause.mul_f64(0.5 + 0.5 * fastrand::f64()) }).await;
        }
    }

    async fn listen(&self, heard: &AtomicBool) -> End {
        let (client, messages) = match self.connector.connect().await {
            Ok(opened) => opened,
            Err(error) => return End::Failed(error),
        };
        let forwarding = self.forward(messages, heard);
        let listening = async {
            if let Err(error) = self.ask(&client, &format!("LISTEN \"{}\"", self.schema)).await {
                return End::Failed(error);
            }
            // What came while nobody listened has to be found. The hint also shows whether this connection hears.
            self.notify();
            self.notifier.notify();
            loop {
                sleep(PROBE_EACH).await;
                if let Err(error) = self.ask(&client, "SELECT 1").await {
                    return End::Failed(error);
                }
                if !heard.load(Ordering::Relaxed) {
                    return End::Deaf;
                }
            }
        };
        tokio::select! {
            end = listening => end,
            () = forwarding => End::Failed(unavailable()),
        }
    }

    async fn forward(&self, mut messages: Messages, heard: &AtomicBool) {
        while let Some(Ok(message)) = messages.next().await {
            if matches!(message, AsyncMessage::Notification(_)) {
                heard.store(true, Ordering::Relaxed);
                self.notify();
            }
        }
    }

    async fn ask(&self, client: &Client, statement: &str) -> Result<(), StoreError> {
        match timeout(PROBE_TIMEOUT, client.batch_execute(statement)).await {
            Ok(result) => result.map_err(failure),
            Err(_) => Err(unavailable()),
        }
    }

    /// Wakes every waiting caller, and the next one if it is not waiting yet.
    fn notify(&self) {
        self.changed.notify_waiters();
        self.changed.notify_one();
    }
}

/// Why a connection is no longer used.
enum End {
    Failed(StoreError),
    /// It works, and a hint that was sent did not arrive.
    Deaf,
}

fn unavailable() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the connection for notifications does not answer")
}
