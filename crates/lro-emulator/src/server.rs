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

/// A listening socket and the tasks behind it; they end when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: watch::Sender<()>,
    refusals: mpsc::UnboundedSender<Refusal>,
    accepting: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(port: u16, services: Arc<Services>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(());
        let (refusals, asked) = mpsc::unbounded_channel();
        let accepting = tokio::spawn(accept(listener, address, services, refusals.clone(), asked, stopped));
        Ok(Self { address, stop, refusals, accepting })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Refuses connections for a time, which has begun when this returns.
    pub(crate) async fn refuse_for(&self, time: Duration) {
        let (refusal, begins) = Refusal::of(time);
        // If nobody listens, it has stopped: connections are refused.
        let _ = self.refusals.send(refusal);
        let _ = begins.await;
    }

    /// Closes the socket and every connection.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        // It is not aborted, and what it runs has its panics caught: there is no error to tell.
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
                // A client that left, or no more files: the next one may do better a little later.
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
        }
    }
    connections.shutdown().await;
}
