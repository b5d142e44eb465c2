use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpSocket},
    sync::oneshot,
};

/// That connections are to be refused for a time.
#[derive(Debug)]
pub(super) struct Refusal {
    time: Duration,
    begun: oneshot::Sender<()>,
}

impl Refusal {
    /// A refusal, and word when it has begun.
    pub(super) fn of(time: Duration) -> (Self, oneshot::Receiver<()>) {
        let (begun, begins) = oneshot::channel();
        (Self { time, begun }, begins)
    }

    /// Refuses connections to an address at which nobody listens any more, and listens there again after the time.
    pub(super) async fn refuse(self, address: SocketAddr) -> TcpListener {
        let mut socket = bind(address).await;
        // If nobody waits for it, it was asked for by a connection, and these are closed.
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

/// A socket that has the address to itself, but does not listen: connections are refused, and no other program gets the
/// port.
async fn bind(address: SocketAddr) -> TcpSocket {
    let bind = || -> io::Result<TcpSocket> {
        let socket = TcpSocket::new_v4()?;
        // The connections that were closed may still linger.
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

/// How many connections may wait to be accepted, as with tokio's listener.
const WAITING: u32 = 1024;
