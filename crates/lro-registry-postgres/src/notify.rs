use std::time::Duration;

use tokio::{sync::mpsc, time::sleep};

use crate::connection::Pool;

/// Sends hints to the workers that listen.
///
/// A hint is a statement of its own, after the commit: if it fails, nothing else does. PostgreSQL takes one lock for the whole
/// server when a transaction with a hint commits, so that at most four hints a second are sent.
#[derive(Debug)]
pub(crate) struct Notifier {
    wanted: mpsc::Sender<()>,
}

/// The least time between two hints.
const PAUSE: Duration = Duration::from_millis(250);

impl Notifier {
    /// Starts the task that sends the hints. It ends with the value.
    pub(crate) fn start(pool: Pool) -> Self {
        let (wanted, mut receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            while receiver.recv().await.is_some() {
                let schema = pool.schema();
                if let Err(error) = pool.run(format!("NOTIFY \"{schema}\"")).await {
                    tracing::debug!(%error, "a hint could not be sent");
                }
                sleep(PAUSE).await;
            }
        });
        Self { wanted }
    }

    /// Sends a hint at once, or after the pause that follows the last one.
    pub(crate) fn notify(&self) {
        // A full channel has a hint that is still to be sent.
        let _ = self.wanted.try_send(());
    }
}
