//! Two servers on the loopback interface, one that records requests and one that sends raw bytes, and shared helpers.

#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, Version, header};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use lro::{Capabilities, Code, LroTransport, Operation, OperationName, Origin, Service, Status, Tolerance};
use lro_http::{Binding, HttpClient, HttpClientBuilder, HttpTransport, NameTemplate};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
    time::{sleep, timeout},
};

pub(crate) mod trace;

pub(crate) const NAME: &str = "operations/1";
pub(crate) const RUNNING: &str = r#"{"name": "operations/1"}"#;
pub(crate) const SUCCEEDED: &str =
    r#"{"name": "operations/1", "done": true, "response": {"@type": "t/example.v1.Job", "answer": 42}}"#;

/// A server of HTTP/1 and HTTP/2 without TLS that records its requests.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    log: Arc<Log>,
    task: AbortHandle,
}

#[derive(Debug, Default)]
struct Log {
    requests: Mutex<Vec<Recorded>>,
    connections: AtomicUsize,
}

/// A received request.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) version: Version,
    pub(crate) method: Method,
    /// The path and the query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The number of its connection, from 1.
    pub(crate) connection: usize,
}

pub(crate) type Reply = Response<Full<Bytes>>;

impl Server {
    /// Starts a server that answers with a closure.
    pub(crate) async fn start(answer: impl Fn(&Recorded) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, answer)
    }

    /// Starts a server on this listener that answers with a closure.
    pub(crate) fn on(
        listener: TcpListener,
        answer: impl Fn(&Recorded) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Log::default());
        let serving = serve(listener, Arc::clone(&log), Arc::new(answer));
        Self { address, log, task: tokio::spawn(serving).abort_handle() }
    }

    /// Starts a server with one answer.
    pub(crate) async fn always(status: u16, body: &str) -> Self {
        let body = body.to_owned();
        Self::start(move |_| reply(status, body.clone())).await
    }

    /// Starts a server that gives the answers in turn. The last one repeats.
    pub(crate) async fn in_turn(answers: impl IntoIterator<Item = (u16, &'static str)>) -> Self {
        let answers: Vec<_> = answers.into_iter().collect();
        let turn = AtomicUsize::new(0);
        Self::start(move |_| {
            let turn = turn.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            reply(answers[turn].0, answers[turn].1)
        })
        .await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.log.requests.lock().unwrap().clone()
    }

    /// The only request.
    pub(crate) fn request(&self) -> Recorded {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "expected one request");
        requests.remove(0)
    }

    pub(crate) fn connections(&self) -> usize {
        self.log.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn client(&self) -> HttpClientBuilder {
        HttpClient::builder(self.url())
    }

    /// A transport to this server with the default settings.
    pub(crate) fn jobs(&self) -> HttpTransport {
        jobs(self.client())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve<F>(listener: TcpListener, log: Arc<Log>, answer: Arc<F>)
where
    F: Fn(&Recorded) -> Reply + Send + Sync + 'static,
{
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let connection = log.connections.fetch_add(1, Ordering::SeqCst) + 1;
        let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
        tokio::spawn(async move {
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                async move {
                    let (parts, body) = request.into_parts();
                    let recorded = Recorded {
                        version: parts.version,
                        method: parts.method,
                        target: parts.uri.path_and_query().unwrap().as_str().to_owned(),
                        headers: parts.headers,
                        body: body.collect().await.unwrap().to_bytes(),
                        connection,
                    };
                    log.requests.lock().unwrap().push(recorded.clone());
                    Ok::<_, Infallible>(answer(&recorded))
                }
            });
            let builder = auto::Builder::new(TokioExecutor::new());
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Follows one script for each connection. The last script repeats.
#[derive(Debug)]
pub(crate) struct RawServer {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    task: AbortHandle,
}

/// One step of a connection.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Waits for a request, its body included.
    Read,
    /// Sends bytes.
    Send(Vec<u8>),
    /// Keeps the connection open and sends nothing more.
    Stall,
    /// Resets the connection.
    Reset,
}

/// Sends text.
pub(crate) fn say(text: impl Into<String>) -> Step {
    Step::Send(text.into().into_bytes())
}

impl RawServer {
    /// Starts a server that closes each connection after its script.
    pub(crate) async fn start(scripts: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let scripts: Vec<_> = scripts.into_iter().collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&heads);
        let serving = async move {
            for number in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let script = scripts[number.min(scripts.len() - 1)].clone();
                tokio::spawn(play(stream, script, Arc::clone(&seen)));
            }
        };
        Self { address, heads, task: tokio::spawn(serving).abort_handle() }
    }

    /// Starts a server that reads one request on each connection and sends these bytes.
    pub(crate) async fn sends(bytes: impl Into<Vec<u8>>) -> Self {
        Self::start([vec![Step::Read, Step::Send(bytes.into())]]).await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn jobs(&self) -> HttpTransport {
        jobs(HttpClient::builder(self.url()))
    }

    /// The heads of the requests that were read completely.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn play(mut stream: TcpStream, script: Vec<Step>, heads: Arc<Mutex<Vec<String>>>) {
    for step in script {
        match step {
            Step::Read => {
                let Some(head) = read_request(&mut stream).await else {
                    return;
                };
                heads.lock().unwrap().push(head);
            }
            Step::Send(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Step::Stall => std::future::pending().await,
            Step::Reset => {
                // The reset would discard bytes that the client has not read yet.
                sleep(Duration::from_millis(30)).await;
                stream.set_zero_linger().unwrap();
                return;
            }
        }
    }
    let _ = stream.shutdown().await;
    // Closing with unread bytes would reset the connection.
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut Vec::new())).await;
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    Some(head)
}

