use std::{error::Error, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, header};
use http_body_util::Full;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use lro::{Code, Origin, Status};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::timeout;
use tracing::debug;

use crate::{
    Credentials, Endpoint, NoCredentials,
    connector::{Connector, connector},
    credentials::project_header,
    failure,
    reply::{self, Reply},
    template::{push_name, push_value},
};

/// A client of one service: its endpoint, credentials and connections. Cloning shares them.
///
/// Connections are kept and reused, HTTP/2 where the server has it. Redirects are not followed, for a token must not
/// travel. It logs no header and no body.
#[derive(Clone)]
pub struct HttpClient(Arc<Inner>);

struct Inner {
    endpoint: Endpoint,
    credentials: Box<dyn Credentials>,
    quota_project: Option<HeaderValue>,
    user_agent: HeaderValue,
    largest_reply: usize,
    call_timeout: Duration,
    http: Client<Connector, Full<Bytes>>,
}

/// Makes an [`HttpClient`].
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct HttpClientBuilder {
    endpoint: String,
    credentials: Box<dyn Credentials>,
    quota_project: Option<String>,
    user_agent: Option<String>,
    largest_reply: usize,
    call_timeout: Duration,
    connect_timeout: Duration,
    http2_only: bool,
}

/// One call of a service's own, such as the one that starts an operation.
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct Call {
    method: Method,
    path: String,
    has_query: bool,
    params: String,
    body: Option<Bytes>,
    timeout: Option<Duration>,
}

impl HttpClient {
    /// A client of the service at this endpoint, such as `https://routeoptimization.googleapis.com`.
    pub fn builder(endpoint: impl Into<String>) -> HttpClientBuilder {
        HttpClientBuilder {
            endpoint: endpoint.into(),
            credentials: Box::new(NoCredentials),
            quota_project: None,
            user_agent: None,
            largest_reply: LARGEST_REPLY,
            call_timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
            http2_only: false,
        }
    }

    /// Where the calls go.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// Sends a call and reads its reply as `T`.
    ///
    /// It is sent once: nothing is repeated but what surely was not sent, a call on a connection that had closed.
    ///
    /// # Errors
    ///
    /// A failed call as the server tells it, `UNAVAILABLE` where no reply came, `DEADLINE_EXCEEDED` after the call's
    /// timeout, and `INTERNAL` of [`Origin::MalformedReply`] where the reply is no `T`.
    pub async fn send<T: DeserializeOwned>(&self, call: Call) -> Result<T, Status> {
        let reply = self.send_raw(call).await?;
        serde_json::from_slice(&reply.body).map_err(|error| {
            Status::new(Code::Internal, format!("cannot read the reply: {error}")).with_origin(Origin::MalformedReply)
        })
    }

    pub(crate) async fn send_raw(&self, call: Call) -> Result<Reply, Status> {
        let limit = call.timeout.unwrap_or(self.0.call_timeout);
        timeout(limit, self.exchange(call)).await.unwrap_or_else(|_| {
            Err(Status::new(
                Code::DeadlineExceeded,
                format!("{} did not answer in {limit:?}; it may have carried the call out", self.0.endpoint),
            ))
        })
    }

    /// One request and its reply, for as long as it takes.
    pub(crate) async fn exchange(&self, call: Call) -> Result<Reply, Status> {
        let token = self.0.credentials.token().await?;
        let mut request = self.request(call)?;
        let headers = request.headers_mut();
        if let Some(token) = &token {
            headers.insert(header::AUTHORIZATION, token.authorization().clone());
        }
        let project = self.0.quota_project.as_ref().or_else(|| token.as_ref()?.project());
        if let Some(project) = project {
            headers.insert(QUOTA_PROJECT, project.clone());
        }
        let response = self.0.http.request(request).await.map_err(|error| self.unreached(error))?;
        let http = response.status();
        let retry_after = reply::retry_after(response.headers());
        debug!(status = http.as_u16(), "replied");
        if http.is_success() {
            return Ok(Reply { body: reply::read(response, self.0.largest_reply).await?, retry_after });
        }
        if http == http::StatusCode::UNAUTHORIZED
            && let Some(token) = &token
        {
            self.0.credentials.invalidate(token);
        }
        // The status line is known: a body that cannot be read takes nothing from it.
        let body = reply::read(response, self.0.largest_reply.min(LARGEST_ERROR)).await.unwrap_or_default();
        let status = failure::failed_call(http, &body);
        Err(retry_after.into_iter().fold(status, Status::with_retry_after))
    }

    fn request(&self, call: Call) -> Result<Request<Full<Bytes>>, Status> {
        let mut request = Request::new(Full::new(call.body.clone().unwrap_or_default()));
        *request.method_mut() = call.method;
        *request.uri_mut() = self.0.endpoint.uri(call.path)?;
        let headers = request.headers_mut();
        headers.reserve(5);
        headers.insert(header::USER_AGENT, self.0.user_agent.clone());
        if !call.params.is_empty() {
            let params = HeaderValue::from_maybe_shared(Bytes::from(call.params))
                .map_err(|error| Status::invalid_argument(format!("not a header: {error}")))?;
            headers.insert(REQUEST_PARAMS, params);
        }
        if call.body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(request)
    }

    fn unreached(&self, error: hyper_util::client::legacy::Error) -> Status {
        let endpoint = &self.0.endpoint;
        let mut cause: &dyn Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let message = if error.is_connect() {
            format!("cannot connect to {endpoint}: {cause}")
        } else {
            format!("no reply from {endpoint}: {cause}")
        };
        Status::unavailable(message).with_source(error)
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("endpoint", &self.0.endpoint).finish_non_exhaustive()
    }
}

