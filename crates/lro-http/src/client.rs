use std::{error::Error, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, header};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use lro::{Code, Pacing, Status, pacing::PacingByKind};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tracing::debug;

use crate::{
    Call, Credentials, Endpoint, HttpClientBuilder, Token,
    builder::Settings,
    connection::{Connector, connector},
    credentials::project_header,
    refusal::refused,
    reply::{self, Encoding, Reply, failure},
    request::{Payload, Prepared},
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
    pacing: Option<Arc<dyn PacingByKind>>,
    http: Client<Connector, Payload>,
}

impl HttpClient {
    /// A client of the service at this endpoint, such as `https://routeoptimization.googleapis.com`.
    pub fn builder(endpoint: impl Into<String>) -> HttpClientBuilder {
        HttpClientBuilder::new(endpoint.into())
    }

    pub(crate) fn new(settings: Settings) -> Result<Self, Status> {
        let endpoint = Endpoint::parse(&settings.endpoint)?;
        let ours = concat!("lro/", env!("CARGO_PKG_VERSION"));
        let user_agent =
            settings.product.map_or_else(|| ours.to_owned(), |product| format!("{product} {ours}"));
        let http = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(90))
            .timer(TokioTimer::new())
            .http2_only(settings.http2_only)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .build(connector(&endpoint, settings.connect_timeout)?);
        Ok(Self(Arc::new(Inner {
            credentials: settings.credentials,
            quota_project: settings.quota_project.as_deref().map(project_header).transpose()?,
            user_agent: HeaderValue::try_from(&user_agent)
                .map_err(|_| refused(format!("not a user agent: {user_agent:?}")))?,
            largest_reply: settings.largest_reply,
            call_timeout: settings.call_timeout,
            pacing: settings.pacing,
            http,
            endpoint,
        })))
    }

    /// Where the calls go.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// Returns the pacing that this client was given for operations of a kind, for transports over it:
    /// [`LroTransport::default_pacing`](lro::LroTransport::default_pacing).
    pub fn default_pacing(&self, kind: &str) -> Option<Pacing> {
        Some(self.0.pacing.as_ref()?.pacing(kind))
    }

    /// Sends a call and reads its reply as `T`.
    ///
    /// It is sent once: nothing is repeated but what surely was not sent, a call on a connection that had closed.
    ///
    /// # Errors
    ///
    /// A failed call as the server tells it, `UNAVAILABLE` where no reply came, `DEADLINE_EXCEEDED` after the call's
    /// timeout, and `INTERNAL` where the reply is no `T`, of
    /// [`Origin::MalformedReply`](lro::Origin::MalformedReply).
    pub async fn send<T: DeserializeOwned>(&self, call: Call) -> Result<T, Status> {
        let reply = self.send_raw(call).await?;
        lro::from_json(&reply.body)
    }

    pub(crate) async fn send_raw(&self, call: Call) -> Result<Reply, Status> {
        let limit = call.timeout.unwrap_or(self.0.call_timeout);
        let prepared = self.prepare(call)?;
        timeout(limit, self.exchange(&prepared)).await.unwrap_or_else(|_| {
            Err(Status::new(
                Code::DeadlineExceeded,
                format!("{} did not answer in {limit:?}; it may have carried the call out", self.0.endpoint),
            ))
        })
    }

    pub(crate) fn prepare(&self, call: Call) -> Result<Prepared, Status> {
        let params = match call.params.is_empty() {
            true => None,
            false => Some(
                HeaderValue::from_maybe_shared(Bytes::from(call.params))
                    .map_err(|error| refused(format!("not a header: {error}")))?,
            ),
        };
        Ok(Prepared { method: call.method, uri: self.0.endpoint.uri(call.path)?, params, body: call.body })
    }

    /// One request and its reply, for as long as it takes.
    pub(crate) async fn exchange(&self, prepared: &Prepared) -> Result<Reply, Status> {
        let token = match self.0.credentials.token_at_hand() {
            Some(token) => Some(token),
            None => self.0.credentials.token().await?,
        };
        let sent = self.0.http.request(self.request(prepared, token.as_ref()));
        let unsaid = |fault| failure::without_token(fault, token.as_ref());
        let response = match sent.await {
            Ok(response) => response,
            Err(error) => return Err(unsaid(self.unreached(error))),
        };
        let http = response.status();
        let retry_after = reply::retry_after(response.headers());
        let encoding = Encoding::of(response.headers());
        let body = response.into_body();
        debug!(status = http.as_u16(), "replied");
        if http.is_success() {
            let read = encoding.read(body, self.0.largest_reply).await;
            return match read {
                Ok(body) => Ok(Reply { body, retry_after }),
                Err(fault) => Err(reply::hinted(unsaid(fault), retry_after)),
            };
        }
        let refused = |token: &Token| self.0.credentials.invalidate(token);
        if http == http::StatusCode::UNAUTHORIZED {
            // At once: the body may never come.
            token.iter().for_each(refused);
        }
        let status = match encoding.read(body, self.0.largest_reply.min(LARGEST_ERROR)).await {
            Ok(body) => failure::failed_call(http, &self.0.endpoint, token.as_ref(), &body),
            // The status line is known: a body that cannot be read takes nothing from it.
            Err(fault) => failure::without_body(http, &fault),
        };
        let status = match (status.code(), &token) {
            (Code::Unauthenticated, Some(token)) => {
                refused(token);
                status
            }
            (Code::Unauthenticated, None) => failure::without_credential(status),
            _ => status,
        };
        Err(reply::hinted(status, retry_after))
    }

    #[inline]
    fn request(&self, prepared: &Prepared, token: Option<&Token>) -> Request<Payload> {
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
        } else if matches!(prepared.method, Method::POST | Method::PATCH) {
            // Google answers 411 to a method that may have a body and does not say that it has none.
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        if let Some(token) = token {
            headers.insert(header::AUTHORIZATION, token.authorization().clone());
        }
        if let Some(project) = self.0.quota_project.as_ref().or_else(|| token?.project()) {
            headers.insert(QUOTA_PROJECT, project.clone());
        }
        request
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

const REQUEST_PARAMS: HeaderName = HeaderName::from_static("x-goog-request-params");
const QUOTA_PROJECT: HeaderName = HeaderName::from_static("x-goog-user-project");
/// An error needs no more.
const LARGEST_ERROR: usize = 1 << 20;
