use std::{error::Error, fmt, future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header, response::Parts};
use lro::{Attempt, Code, Origin, Pacing, Status, pacing::PacingByKind};
use lro_auth::quota_project;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tracing::debug;

use crate::{
    Call, Credentials, Endpoint, HttpClientBuilder, Token,
    builder::Settings,
    connection::{Connections, Fault, ReplyBody},
    refusal::refused,
    reply::{self, Encoding, Reply, failure, without_echo},
    request::{self, Payload, PreparedCall},
};

/// A client of one service: its endpoint, credentials and connections. Clones share them.
///
/// Connections are reused, with HTTP/2 where the server supports it. Redirects are not followed, so that a token never
/// reaches another host. Headers and bodies are never logged.
///
/// A connection belongs to the tokio runtime that opened it. A client must not be used in a second runtime while the
/// first one exists but does not run.
#[derive(Clone)]
pub struct HttpClient(Arc<Inner>);

struct Inner {
    endpoint: Endpoint,
    credentials: Box<dyn Credentials>,
    quota_project: Option<(HeaderName, HeaderValue)>,
    user_agent: HeaderValue,
    headers: Vec<(HeaderName, HeaderValue)>,
    largest_reply: usize,
    call_timeout: Duration,
    pacing: Option<Arc<dyn PacingByKind>>,
    http: Connections,
}

impl HttpClient {
    /// Returns a builder for the service at an endpoint, such as `https://routeoptimization.googleapis.com`.
    pub fn builder(endpoint: impl Into<String>) -> HttpClientBuilder {
        HttpClientBuilder::new(endpoint.into())
    }

    pub(crate) fn new(settings: Settings) -> Result<Self, Status> {
        let endpoint = settings.endpoint()?;
        let ours = concat!("lro/", env!("CARGO_PKG_VERSION"));
        let user_agent =
            settings.product.map_or_else(|| ours.to_owned(), |product| format!("{product} {ours}"));
        let http = Connections::new(&endpoint, settings.connection)?;
        Ok(Self(Arc::new(Inner {
            credentials: settings.credentials,
            quota_project: settings.quota_project.as_deref().map(quota_project).transpose()?,
            user_agent: HeaderValue::try_from(&user_agent)
                .map_err(|_| refused(format!("not a user agent: {user_agent:?}")))?,
            headers: settings
                .headers
                .iter()
                .map(|(name, value)| request::parsed_header(name, value))
                .collect::<Result<_, _>>()?,
            largest_reply: settings.largest_reply,
            call_timeout: settings.call_timeout,
            pacing: settings.pacing,
            http,
            endpoint,
        })))
    }

    /// Returns the endpoint.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// Returns the timeout of a call that is not a poll.
    pub fn call_timeout(&self) -> Duration {
        self.0.call_timeout
    }

    /// Returns the largest accepted body of a reply in bytes, after decompression.
    pub fn largest_reply(&self) -> usize {
        self.0.largest_reply
    }

    /// Returns the pacing that this client was given for operations of a kind, for transports over it:
    /// [`LroTransport::default_pacing`](lro::LroTransport::default_pacing).
    pub fn default_pacing(&self, kind: &str) -> Option<Pacing> {
        Some(self.0.pacing.as_ref()?.pacing(kind))
    }

    /// Sends a call and decodes its reply as `T`.
    ///
    /// The call is sent once, and again at once if the server surely did not process it: its connection had closed before
    /// any of it was sent, or the server refused its stream of HTTP/2 or left it out by a GOAWAY. A GET is also sent again,
    /// once, if a connection that was used before closed without a reply.
    ///
    /// # Errors
    ///
    /// - The status of the server for a failed call, also if the HTTP status is 200.
    /// - `UNAVAILABLE` if no reply arrives, `DEADLINE_EXCEEDED` after the timeout of the call.
    /// - `INTERNAL` with [`Origin::MalformedReply`](lro::Origin::MalformedReply) if the reply is JSON that does not decode as
    ///   `T`, and with [`Origin::CallFailed`](lro::Origin::CallFailed) if it is not JSON. The message names the call, and
    ///   the type and the field that do not fit.
    ///
    /// A reply without a body decodes as `null`.
    pub async fn send<T: DeserializeOwned>(&self, call: Call) -> Result<T, Status> {
        let what = call.shown();
        let reply = self.send_raw(call, &Attempt::default()).await?;
        self.read(&reply, |body| {
            let fault = reply::is_only_error(body).then(|| Status::in_reply(body)).flatten();
            // A call without a result may have no body, as for HTTP 204.
            let body = if body.is_empty() { b"null" } else { body };
            fault.map_or_else(|| lro::from_json(body).map_err(|fault| fault.in_context(&what)), Err)
        })
    }

    /// Sends a call and returns the head and the body of its reply, for services with forms of their own.
    ///
    /// A status line other than 2xx is a failed call. The body may be anything.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), for a failed call.
    pub async fn response(&self, call: Call) -> Result<Response<Bytes>, Status> {
        let (head, reply) = self.replied(call, StatusCode::is_success, |_, _| ()).await?;
        Ok(Response::from_parts(head, reply.body))
    }

