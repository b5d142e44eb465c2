use tokio::net::TcpSocket;

/// A free port on the address 127.0.0.1, at which connections are refused until a server listens.
///
/// A socket is bound to it and does not listen. A server that sets `SO_REUSEADDR` can still listen there, be stopped and started again,
/// but nobody who asks for any free port is given this one.
#[derive(Debug)]
pub struct ReservedPort(TcpSocket);

impl ReservedPort {
    /// Reserves a port until the value is dropped.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub fn any() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        Self(socket)
    }

    /// Returns the number of the port.
    ///
    /// # Panics
    ///
    /// Never: the socket is bound.
    pub fn number(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// Returns the URL of the port.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_server_can_use_the_port_again_and_again() {
        let port = ReservedPort::any();
        for _ in 0..3 {
            TcpListener::bind(("127.0.0.1", port.number())).unwrap();
        }
        assert_ne!(ReservedPort::any().number(), port.number());
    }
}
