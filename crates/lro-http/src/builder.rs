use std::{any::TypeId, error::Error, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Body;
use lro::{Status, pacing::PacingByKind};
use tower_service::Service;

use crate::{
    Credentials, Endpoint, HttpClient, NoCredentials,
    connection::{ConnectionSettings, Given, KeepAlive, ProxyChoice, TlsSettings, shown},
    refusal::refused,
};

/// Builds an [`HttpClient`], or the client of one service that wraps it.
#[must_use = "a builder does nothing until it is built"]
pub struct HttpClientBuilder<C = HttpClient> {
    settings: Settings,
    finish: Box<dyn FnOnce(HttpClient) -> C + Send>,
}

/// The settings of a client.
pub(crate) struct Settings {
    pub(crate) endpoint: String,
    pub(crate) credentials: Box<dyn Credentials>,
    has_credentials: bool,
    plain_http: bool,
    pub(crate) quota_project: Option<String>,
    pub(crate) product: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) largest_reply: usize,
    pub(crate) call_timeout: Duration,
    pub(crate) connection: ConnectionSettings,
    pub(crate) pacing: Option<Arc<dyn PacingByKind>>,
}

impl Settings {
    /// Checks the endpoint and whether the credentials may be sent to it.
    pub(crate) fn endpoint(&self) -> Result<Endpoint, Status> {
        let endpoint = Endpoint::parse_with(&self.endpoint, self.plain_http)?;
        if endpoint.is_exposed() && self.has_credentials {
            return Err(refused(format!("credentials are not sent to {endpoint} in clear text: use https")));
        }
        Ok(endpoint)
    }
}

impl HttpClientBuilder {
    pub(crate) fn new(endpoint: String) -> Self {
        let settings = Settings {
            endpoint,
            credentials: Box::new(NoCredentials),
            has_credentials: false,
            plain_http: false,
            quota_project: None,
            product: None,
            headers: Vec::new(),
            largest_reply: LARGEST_REPLY,
            call_timeout: CALL_TIMEOUT,
            connection: ConnectionSettings {
                connect_timeout: CONNECT_TIMEOUT,
                http2_only: false,
                keep_alive: KeepAlive { interval: KEEP_ALIVE_INTERVAL, timeout: KEEP_ALIVE_TIMEOUT },
                proxy: ProxyChoice::default(),
                tls: TlsSettings::default(),
                given: None,
            },
            pacing: None,
        };
        Self { settings, finish: Box::new(|client| client) }
    }
}

