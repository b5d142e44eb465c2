//! A fixed address that forwards to one server after another.

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::Fault;

/// A fixed port that forwards connections to another port of this host.
#[derive(Debug)]
pub struct Forwarder {
    port: u16,
    /// The port of the server. With `None` connections are closed at once.
    target: watch::Sender<Option<u16>>,
}

impl Forwarder {
    /// Starts a forwarder to a port. Dropping the value ends it.
    ///
    /// # Errors
    ///
    /// If there is no free port.
    pub async fn start(target: u16) -> Result<Self, Fault> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let (target, targets) = watch::channel(Some(target));
        tokio::spawn(accept(listener, targets));
        Ok(Self { port, target })
    }

    /// Returns the fixed port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Closes all connections, and forwards new ones to another port. With `None` new ones are closed at once.
    pub fn lead_to(&self, target: Option<u16>) {
        self.target.send_replace(target);
    }
}

async fn accept(listener: TcpListener, mut targets: watch::Receiver<Option<u16>>) {
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let port = *targets.borrow_and_update();
                if let (Ok((client, _)), Some(port)) = (accepted, port) {
                    tokio::spawn(forward(client, port, targets.clone()));
                }
            }
            changed = targets.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

/// Forwards until one side closes the connection or the target changes.
async fn forward(mut client: TcpStream, port: u16, mut targets: watch::Receiver<Option<u16>>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    tokio::select! {
        // Both sides see the end of the connection.
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = targets.changed() => {}
    }
}
