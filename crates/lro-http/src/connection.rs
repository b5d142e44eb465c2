//! The connections of a client: endpoint, proxy, TLS, and a pool over HTTP/1 and HTTP/2.

mod body;
mod connector;
mod endpoint;
mod fault;
mod given;
mod http1;
mod http2;
#[cfg(not(feature = "_tls"))]
mod no_tls;
mod pool;
mod proxy;
mod stream;
mod tcp;
#[cfg(feature = "_tls")]
mod tls;
mod tunnel;

use std::{fmt, sync::Arc, time::Duration};

use http::{Request, Response};
use lro::{Attempt, Status};

pub use self::endpoint::Endpoint;
#[cfg(not(feature = "_tls"))]
pub(crate) use self::no_tls::{Tls, TlsSettings};
#[cfg(feature = "_tls")]
pub(crate) use self::tls::{Tls, TlsSettings};
pub(crate) use self::{
    body::ReplyBody,
    endpoint::shown,
    fault::{BoxError, Fault},
    given::{Exchange, Given},
    http2::KeepAlive,
    proxy::ProxyChoice,
};
use self::{
    connector::Connector,
    fault::{Resend, Unanswered},
    pool::Pool,
    proxy::Proxy,
};
use crate::request::Payload;

/// How a client connects.
pub(crate) struct ConnectionSettings {
    pub(crate) connect_timeout: Duration,
    pub(crate) http2_only: bool,
    pub(crate) keep_alive: KeepAlive,
    pub(crate) proxy: ProxyChoice,
    pub(crate) tls: TlsSettings,
    pub(crate) given: Option<Box<dyn Exchange>>,
}

/// The connections to an endpoint, or the client that the builder was given in place of them.
pub(crate) enum Connections {
    Pool(Arc<Pool>),
    Given(Box<dyn Exchange>),
}

impl Connections {
    /// Checks the settings. The root certificates of the system are read only for HTTPS.
    pub(crate) fn new(endpoint: &Endpoint, settings: ConnectionSettings) -> Result<Self, Status> {
        if let Some(given) = settings.given {
            return Ok(Self::Given(given));
        }
        let tls = endpoint.is_https().then(|| Tls::new(&settings.tls)).transpose()?;
        let tls_to_proxy = || tls.clone().map_or_else(|| Tls::new(&settings.tls), Ok);
        let proxy = Proxy::of(&settings.proxy, endpoint, tls_to_proxy)?;
        let connector = Connector::new(endpoint, proxy, tls, settings.connect_timeout, settings.http2_only)?;
        let host = endpoint.host_header()?;
        Ok(Self::Pool(Arc::new(Pool::new(connector, host, settings.connect_timeout, settings.keep_alive))))
    }

    /// Sends the request that `request` builds once the attempt has its permit, and returns the head of the reply.
    ///
    /// A request that surely was not processed is sent again, and a read whose kept connection closed early.
    pub(crate) async fn send(
        &self,
        attempt: &Attempt,
        is_read: bool,
        request: &(impl Fn() -> Request<Payload> + Sync),
    ) -> Result<Response<ReplyBody>, Fault> {
        match self {
            Self::Pool(pool) => pool.send(attempt, is_read, request).await,
            Self::Given(given) => {
                let request = || request().map(|mut payload| payload.take().unwrap_or_default());
                given.exchange(attempt, &request).await.map_err(Fault::reply)
            }
        }
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}

/// The default of hyper-util and of Go. A shorter timeout reconnects between the polls of a slow cadence, a longer one
/// keeps connections that a load balancer has dropped.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);
