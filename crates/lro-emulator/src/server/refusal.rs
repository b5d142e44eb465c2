use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpSocket},
    sync::oneshot,
};

/// A command to refuse connections for a time.
#[derive(Debug)]
pub(super) struct Refusal {
    time: Duration,
    begun: oneshot::Sender<()>,
}

impl Refusal {
    /// A refusal, and the receiver that is notified when it has begun.
    pub(super) fn of(time: Duration) -> (Self, oneshot::Receiver<()>) {
        let (begun, begins) = oneshot::channel();
        (Self { time, begun }, begins)
    }

    /// Refuses connections to an address at which no socket listens, and listens there again after the time.
    pub(super) async fn refuse(self, address: SocketAddr) -> TcpListener {
        let mut socket = bind(address).await;
        // If the receiver is gone, a connection gave the command, and these are closed.
        let _ = self.begun.send(());
        tokio::time::sleep(self.time).await;
        loop {
            match socket.listen(WAITING) {
                Ok(listener) => return listener,
                Err(error) => tracing::warn!(%error, "cannot listen again"),
            }
            socket = bind(address).await;
        }
    }
}

/// Binds a socket to the address without listening: connections are refused, and no other program gets the port.
async fn bind(address: SocketAddr) -> TcpSocket {
    let bind = || -> io::Result<TcpSocket> {
        let socket = TcpSocket::new_v4()?;
        // Closed connections may still linger.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(socket)
    };
    loop {
        match bind() {
            Ok(socket) => return socket,
            Err(error) => tracing::debug!(%error, "cannot bind {address} yet"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The backlog of connections to accept. It is that of tokio's listener.
const WAITING: u32 = 1024;
