//! A gRPC server on the loopback interface that replies as it is asked to, and shared helpers.

#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version};
use http_body_util::BodyExt;
use hyper::{
    body::{Body, Frame, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use lro::{Any, Code, LroTransport, Operation, OperationName, Outcome, Service, Status, Tolerance};
use lro_grpc::{GrpcTransport, HttpClientBuilder};
use lro_grpc_wire::{frame, messages, status};
use prost::{Message, Name};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::AbortHandle,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

pub(crate) const NAME: &str = "operations/1";

/// The message of the tests.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Job {
    #[prost(string, tag = "1")]
    pub(crate) title: String,
    #[prost(uint32, tag = "2")]
    pub(crate) pages: u32,
}

impl Name for Job {
    const PACKAGE: &'static str = "printer.v1";
    const NAME: &'static str = "Job";
}

impl Job {
    pub(crate) fn poster() -> Self {
        Self { title: "poster".to_owned(), pages: 42 }
    }

    pub(crate) fn packed(&self) -> Any {
        Any::pack_protobuf(&Self::full_name(), &self.encode_to_vec())
    }
}

/// A server of HTTP/2, and of HTTP/1, that records its requests.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    is_tls: bool,
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
    pub(crate) method: http::Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The number of its connection, from 1.
    pub(crate) connection: usize,
}

impl Recorded {
    /// The last part of the path.
    pub(crate) fn method_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }

    /// The value of a header. It is empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn message<M: Message + Default>(&self) -> M {
        M::decode(&self.body[5..]).unwrap()
    }
}

impl Server {
    /// Starts a server that replies with what a closure returns.
    pub(crate) async fn start(answer: impl Fn(&Recorded) -> Reply + Send + Sync + 'static) -> Self {
        Self::on(None, answer).await
    }

    /// Starts a server of TLS that replies with what a closure returns.
    pub(crate) async fn over_tls(
        acceptor: TlsAcceptor,
        answer: impl Fn(&Recorded) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::on(Some(acceptor), answer).await
    }

    async fn on(
        acceptor: Option<TlsAcceptor>,
        answer: impl Fn(&Recorded) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, log) = (listener.local_addr().unwrap(), Arc::<Log>::default());
        let is_tls = acceptor.is_some();
        let serving = serve(listener, acceptor, Arc::clone(&log), Arc::new(answer));
        Self { address, is_tls, log, task: tokio::spawn(serving).abort_handle() }
    }

    pub(crate) async fn always(reply: Reply) -> Self {
        Self::start(move |_| reply.clone()).await
    }

    /// Starts a server that gives the replies in turn. The last one repeats.
    pub(crate) async fn in_turn(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Vec<_> = replies.into_iter().collect();
        let turn = AtomicUsize::new(0);
        Self::start(move |_| {
            let turn = turn.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1);
            replies[turn].clone()
        })
        .await
    }

    pub(crate) fn url(&self) -> String {
        match self.is_tls {
            true => format!("https://localhost:{}", self.address.port()),
            false => format!("http://{}", self.address),
        }
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

    pub(crate) fn client(&self) -> HttpClientBuilder<GrpcTransport> {
        client(&self.url())
    }

    /// A transport to this server with the default settings.
    pub(crate) fn jobs(&self) -> GrpcTransport {
        self.client().build().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve<F>(listener: TcpListener, acceptor: Option<TlsAcceptor>, log: Arc<Log>, answer: Arc<F>)
where
    F: Fn(&Recorded) -> Reply + Send + Sync + 'static,
{
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let connection = log.connections.fetch_add(1, Ordering::SeqCst) + 1;
        let (acceptor, log, answer) = (acceptor.clone(), Arc::clone(&log), Arc::clone(&answer));
        tokio::spawn(async move {
            match acceptor {
                None => converse(stream, connection, log, answer).await,
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        converse(stream, connection, log, answer).await;
                    }
                }
            }
        });
    }
}

async fn converse<F, S>(stream: S, connection: usize, log: Arc<Log>, answer: Arc<F>)
where
    F: Fn(&Recorded) -> Reply + Send + Sync + 'static,
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
        async move {
            let (parts, body) = request.into_parts();
            let recorded = Recorded {
                version: parts.version,
                method: parts.method,
                path: parts.uri.path().to_owned(),
                headers: parts.headers,
                body: body.collect().await.map_or_else(|_| Bytes::new(), |body| body.to_bytes()),
                connection,
            };
            log.requests.lock().unwrap().push(recorded.clone());
            let reply = answer(&recorded);
            sleep(reply.delay).await;
            let mut response = Response::new(reply.body);
            *response.status_mut() = reply.http;
            *response.headers_mut() = reply.headers;
            Ok::<_, Infallible>(response)
        }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// A reply, part by part.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) http: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Parts,
    delay: Duration,
}

