//! TCP, an optional proxy, and TLS.

use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use lro::Status;
use tower_service::Service;

use super::{
    BoxError, Endpoint, Tls,
    proxy::Proxy,
    stream::Io,
    tcp::{Tcp, Watcher},
    tunnel::Unopened,
};

/// Opens byte streams to an endpoint.
#[derive(Debug)]
pub(crate) struct Connector {
    target: Uri,
    tcp: HttpConnector,
    proxy: Option<Proxy>,
    tls: Option<Tls>,
    http2_only: bool,
}

impl Connector {
    pub(crate) fn new(
        endpoint: &Endpoint,
        proxy: Option<Proxy>,
        tls: Option<Tls>,
        connect_timeout: Duration,
        http2_only: bool,
    ) -> Result<Self, Status> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(connect_timeout));
        tcp.set_keepalive(Some(TCP_KEEP_ALIVE));
        Ok(Self { target: endpoint.target()?, tcp, proxy, tls, http2_only })
    }

    /// Returns whether the endpoint is known to speak HTTP/1.
    pub(crate) fn is_http1(&self) -> bool {
        self.tls.is_none() && !self.http2_only
    }

    /// Opens a stream.
    pub(crate) async fn connect(&self) -> Result<Opened, BoxError> {
        let proxy = self.proxy.as_ref();
        let tcp = tcp(&self.tcp, proxy.map_or(&self.target, Proxy::uri)).await;
        let tcp = tcp.map_err(|error| through(proxy, error))?;
        let watcher = tcp.watcher();
        let io: Box<dyn Io> = match proxy {
            None => Box::new(tcp),
            Some(proxy) => {
                proxy.connect(tcp, &self.target).await.map_err(|error| through(Some(proxy), error))?
            }
        };
        let (io, chose_http2) = match &self.tls {
            None => (io, false),
            Some(tls) => tls.connect(&self.target, io, self.http2_only).await?,
        };
        Ok(Opened { io, watcher, is_http2: chose_http2 || self.http2_only })
    }
}

/// A stream that is open.
pub(crate) struct Opened {
    pub(crate) io: Box<dyn Io>,
    /// The watcher of the TCP stream below it.
    pub(crate) watcher: Watcher,
    /// Whether HTTP/2 is spoken on it.
    pub(crate) is_http2: bool,
}

async fn tcp(connector: &HttpConnector, target: &Uri) -> Result<Tcp, BoxError> {
    Ok(Tcp::new(connector.clone().call(target.clone()).await?.into_inner()))
}

/// Adds the proxy to the cause of an error.
fn through(proxy: Option<&Proxy>, error: BoxError) -> BoxError {
    match proxy {
        None => error,
        Some(proxy) => Unopened::new(&error, proxy).into(),
    }
}

/// Shorter than the idle timeouts of NAT gateways (240 s at Azure, 350 s at AWS), which drop a connection silently.
const TCP_KEEP_ALIVE: Duration = Duration::from_secs(60);
