mod body_stream;
mod connection;
mod cursor;
mod exchange;
mod format;
mod handle;
mod plan;
mod refusal;
mod stream;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::{JoinHandle, JoinSet},
};

use self::refusal::Refusal;
use crate::service::Services;

/// A listening socket and its tasks, which end when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: watch::Sender<()>,
    refusals: mpsc::UnboundedSender<Refusal>,
    accepting: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(address: SocketAddr, services: Arc<Services>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(());
        let (refusals, asked) = mpsc::unbounded_channel();
        let accepting = tokio::spawn(accept(listener, address, services, refusals.clone(), asked, stopped));
        Ok(Self { address, stop, refusals, accepting })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Refuses connections for a time. They are refused when this returns.
    pub(crate) async fn refuse_for(&self, time: Duration) {
        let (refusal, begins) = Refusal::of(time);
        // If the receiver is gone, the server has stopped and refuses connections already.
        let _ = self.refusals.send(refusal);
        let _ = begins.await;
    }

    /// Closes the socket and every connection.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        // The task is not aborted and does not panic, so that there is no error to report.
        let _ = self.accepting.await;
    }
}

async fn accept(
    mut listener: TcpListener,
    address: SocketAddr,
    services: Arc<Services>,
    refuse: mpsc::UnboundedSender<Refusal>,
    mut refusals: mpsc::UnboundedReceiver<Refusal>,
    mut stopped: watch::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_) = connections.join_next() => {}
            Some(refusal) = refusals.recv() => {
                drop(listener);
                connections.shutdown().await;
                listener = tokio::select! {
                    _ = stopped.changed() => break,
                    again = refusal.refuse(address) => again,
                };
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection::serve(stream, Arc::clone(&services), refuse.clone()));
                }
                // The client is gone, or there are too many open files: the next one may succeed a little later.
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
        }
    }
    connections.shutdown().await;
}