impl<C> HttpClientBuilder<C> {
    /// Sets the endpoint, such as that of a region or of an emulator.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.settings.endpoint = endpoint.into();
        self
    }

    /// Sets the credentials. Default: none, which Google's services refuse and an emulator accepts.
    pub fn credentials<K: Credentials + 'static>(mut self, credentials: K) -> Self {
        self.settings.has_credentials = TypeId::of::<K>() != TypeId::of::<NoCredentials>();
        self.settings.credentials = Box::new(credentials);
        self
    }

    /// Sets the project whose quota is used, in place of the project that the credentials name.
    pub fn quota_project(mut self, project: impl Into<String>) -> Self {
        self.settings.quota_project = Some(project.into());
        self
    }

    /// Sets the product at the start of the user agent, such as `my-app/1.2`. The product of this crate follows it.
    pub fn user_agent(mut self, product: impl Into<String>) -> Self {
        self.settings.product = Some(product.into());
        self
    }

    /// Adds a header to every call, polls included. It is not for secrets, which [`credentials`](Self::credentials) keep
    /// out of errors. A name that is one of a credential, such as `x-api-key`, is refused when the client is built.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the largest accepted body of a reply in bytes, after decompression. Default: 64 MiB.
    pub fn largest_reply(mut self, bytes: usize) -> Self {
        self.settings.largest_reply = bytes;
        self
    }

    /// Sets the timeout of a call that is not a poll. Default: 60 s.
    ///
    /// A poll has the attempt timeout of its wait.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.settings.call_timeout = timeout;
        self
    }

    /// Sets the timeout of connecting: TCP, the proxy, TLS, and the preface of HTTP/2. Default: 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connection.connect_timeout = timeout;
        self
    }

    /// Sets how often a ping is sent on a connection of HTTP/2 while a call is in flight. Default: 30 s.
    pub fn http2_keep_alive_interval(mut self, interval: Duration) -> Self {
        self.settings.connection.keep_alive.interval = interval;
        self
    }

    /// Sets how long the answer to a ping may take. After it, the calls of the connection fail. Default: 20 s.
    pub fn http2_keep_alive_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connection.keep_alive.timeout = timeout;
        self
    }

    /// Sets when waits of this client poll that are given no pacing of their own: one [`Pacing`](lro::Pacing) for all, or
    /// one for each kind of operation, such as `lro_learned::Learned`. Default: [`Pacing::default`](lro::Pacing::default).
    ///
    /// ```
    /// use std::time::Duration;
    /// use lro::Pacing;
    /// use lro_http::HttpClient;
    ///
    /// let client = HttpClient::builder("http://localhost:8080").pacing(Pacing::fixed(Duration::from_secs(5))).build()?;
    /// # Ok::<(), lro::Status>(())
    /// ```
    pub fn pacing(mut self, pacing: impl PacingByKind + 'static) -> Self {
        self.settings.pacing = Some(Arc::new(pacing));
        self
    }

    /// Uses HTTP/2 without negotiation, which HTTP/2 without TLS needs. Over TLS the two sides negotiate it anyway.
    pub fn http2_only(mut self) -> Self {
        self.settings.connection.http2_only = true;
        self
    }

    /// Connects through a proxy, in place of that of the environment.
    ///
    /// The schemes are `http` (CONNECT), `https` (CONNECT inside of TLS to the proxy), `socks5` (this process resolves
    /// the host) and `socks5h` (the proxy resolves it). A user and a password may be a part of the URL:
    /// `socks5h://user:password@proxy.example.com:1080`.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.settings.connection.proxy = ProxyChoice::Given(url.into());
        self
    }

    /// Connects directly, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.settings.connection.proxy = ProxyChoice::None;
        self
    }

    /// Trusts the certificates in this PEM as roots, besides the roots of the system. May be called more than once.
    #[cfg(any(feature = "ring", feature = "aws-lc"))]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.connection.tls.roots.push(pem.into());
        self
    }

    /// Sets the certificate that the client presents to the server: its chain in PEM, its own first, and its key in PEM.
    #[cfg(any(feature = "ring", feature = "aws-lc"))]
    pub fn client_certificate(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.settings.connection.tls.identity = Some((chain.into(), key.into()));
        self
    }

    /// Accepts an endpoint of plain HTTP that is not a loopback host, such as an emulator in another container.
    ///
    /// Credentials for such an endpoint are refused when the client is built.
    pub fn plain_http(mut self) -> Self {
        self.settings.plain_http = true;
        self
    }

    /// Sends the calls by a client of HTTP in place of connections of its own, for example for the layers of
    /// `tower-http`.
    ///
    /// The bodies of its requests are made from [`Bytes`], which may be empty. Its replies are decompressed where they
    /// say that they are gzip. The settings of connections, proxies and TLS have no effect. Credentials are sent wherever that
    /// client connects: that it does so by TLS is its own concern.
    pub fn service<S, B, R>(mut self, service: S) -> Self
    where
        S: Service<Request<B>, Response = Response<R>> + Clone + Send + Sync + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        S::Future: Send,
        B: From<Bytes> + Send + 'static,
        R: Body + Send + 'static,
        R::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        self.settings.connection.given = Some(Box::new(Given::new(service)));
        self
    }

    /// Converts the client when it is built, for example to the transport of a service.
    pub fn map<D: 'static>(self, wrap: impl FnOnce(C) -> D + Send + 'static) -> HttpClientBuilder<D>
    where
        C: 'static,
    {
        let finish = self.finish;
        HttpClientBuilder { settings: self.settings, finish: Box::new(move |client| wrap(finish(client))) }
    }

    /// Builds the client. It connects at the first call.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` for an invalid endpoint, quota project, user agent, header or certificate, for a proxy that cannot be
    /// used, and for HTTPS without a feature for TLS. `UNAVAILABLE` if there are no root certificates for HTTPS.
    pub fn build(self) -> Result<C, Status> {
        HttpClient::new(self.settings).map(self.finish)
    }
}

/// Omits the credentials: their `Debug` may be derived and show a secret.
impl<C> fmt::Debug for HttpClientBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClientBuilder")
            .field("endpoint", &shown(&self.settings.endpoint))
            .finish_non_exhaustive()
    }
}

/// A smaller bound ends the wait for a large response, a larger one lets a faulty server take more memory for each
/// call.
const LARGEST_REPLY: usize = 64 << 20;
/// A shorter timeout gives up calls whose operation then runs under an unknown name, a longer one delays the report of
/// a server that hangs.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// Linux repeats a lost SYN after 1, 3 and 7 s: all three fit. A longer timeout delays the next attempt when a host is
/// gone.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A shorter interval adds packets to every long poll. After a longer one and the timeout, a call that waits without a
/// timeout of its own learns later that its connection has died.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// The default of hyper and of gRPC. A shorter timeout fails calls on a network that is slow for a moment.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);
