//! An HTTP server on the loopback interface, with the real clock.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

/// A server whose reply to a get depends on the last segment of the path, on threads of its own.
///
/// A segment that begins with `broken` has the reply 500, one that begins with `done` an operation that is done, and any other one an
/// operation that runs.
#[derive(Clone, Debug)]
pub struct Loopback {
    address: SocketAddr,
    arrivals: Arc<Mutex<Vec<Instant>>>,
}

impl Loopback {
    /// Starts a server that ends with the process.
    ///
    /// # Errors
    ///
    /// If it cannot listen.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let server = Self { address: listener.local_addr()?, arrivals: Arc::default() };
        let accepting = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let server = accepting.clone();
                // The client may close a connection at any time.
                thread::spawn(move || server.serve(&stream).ok());
            }
        });
        Ok(server)
    }

    /// Returns the URL.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns when each request was read, in order.
    pub fn arrivals(&self) -> Vec<Instant> {
        let mut arrivals = self.lock().clone();
        arrivals.sort_unstable();
        arrivals
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Instant>> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut lines = BufReader::new(stream).lines();
        while let Some(request) = lines.next() {
            let request = request?;
            // The headers end with an empty line.
            while lines.next().transpose()?.is_some_and(|header| !header.is_empty()) {}
            self.lock().push(Instant::now());
            (&*stream).write_all(reply(&request).as_bytes())?;
        }
        Ok(())
    }
}

/// Returns the reply to a request line such as `GET /v1/operations/done-1 HTTP/1.1`.
fn reply(request: &str) -> String {
    let id = request.split(' ').nth(1).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let (status, body) = if id.starts_with("broken") {
        (
            "500 Internal Server Error",
            r#"{"error": {"code": 500, "status": "INTERNAL", "message": "broken"}}"#.to_owned(),
        )
    } else if id.starts_with("done") {
        (
            "200 OK",
            format!(
                r#"{{"name": "operations/{id}", "done": true, "response": {{"@type": "t/example.v1.Done"}}}}"#
            ),
        )
    } else {
        ("200 OK", format!(r#"{{"name": "operations/{id}"}}"#))
    };
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
