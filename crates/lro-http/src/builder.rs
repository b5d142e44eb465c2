use std::{fmt, sync::Arc, time::Duration};

use lro::{Status, pacing::PacingByKind};

use crate::{Credentials, HttpClient, NoCredentials, connection::shown};

/// Makes an [`HttpClient`], or what a service's crate makes of one.
#[must_use = "a builder does nothing until it is built"]
pub struct HttpClientBuilder<C = HttpClient> {
    settings: Settings,
    finish: Box<dyn FnOnce(HttpClient) -> C + Send>,
}

/// What a client is made of.
pub(crate) struct Settings {
    pub(crate) endpoint: String,
    pub(crate) credentials: Box<dyn Credentials>,
    pub(crate) quota_project: Option<String>,
    pub(crate) product: Option<String>,
    pub(crate) largest_reply: usize,
    pub(crate) call_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) http2_only: bool,
    pub(crate) pacing: Option<Arc<dyn PacingByKind>>,
}

impl HttpClientBuilder {
    pub(crate) fn new(endpoint: String) -> Self {
        let settings = Settings {
            endpoint,
            credentials: Box::new(NoCredentials),
            quota_project: None,
            product: None,
            largest_reply: LARGEST_REPLY,
            call_timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
            http2_only: false,
            pacing: None,
        };
        Self { settings, finish: Box::new(|client| client) }
    }
}

impl<C> HttpClientBuilder<C> {
    /// Sets another endpoint, such as a regional one or an emulator's.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.settings.endpoint = endpoint.into();
        self
    }

    /// Sets the credentials. Default: none, which only an emulator takes.
    pub fn credentials(mut self, credentials: impl Credentials + 'static) -> Self {
        self.settings.credentials = Box::new(credentials);
        self
    }

    /// Sets the project whose quota pays, before the one that the credentials name.
    pub fn quota_project(mut self, project: impl Into<String>) -> Self {
        self.settings.quota_project = Some(project.into());
        self
    }

    /// Puts a product before our own in the user agent, such as `my-app/1.2`.
    pub fn user_agent(mut self, product: impl Into<String>) -> Self {
        self.settings.product = Some(product.into());
        self
    }

    /// Sets the largest body of a reply in bytes, after decompression. Default: 64 MiB.
    pub fn largest_reply(mut self, bytes: usize) -> Self {
        self.settings.largest_reply = bytes;
        self
    }

    /// Sets the longest time for a call that is not a poll. Default: 60 s. Polls have the wait's attempt timeout.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.settings.call_timeout = timeout;
        self
    }

    /// Sets the longest time for making a connection. Default: 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
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

    /// Speaks HTTP/2 without asking first, as is needed for HTTP/2 without TLS. Over TLS it is agreed on anyway.
    pub fn http2_only(mut self) -> Self {
        self.settings.http2_only = true;
        self
    }

    /// Makes something of the client when it is built, such as the transport of a service.
    pub fn map<D: 'static>(self, wrap: impl FnOnce(C) -> D + Send + 'static) -> HttpClientBuilder<D>
    where
        C: 'static,
    {
        let finish = self.finish;
        HttpClientBuilder { settings: self.settings, finish: Box::new(move |client| wrap(finish(client))) }
    }

    /// Makes the client. Connections are made by the calls.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` for an endpoint, a quota project or a user agent that is none, and for a proxy of the
    /// environment that is not an `http` one; `UNAVAILABLE` if the system has no root certificates for HTTPS.
    pub fn build(self) -> Result<C, Status> {
        HttpClient::new(self.settings).map(self.finish)
    }
}

/// The credentials are not shown: a `Debug` that was derived for them shows what they hold.
impl<C> fmt::Debug for HttpClientBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClientBuilder")
            .field("endpoint", &shown(&self.settings.endpoint))
            .finish_non_exhaustive()
    }
}

const LARGEST_REPLY: usize = 64 << 20;
