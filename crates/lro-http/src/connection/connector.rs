//! TCP, an optional proxy, and TLS.

use std::{error::Error, time::Duration};

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use lro::Status;
use tower_service::Service;

use super::{BoxError, Endpoint, Tls, proxy::Proxy, stream::Io};

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

    /// Opens a stream, and returns whether HTTP/2 is spoken on it.
    pub(crate) async fn connect(&self) -> Result<(Box<dyn Io>, bool), BoxError> {
        let io = match &self.proxy {
            None => tcp(&self.tcp, &self.target).await?,
            Some(proxy) => {
                let through = proxy.connect(&self.tcp, &self.target).await;
                through.map_err(|error| format!("{} (through the proxy {proxy})", cause_of(&*error)))?
            }
        };
        let Some(tls) = &self.tls else {
            return Ok((io, self.http2_only));
        };
        let (io, chose_http2) = tls.connect(&self.target, io, self.http2_only).await?;
        Ok((io, chose_http2 || self.http2_only))
    }
}

/// Connects by TCP.
pub(crate) async fn tcp(connector: &HttpConnector, target: &Uri) -> Result<Box<dyn Io>, BoxError> {
    Ok(Box::new(connector.clone().call(target.clone()).await?.into_inner()))
}

fn cause_of<'e>(mut error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    while let Some(deeper) = error.source() {
        error = deeper;
    }
    error
}

/// Shorter than the idle timeouts of NAT gateways (240 s at Azure, 350 s at AWS), which drop a connection silently.
const TCP_KEEP_ALIVE: Duration = Duration::from_secs(60);