    /// Sends a call and returns the head and the body of its reply, whatever the status line is. For services whose
    /// failures have forms of their own.
    ///
    /// [`Status::from_http`] reads the reply to a failed call. A token that a 401 refuses is not used again.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), for a call without a reply, and for a reply that is larger than the limit.
    pub async fn any_response(&self, call: Call) -> Result<Response<Bytes>, Status> {
        let (head, reply) = self.replied(call, |_| true, |_, _| ()).await?;
        Ok(Response::from_parts(head, reply.body))
    }

    /// Sends a call and returns its reply, or the failure if `accepts` is false for the status line.
    ///
    /// `seen` is given the head of an accepted reply and the token of the call, before the body is read.
    pub(crate) async fn replied(
        &self,
        call: Call,
        accepts: fn(&StatusCode) -> bool,
        seen: impl FnOnce(&Parts, Option<&Token>) + Send,
    ) -> Result<(Parts, Reply), Status> {
        let limit = call.timeout.unwrap_or(self.0.call_timeout);
        let prepared = call.prepare(&self.0.endpoint)?;
        let attempt = Attempt::default();
        let exchange = async {
            let (response, token) = self.answered(&prepared, &|| None, &attempt).await?;
            if !accepts(&response.status()) {
                return Err(self.failure(response, token).await);
            }
            let (head, mut body) = response.into_parts();
            seen(&head, token.as_ref());
            let reply = self.whole(&head, &mut body, token).await?;
            Ok((head, reply))
        };
        self.within(limit, exchange).await
    }

    pub(crate) async fn send_raw(&self, call: Call, attempt: &Attempt) -> Result<Reply, Status> {
        let limit = call.timeout.unwrap_or(self.0.call_timeout);
        let prepared = call.prepare(&self.0.endpoint)?;
        self.within(limit, self.exchange(&prepared, attempt)).await
    }

