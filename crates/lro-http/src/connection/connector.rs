//! TCP, an optional proxy, and TLS.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::{
        legacy::connect::{HttpConnector, proxy::Tunnel},
        proxy::matcher::Intercept,
    },
    rt::TokioIo,
};
use lro::Status;
use rustls::{ClientConfig, RootCertStore, crypto::CryptoProvider};
use tokio::net::TcpStream;
use tower_service::Service;

use super::{Endpoint, proxy::proxy_for};

pub(crate) type Connector = HttpsConnector<Proxied>;

/// Returns a connector for an endpoint. The root certificates of the system are read only for HTTPS.
pub(crate) fn connector(endpoint: &Endpoint, connect_timeout: Duration) -> Result<Connector, Status> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(connect_timeout));
    http.set_keepalive(Some(TCP_KEEP_ALIVE));
    let proxied = Proxied { http, proxy: proxy_for(endpoint)? };
    let tls = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| {
            Status::unimplemented("the crypto provider supports no TLS version").with_source(error)
        })?
        .with_root_certificates(roots(endpoint)?)
        .with_no_client_auth();
    let builder = HttpsConnectorBuilder::new().with_tls_config(tls);
    let builder = if endpoint.is_https() { builder.https_only() } else { builder.https_or_http() };
    Ok(builder.enable_all_versions().wrap_connector(proxied))
}

/// Connects by TCP, through the proxy if there is one.
#[derive(Clone, Debug)]
pub(crate) struct Proxied {
    http: HttpConnector,
    proxy: Option<Intercept>,
}

impl Service<Uri> for Proxied {
    type Response = TokioIo<TcpStream>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.http.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let Some(proxy) = &self.proxy else {
            let connecting = self.http.call(target);
            return Box::pin(async { Ok(connecting.await?) });
        };
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.http.clone());
        if let Some(auth) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(auth.clone());
        }
        let connecting = tunnel.call(target);
        Box::pin(async { Ok(connecting.await?) })
    }
}

fn roots(endpoint: &Endpoint) -> Result<RootCertStore, Status> {
    let mut roots = RootCertStore::empty();
    if endpoint.is_https() {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            return Err(Status::unavailable(
                "no root certificates on this system: install ca-certificates, or set SSL_CERT_FILE",
            ));
        }
    }
    Ok(roots)
}

#[cfg(feature = "aws-lc")]
fn provider() -> CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

#[cfg(all(feature = "ring", not(feature = "aws-lc")))]
fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

/// Shorter than the idle timeouts of NAT gateways (240 s at Azure, 350 s at AWS), which drop a connection silently.
const TCP_KEEP_ALIVE: Duration = Duration::from_secs(60);

#[cfg(not(any(feature = "ring", feature = "aws-lc")))]
compile_error!("lro-http needs one of the features `ring` (default) and `aws-lc` for TLS");
