use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use lro::{
    Attempt, Capabilities, Code, ListOperationsRequest, LroTransport, Operation, OperationName,
    OperationPage, Pacing, Service, Status, async_trait,
};
use lro_grpc_wire::{
    frame,
    messages::{self, Method},
};
use lro_http::{
    HttpClient, HttpClientBuilder, NameTemplate,
    raw::{PreparedCall, PreparedCalls},
    resource_name,
};

use crate::{
    GrpcCall,
    secret::hidden_in_operation,
    unary::{self, Reply},
};

/// `google.longrunning.Operations` over gRPC, for any service that has it.
///
/// The share of the work that is done is not read from metadata in protobuf: [`Wait::pace_by_progress`](lro::Wait::pace_by_progress)
/// passes it on.
///
/// A service may put a slash before the names that its starting call and its list return, as BuildGrid does in its default
/// instance. An [`OperationName`] begins with no slash, and BuildGrid takes the name without it.
///
/// ```
/// use lro::Service;
/// use lro_grpc::GrpcTransport;
///
/// let jobs = GrpcTransport::builder(Service::new("example.googleapis.com", "v1"))
///     .endpoint("http://localhost:8080")
///     .build()?;
/// # Ok::<(), lro::Status>(())
/// ```
#[derive(Clone)]
pub struct GrpcTransport(Arc<Inner>);

struct Inner {
    settings: Settings,
    polls: PreparedCalls,
    /// Whether a driver has seen that the server has no wait call, although the service declares it.
    lacks_wait: AtomicBool,
}

#[derive(Clone)]
struct Settings {
    client: HttpClient,
    service: Service,
    names: Vec<NameTemplate>,
    capabilities: Capabilities,
}

impl GrpcTransport {
    /// Returns a builder of a transport to the service, whose key is its host. The connections are HTTP/2.
    ///
    /// A ping is sent every six minutes while a call is in flight: servers of gRPC close a connection that gets more.
    ///
    /// [`HttpClientBuilder::service`] takes a client of HTTP/2 in place of connections of its own, such as a `Channel` of
    /// tonic. Its bodies have a type of their own, and `map_request` of `tower` makes them. Such a client neither drops a
    /// connection that has died nor sends a refused call again.
    ///
    /// ```no_run
    /// use bytes::Bytes;
    /// use http::Request;
    /// use http_body_util::Full;
    /// use lro::Service;
    /// use lro_grpc::GrpcTransport;
    /// use tonic::{body::Body, transport::Channel};
    /// use tower::ServiceExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let channel = Channel::from_static("https://example.googleapis.com").connect().await?;
    /// let channel = channel.map_request(|request: Request<Full<Bytes>>| request.map(Body::new));
    /// let jobs = GrpcTransport::builder(Service::new("example.googleapis.com", "v1")).service(channel).build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder(service: Service) -> HttpClientBuilder<Self> {
        HttpClient::builder(format!("https://{}", service.key()))
            .http2_only()
            .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .map(|client| Self::new(client, service))
    }

    /// Creates a transport for the service that the client reaches. The client must speak HTTP/2, by
    /// [`HttpClientBuilder::http2_only`] or by the agreement of TLS.
    ///
    /// Any name is accepted, and all calls but wait are assumed to exist: a server answers `UNIMPLEMENTED` for one that it does not have.
    pub fn new(client: HttpClient, service: Service) -> Self {
        let capabilities = Capabilities::ALL.wait(false);
        Self::of(Settings { client, service, names: Vec::new(), capabilities })
    }

    /// Creates a transport that knows nothing of earlier calls, which other settings may have made.
    fn of(settings: Settings) -> Self {
        let (polls, lacks_wait) = (PreparedCalls::default(), AtomicBool::default());
        Self(Arc::new(Inner { settings, polls, lacks_wait }))
    }

    /// Sets the forms of the names of the service's operations. Another name is refused before any call. Default: all names.
    pub fn names(self, names: impl Into<Vec<NameTemplate>>) -> Self {
        Self::of(Settings { names: names.into(), ..self.settings().clone() })
    }

    /// Sets the calls that the service has beside get. Default: all but wait.
    pub fn with_capabilities(self, capabilities: Capabilities) -> Self {
        Self::of(Settings { capabilities, ..self.settings().clone() })
    }

    fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Returns the client.
    pub fn client(&self) -> &HttpClient {
        &self.settings().client
    }

    /// Sends a call that starts an operation. It is sent once: a second call would start a second operation.
    ///
    /// # Errors
    ///
    /// - The status of the server for a failed call.
    /// - `UNAVAILABLE` if no reply arrives, `DEADLINE_EXCEEDED` after the timeout of the call.
    /// - `INTERNAL` if the reply is no encoded operation, and [`Origin::MalformedReply`](lro::Origin::MalformedReply) if it is one
    ///   that cannot be.
    ///
    /// The message of `UNIMPLEMENTED` names the method.
    pub async fn start(&self, call: GrpcCall) -> Result<Operation, Status> {
        let (timeout, method) = (call.timeout, call.path.clone());
        let prepared = call.prepare(&self.settings().client)?;
        let started =
            unary::send_within(&self.settings().client, &prepared, &Attempt::default(), timeout).await;
        operation(started.map_err(|status| match status.code() {
            Code::Unimplemented => status.in_context(&method),
            _ => status,
        })?)
    }

    /// Prepares a call about one operation or collection.
    fn prepare<M: Method>(&self, request: &M, name: &str) -> Result<PreparedCall, Status> {
        unary::prepare(&self.settings().client, M::PATH, &[("name", name)], frame::encode(request)?)
    }

    /// Sends a call without a result.
    async fn send<M: Method<Reply = ()>>(
        &self,
        request: &M,
        name: &str,
        attempt: &Attempt,
    ) -> Result<(), Status> {
        let prepared = self.prepare(request, name)?;
        unary::send_within::<()>(&self.settings().client, &prepared, attempt, None).await.map(drop)
    }

    fn check_name(&self, name: &OperationName) -> Result<(), Status> {
        if self.settings().names.is_empty() {
            Ok(())
        } else {
            resource_name(&self.settings().names, name.as_str()).map(drop)
        }
    }

    fn check_verb(&self, has: bool, verb: &str, name: &str) -> Result<(), Status> {
        if has { Ok(()) } else { Err(Status::unsupported(&self.settings().service, verb, name)) }
    }
}