    /// Ends an exchange after this time.
    ///
    /// # Errors
    ///
    /// `DEADLINE_EXCEEDED` after the time, and those of the exchange.
    pub async fn within<T>(
        &self,
        limit: Duration,
        exchange: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, Status> {
        timeout(limit, exchange).await.unwrap_or_else(|_| {
            Err(Status::new(
                Code::DeadlineExceeded,
                format!(
                    "no reply from {} within {limit:?}; the server may have processed the call",
                    self.0.endpoint
                ),
            ))
        })
    }

    /// Sends one request and reads its reply, without a timeout.
    pub(crate) async fn exchange(&self, prepared: &PreparedCall, attempt: &Attempt) -> Result<Reply, Status> {
        let (response, token) = self.answered(prepared, &|| None, attempt).await?;
        if !response.status().is_success() {
            // Boxed: failures are rare, and the state would enlarge the future of every call.
            return Err(Box::pin(self.failure(response, token)).await);
        }
        let (head, mut body) = response.into_parts();
        // By reference: each future that held the body would be larger.
        self.whole(&head, &mut body, token).await
    }

    /// Sends one request with one `more` header, and returns the head of the reply and the token that the request carried.
    /// Invalidates the token if the reply refuses it.
    pub(crate) async fn answered(
        &self,
        prepared: &PreparedCall,
        more: MoreHeader<'_>,
        attempt: &Attempt,
    ) -> Result<(Response<ReplyBody>, Option<Token>), Status> {
        let token = match self.0.credentials.token_at_hand() {
            Some(token) => Some(token),
            None => self.0.credentials.token().await.map_err(|status| status.with_unsent(true))?,
        };
        let without_token = |fault| failure::without_token(fault, token.as_ref());
        let request = || self.request(prepared, more, token.as_ref());
        let sent = self.0.http.send(attempt, prepared.is_read, &request).await;
        let response = sent.map_err(|error| {
            let status = without_token(self.unreached(error));
            debug!(
                http.request.method = prepared.method.as_str(),
                error.type = status.code().name(),
                error.message = %status,
                server.address = prepared.host(),
                url.path = prepared.path(),
                "no reply"
            );
            status
        })?;
        debug!(
            http.request.method = prepared.method.as_str(),
            http.response.status_code = response.status().as_u16(),
            server.address = prepared.host(),
            url.path = prepared.path(),
            "replied"
        );
        if response.status() == StatusCode::UNAUTHORIZED {
            // Before the body is read, which may never arrive.
            token.iter().for_each(|token| self.0.credentials.invalidate(token));
        }
        Ok((response, token))
    }

    /// Reads the body of a successful reply.
    async fn whole(&self, head: &Parts, body: &mut ReplyBody, token: Option<Token>) -> Result<Reply, Status> {
        // Most replies have neither header, and comparing a few names takes less than two look-ups.
        let headers = &head.headers;
        let is_plain = headers.keys().all(|name| !SPECIAL.contains(name));
        let (retry_after, encoding) = match is_plain {
            true => (None, Encoding::Identity),
            false => (lro::retry_after(headers), Encoding::of(headers)),
        };
        match encoding.read(body, self.0.largest_reply).await {
            Ok(body) => {
                let body = without_echo(body, token.as_ref());
                Ok(Reply { body, is_accepted: head.status == StatusCode::ACCEPTED, retry_after, token })
            }
            Err(fault) => Err(reply::hinted(failure::without_token(fault, token.as_ref()), retry_after)),
        }
    }

    /// Parses the body of a successful reply, which may carry the error of a failed call all the same.
    pub(crate) fn read<T>(
        &self,
        reply: &Reply,
        parse: impl FnOnce(&[u8]) -> Result<T, Status>,
    ) -> Result<T, Status> {
        parse(&reply.body)
            .map_err(|fault| reply::hinted(self.judged(fault, reply.token.as_ref()), reply.retry_after))
    }

    /// Reads the reply of a failed call.
    pub(crate) async fn failure(&self, response: Response<ReplyBody>, token: Option<Token>) -> Status {
        let token = token.as_ref();
        let (parts, mut body) = response.into_parts();
        let bound = self.0.largest_reply.min(LARGEST_ERROR);
        let body = Encoding::of(&parts.headers).read(&mut body, bound).await;
        let body = body.map(|body| without_echo(body, token));
        let body = body.as_deref().map_err(Status::clone);
        let status = failure::failed_call(parts.status, &parts.headers, body, &self.0.endpoint);
        self.judged_once(&parts, failure::without_token(status, token), token)
    }

    /// Invalidates the token that a failed call refuses, unless its status line has done so: the next token may be the same
    /// text.
    pub(crate) fn judged_once(&self, head: &Parts, status: Status, token: Option<&Token>) -> Status {
        let is_invalid = head.status == StatusCode::UNAUTHORIZED && token.is_some();
        if is_invalid { status } else { self.judged(status, token) }
    }

    /// Invalidates the token that a failed call refuses.
    pub(crate) fn judged(&self, status: Status, token: Option<&Token>) -> Status {
        let is_refusal = status.origin() == Origin::CallFailed && status.code() == Code::Unauthenticated;
        match token {
            _ if !is_refusal => status,
            Some(token) => {
                self.0.credentials.invalidate(token);
                status
            }
            None => failure::without_credential(status),
        }
    }

    /// Builds a request: what was prepared, the headers of every call, and the token.
    #[inline]
    fn request(
        &self,
        prepared: &PreparedCall,
        more: MoreHeader<'_>,
        token: Option<&Token>,
    ) -> Request<Payload> {
        let mut request = Request::new(Payload::from(prepared.body.as_ref()));
        *request.method_mut() = prepared.method.clone();
        *request.uri_mut() = prepared.uri.clone();
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, self.0.user_agent.clone());
        if let Some(params) = &prepared.params {
            headers.insert(REQUEST_PARAMS, params.clone());
        }
        if prepared.body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        } else if matches!(prepared.method, Method::POST | Method::PATCH | Method::PUT) {
            // Google answers 411 to a POST, PATCH or PUT without a length.
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        for (name, value) in self.0.headers.iter().chain(&prepared.headers) {
            headers.insert(name.clone(), value.clone());
        }
        if let Some((name, value)) = more() {
            headers.insert(name, value);
        }
        if let Some(token) = token {
            for (name, value) in token.headers() {
                headers.insert(name.clone(), value.clone());
            }
        }
        // After the token, whose project it replaces.
        if let Some((name, value)) = &self.0.quota_project {
            headers.insert(name.clone(), value.clone());
        }
        request
    }

    /// Returns the status of a call without a reply.
    fn unreached(&self, error: Fault) -> Status {
        let endpoint = &self.0.endpoint;
        let cause = root_cause(&error);
        let message = if error.is_connect() {
            format!("cannot connect to {endpoint}: {cause}")
        } else {
            format!("no reply from {endpoint}: {cause}")
        };
        let status = Status::unavailable(message);
        let status = if error.is_final() { status.with_transient(false) } else { status };
        status.with_source(error)
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("endpoint", &self.0.endpoint).finish_non_exhaustive()
    }
}

/// A header that is made when a request is sent.
pub(crate) type MoreHeader<'a> = &'a (dyn Fn() -> Option<(HeaderName, HeaderValue)> + Sync);

/// Returns the deepest source of an error. Those above it only name the layer.
pub(crate) fn root_cause<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause
}

const REQUEST_PARAMS: HeaderName = HeaderName::from_static("x-goog-request-params");
/// The headers that change how a successful reply is read.
const SPECIAL: [HeaderName; 2] = [header::RETRY_AFTER, header::CONTENT_ENCODING];
/// Messages of ten megabytes occur, such as the diagnosis of a whole model. A larger bound lets a faulty server take more
/// memory for each failed call.
const LARGEST_ERROR: usize = 16 << 20;