/// How a body ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    #[default]
    Whole,
    /// Nothing more is sent.
    Stall,
    /// The stream is reset.
    Reset,
}

#[derive(Clone, Debug, Default)]
struct Parts {
    data: VecDeque<Bytes>,
    trailers: Option<HeaderMap>,
    end: End,
}

impl Reply {
    /// The head of a gRPC reply, without data and without trailers.
    pub(crate) fn head() -> Self {
        Self::http(200, "application/grpc", "")
    }

    /// A reply of something other than gRPC.
    pub(crate) fn http(http: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let reply = Self {
            http: StatusCode::from_u16(http).unwrap(),
            headers: HeaderMap::new(),
            body: Parts::default(),
            delay: Duration::ZERO,
        };
        let reply = if content_type.is_empty() { reply } else { reply.header("content-type", content_type) };
        let body = body.into();
        if body.is_empty() { reply } else { reply.data(body) }
    }

    /// A message and status 0.
    pub(crate) fn ok(message: &impl Message) -> Self {
        Self::head().data(frame::encode(message).unwrap()).trailer("grpc-status", "0")
    }

    /// An operation.
    pub(crate) fn operation(operation: &Operation) -> Self {
        Self::ok(&messages::Operation::try_from(operation).unwrap())
    }

    /// The operation of the tests, which runs.
    pub(crate) fn running() -> Self {
        Self::operation(&running())
    }

    /// The operation of the tests, which has succeeded.
    pub(crate) fn succeeded() -> Self {
        Self::operation(&succeeded())
    }

    /// A failed call, in the headers alone.
    pub(crate) fn failed(status: &Status) -> Self {
        Self::head().with_headers(trailers_of(status))
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
        self
    }

    pub(crate) fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    pub(crate) fn data(mut self, data: impl Into<Bytes>) -> Self {
        self.body.data.push_back(data.into());
        self
    }

    pub(crate) fn trailer(mut self, name: &str, value: &str) -> Self {
        let trailers = self.body.trailers.get_or_insert_default();
        trailers.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
        self
    }

    pub(crate) fn with_trailers(mut self, trailers: HeaderMap) -> Self {
        self.body.trailers = Some(trailers);
        self
    }

    pub(crate) fn without_trailers(mut self) -> Self {
        self.body.trailers = None;
        self
    }

    pub(crate) fn ends(mut self, end: End) -> Self {
        self.body.end = end;
        self
    }

    pub(crate) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

impl Body for Parts {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        if let Some(data) = self.data.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match self.end {
            End::Whole => Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers)))),
            End::Stall => Poll::Pending,
            End::Reset => Poll::Ready(Some(Err("reset"))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_empty() && self.trailers.is_none() && self.end == End::Whole
    }
}

/// The headers or trailers of a status.
pub(crate) fn trailers_of(status: &Status) -> HeaderMap {
    let mut headers = HeaderMap::new();
    status::write(Err(status), &mut headers);
    headers
}

/// A transport to an endpoint.
pub(crate) fn client(url: &str) -> HttpClientBuilder<GrpcTransport> {
    GrpcTransport::builder(Service::new("printer.example.com", "v1")).endpoint(url)
}

pub(crate) fn name() -> OperationName {
    NAME.parse().unwrap()
}

pub(crate) fn running() -> Operation {
    Operation::running(NAME)
}

pub(crate) fn succeeded() -> Operation {
    Operation { outcome: Some(Outcome::Response(Job::poster().packed())), ..running() }
}

/// Gets the operation of the tests once.
pub(crate) async fn get(jobs: &GrpcTransport) -> Result<Operation, Status> {
    in_time(jobs.get_operation(&name())).await
}

/// The failure of one get.
pub(crate) async fn failure(jobs: &GrpcTransport) -> Status {
    let status = get(jobs).await.unwrap_err();
    assert_eq!(status.origin(), lro::Origin::CallFailed, "{status}");
    status
}

/// Fails a test that hangs.
pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("the test hangs")
}

/// Whether the default tolerance survives a failure.
pub(crate) fn is_survived(status: &Status) -> bool {
    Tolerance::default().is_survivable(status)
}

/// Asserts that the message is one phrase that names the thing and contains no `Debug` output of an error.
#[track_caller]
pub(crate) fn assert_clear(status: &Status, code: Code, thing: &str) {
    let message = status.message();
    assert_eq!(status.code(), code, "{status}");
    assert!(message.contains(thing), "it does not name {thing:?}: {message}");
    assert!(!message.contains('\n') && !message.ends_with('.'), "not a phrase: {message}");
    for dump in ["Error {", "Os {", "Some(", "Error("] {
        assert!(!message.contains(dump), "a dump: {message}");
    }
}