#[async_trait]
impl LroTransport for GrpcTransport {
    lro::plain_calls!(self: get cancel delete list wait);

    async fn get_operation_within(
        &self,
        name: &OperationName,
        attempt: &Attempt,
    ) -> Result<Operation, Status> {
        let prepared = self.0.polls.get(name, || {
            self.check_name(name)?;
            let request = messages::GetOperationRequest { name: name.as_str().to_owned() };
            Ok(self.prepare(&request, name.as_str())?.read_only(true))
        })?;
        operation(unary::send(&self.settings().client, &prepared, attempt, None).await?)
    }

    async fn cancel_operation_within(&self, name: &OperationName, attempt: &Attempt) -> Result<(), Status> {
        self.check_verb(self.settings().capabilities.cancel, "cancel", name.as_str())?;
        self.check_name(name)?;
        let request = messages::CancelOperationRequest { name: name.as_str().to_owned() };
        self.send(&request, name.as_str(), attempt).await
    }

    async fn delete_operation_within(&self, name: &OperationName, attempt: &Attempt) -> Result<(), Status> {
        self.check_verb(self.settings().capabilities.delete, "delete", name.as_str())?;
        self.check_name(name)?;
        let request = messages::DeleteOperationRequest { name: name.as_str().to_owned() };
        self.send(&request, name.as_str(), attempt).await
    }

    async fn list_operations_within(
        &self,
        request: &ListOperationsRequest,
        attempt: &Attempt,
    ) -> Result<OperationPage, Status> {
        self.check_verb(self.settings().capabilities.list, "list", &request.name)?;
        let list = messages::ListOperationsRequest::from(request);
        let prepared = self.prepare(&list, &request.name)?.read_only(true);
        let page = unary::send_within(&self.settings().client, &prepared, attempt, None).await?;
        let messages::ListOperationsResponse { operations, next_page_token, unreachable } = page.message;
        let shown = |text: String| page.token.iter().fold(text, |text, token| token.hidden_in(text));
        let operations = operations
            .into_iter()
            .map(|message| operation(Reply { message, token: page.token.clone(), retry_after: None }));
        Ok(OperationPage::new(operations.collect::<Result<_, _>>()?)
            .next_page_token(shown(next_page_token))
            .unreachable(unreachable.into_iter().map(shown).collect()))
    }

    async fn wait_operation_within(
        &self,
        name: &OperationName,
        timeout: Option<Duration>,
        attempt: &Attempt,
    ) -> Result<Operation, Status> {
        self.check_verb(self.capabilities().wait, "wait", name.as_str())?;
        self.check_name(name)?;
        let timeout = timeout.map(Into::into);
        let request = messages::WaitOperationRequest { name: name.as_str().to_owned(), timeout };
        let prepared = self.prepare(&request, name.as_str())?.read_only(true);
        operation(unary::send(&self.settings().client, &prepared, attempt, None).await?)
    }

    fn capabilities(&self) -> Capabilities {
        let declared = self.settings().capabilities;
        declared.wait(declared.wait && !self.0.lacks_wait.load(Relaxed))
    }

    fn takes_permits(&self) -> bool {
        true
    }

    fn disable_wait(&self) {
        self.0.lacks_wait.store(true, Relaxed);
    }

    fn service(&self) -> Service {
        self.settings().service.clone()
    }

    fn default_pacing(&self, kind: &str) -> Option<Pacing> {
        self.settings().client.default_pacing(kind)
    }
}

/// Converts an operation, so that no part of it shows the token.
fn operation(reply: Reply<messages::Operation>) -> Result<Operation, Status> {
    let operation = Operation { retry_after: reply.retry_after, ..Operation::try_from(reply.message)? };
    Ok(reply.token.iter().fold(operation, hidden_in_operation))
}

impl fmt::Debug for GrpcTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { client, service, capabilities, .. } = self.settings();
        f.debug_struct("GrpcTransport")
            .field("service", service)
            .field("endpoint", client.endpoint())
            .field("capabilities", capabilities)
            .finish_non_exhaustive()
    }
}

/// While a call waits for its reply, servers of gRPC allow a ping every 5 minutes, and close the connection after three that come
/// sooner. A connection that has died is found by the timeout of the attempt.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(360);