pub(crate) fn reply(status: u16, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap();
    reply.headers_mut().insert(header::CONTENT_TYPE, "application/json; charset=UTF-8".parse().unwrap());
    reply
}

/// The bytes of an HTTP/1 reply with its correct length.
pub(crate) fn raw_reply(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A transport for names `operations/**` of a service that has only get.
pub(crate) fn jobs(client: HttpClientBuilder) -> HttpTransport {
    HttpTransport::new(client.build().unwrap(), binding(Capabilities::default()))
}

pub(crate) fn binding(capabilities: Capabilities) -> Binding {
    let service = Service::new("jobs.example.com", "v1");
    Binding::new(service, NameTemplate::from_static("operations/**")).capabilities(capabilities)
}

pub(crate) fn name() -> OperationName {
    NAME.parse().unwrap()
}

/// Gets the operation of the tests once.
pub(crate) async fn get(jobs: &HttpTransport) -> Result<Operation, Status> {
    in_time(jobs.get_operation(&name())).await
}

/// The failure of one get.
pub(crate) async fn failure(jobs: &HttpTransport) -> Status {
    let status = get(jobs).await.unwrap_err();
    assert_eq!(status.origin(), Origin::CallFailed, "{status}");
    status
}

/// The state of [`RUNNING`].
pub(crate) fn running() -> Operation {
    Operation::running(NAME)
}

/// Asserts that the default tolerance survives this failure.
#[track_caller]
pub(crate) fn assert_survived(status: &Status) {
    assert!(Tolerance::default().is_survivable(status), "{status}");
}

/// Asserts that a wait ends with this failure.
#[track_caller]
pub(crate) fn assert_final(status: &Status) {
    assert!(!Tolerance::default().is_survivable(status), "{status}");
}

/// Fails a test that hangs.
pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("the test hangs")
}

/// Blocks the thread until a server on another thread has done something.
pub(crate) fn block_until(done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(20), "the server does nothing");
        thread::sleep(Duration::from_millis(1));
    }
    // What it sent passes the loopback interface.
    thread::sleep(Duration::from_millis(5));
}

/// The default tolerance without long delays between the calls.
pub(crate) fn hasty() -> Tolerance {
    Tolerance::default().delay(Duration::from_millis(1), Duration::from_millis(2))
}

/// Asserts that the message is one phrase that names the thing and contains no `Debug` output of an error.
#[track_caller]
pub(crate) fn assert_clear(status: &Status, code: Code, thing: &str) {
    let message = status.message();
    assert_eq!(status.code(), code, "{status}");
    assert!(message.contains(thing), "it does not name {thing:?}: {message}");
    assert!(!message.contains('\n') && !message.ends_with('.'), "not a phrase: {message}");
    assert!(
        message.starts_with(|first: char| !first.is_uppercase() || message.starts_with("HTTP")),
        "{message}"
    );
    for dump in ["Error {", "Os {", "Some(", "Error("] {
        assert!(!message.contains(dump), "a dump: {message}");
    }
}
