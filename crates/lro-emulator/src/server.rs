use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::{JoinHandle, JoinSet},
};

use crate::{answer::answer, state::Shared};

/// A listening socket and the tasks behind it; they end when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: watch::Sender<()>,
    accepting: JoinHandle<()>,
}

/// What a request may ask of the connection that it came by.
#[derive(Clone, Debug)]
pub(crate) struct Line(mpsc::UnboundedSender<Order>);

#[derive(Debug)]
enum Order {
    Close,
}

impl Server {
    pub(crate) async fn start(port: u16, shared: Arc<Shared>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(());
        let accepting = tokio::spawn(accept(listener, shared, stopped));
        Ok(Self { address, stop, accepting })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the socket and every connection.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        // It is not aborted, and what it runs has its panics caught: there is no error to tell.
        let _ = self.accepting.await;
    }
}

impl Line {
    /// Closes the connection; the caller's future goes with it.
    pub(crate) async fn close(&self) {
        // If nobody listens, the connection is closed already.
        let _ = self.0.send(Order::Close);
        std::future::pending().await
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&shared)));
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

/// Serves one connection, HTTP/1 or HTTP/2 as the client begins.
async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    // Small replies are not to wait for one another; if it cannot be had, they do.
    let _ = stream.set_nodelay(true);
    let (orders, mut given) = mpsc::unbounded_channel();
    let line = Line(orders);
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (shared, line) = (Arc::clone(&shared), line.clone());
        async move { answer(&shared, &line, request).await }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        ended = serving => if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke");
        },
        Some(Order::Close) = given.recv() => {}
    }
}