impl HttpClientBuilder {
    /// Sets another endpoint, such as a regional one or an emulator's.
    pub fn endpoint(self, endpoint: impl Into<String>) -> Self {
        Self { endpoint: endpoint.into(), ..self }
    }

    /// Sets the credentials. Default: none, which only an emulator takes.
    pub fn credentials(self, credentials: impl Credentials + 'static) -> Self {
        Self { credentials: Box::new(credentials), ..self }
    }

    /// Sets the project whose quota pays, before the one that the credentials name.
    pub fn quota_project(self, project: impl Into<String>) -> Self {
        Self { quota_project: Some(project.into()), ..self }
    }

    /// Puts a product before our own in the user agent, such as `my-app/1.2`.
    pub fn user_agent(self, product: impl Into<String>) -> Self {
        Self { user_agent: Some(product.into()), ..self }
    }

    /// Sets the largest body of a reply in bytes, after decompression. Default: 64 MiB.
    pub fn largest_reply(self, bytes: usize) -> Self {
        Self { largest_reply: bytes, ..self }
    }

    /// Sets the longest time for a call that is not a poll. Default: 60 s. Polls have the wait's attempt timeout.
    pub fn call_timeout(self, timeout: Duration) -> Self {
        Self { call_timeout: timeout, ..self }
    }

    /// Sets the longest time for making a connection. Default: 10 s.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        Self { connect_timeout: timeout, ..self }
    }

    /// Speaks HTTP/2 without asking first, as is needed for HTTP/2 without TLS. Over TLS it is agreed on anyway.
    pub fn http2_only(self) -> Self {
        Self { http2_only: true, ..self }
    }

    /// Makes the client. Connections are made by the calls.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` for an endpoint, a quota project or a user agent that is none; `UNAVAILABLE` if the system
    /// has no root certificates for HTTPS.
    pub fn build(self) -> Result<HttpClient, Status> {
        let endpoint = Endpoint::parse(&self.endpoint)?;
        let ours = concat!("lro/", env!("CARGO_PKG_VERSION"));
        let user_agent = self.user_agent.map_or_else(|| ours.to_owned(), |product| format!("{product} {ours}"));
        let http = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(90))
            .timer(TokioTimer::new())
            .http2_only(self.http2_only)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .build(connector(&endpoint, self.connect_timeout)?);
        Ok(HttpClient(Arc::new(Inner {
            credentials: self.credentials,
            quota_project: self.quota_project.as_deref().map(project_header).transpose()?,
            user_agent: HeaderValue::try_from(&user_agent)
                .map_err(|_| Status::invalid_argument(format!("not a user agent: {user_agent:?}")))?,
            largest_reply: self.largest_reply,
            call_timeout: self.call_timeout,
            http,
            endpoint,
        })))
    }
}

impl Call {
    /// A GET of `/{version}/{name}{verb}`.
    pub fn get(version: &str, name: &str, verb: &str) -> Self {
        Self::new(Method::GET, version, name, verb)
    }

    /// A POST to `/{version}/{name}{verb}`.
    pub fn post(version: &str, name: &str, verb: &str) -> Self {
        Self::new(Method::POST, version, name, verb)
    }

    /// A PATCH of `/{version}/{name}`.
    pub fn patch(version: &str, name: &str) -> Self {
        Self::new(Method::PATCH, version, name, "")
    }

    /// A DELETE of `/{version}/{name}`.
    pub fn delete(version: &str, name: &str) -> Self {
        Self::new(Method::DELETE, version, name, "")
    }

    fn new(method: Method, version: &str, name: &str, verb: &str) -> Self {
        let mut path = String::with_capacity(version.len() + name.len() + verb.len() + 16);
        path.push('/');
        path.push_str(version);
        path.push('/');
        push_name(&mut path, name);
        path.push_str(verb);
        Self { method, path, has_query: false, params: String::new(), body: None, timeout: None }
    }

    /// Adds a routing parameter, sent as `x-goog-request-params`.
    pub fn param(mut self, key: &str, value: &str) -> Self {
        if self.params.is_empty() {
            self.params.reserve(key.len() + value.len() + 16);
        } else {
            self.params.push('&');
        }
        self.params.push_str(key);
        self.params.push('=');
        push_value(&mut self.params, value);
        self
    }

    /// Adds a query parameter, unless its value is empty.
    pub fn query(mut self, key: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.path.push(if self.has_query { '&' } else { '?' });
            self.has_query = true;
            self.path.push_str(key);
            self.path.push('=');
            push_value(&mut self.path, value);
        }
        self
    }

    /// Adds a query parameter where it is true.
    pub fn flag(self, key: &str, value: bool) -> Self {
        self.query(key, if value { "true" } else { "" })
    }

    /// Sets the body.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if it does not serialize.
    pub fn body(mut self, body: &impl Serialize) -> Result<Self, Status> {
        let json = serde_json::to_vec(body)
            .map_err(|error| Status::invalid_argument(format!("the request does not serialize: {error}")))?;
        self.body = Some(json.into());
        Ok(self)
    }

    /// Sets the longest time for this call, before the client's own.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

const REQUEST_PARAMS: HeaderName = HeaderName::from_static("x-goog-request-params");
const QUOTA_PROJECT: HeaderName = HeaderName::from_static("x-goog-user-project");
const LARGEST_REPLY: usize = 64 << 20;
/// An error needs no more.
const LARGEST_ERROR: usize = 1 << 20;
