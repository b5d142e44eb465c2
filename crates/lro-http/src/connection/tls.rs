//! TLS: the root certificates, the certificate of the client, and the handshake.

use std::{fmt, io, sync::Arc};

use http::Uri;
use lro::Status;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        self, AlertDescription, ClientConfig, InvalidMessage, RootCertStore,
        crypto::CryptoProvider,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    },
};

use super::{BoxError, stream::Io};
use crate::refusal::refused;

/// What the builder was given for TLS, in PEM.
#[derive(Default)]
pub(crate) struct TlsSettings {
    pub(crate) roots: Vec<Vec<u8>>,
    /// The certificates of the client, and its key.
    pub(crate) identity: Option<(Vec<u8>, Vec<u8>)>,
}

/// The TLS of a client, for its endpoint and for an `https` proxy.
#[derive(Clone)]
pub(crate) struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Reads the root certificates of the system, and what the builder was given.
    pub(crate) fn new(settings: &TlsSettings) -> Result<Self, Status> {
        let builder = ClientConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| {
                Status::unimplemented("the crypto provider supports no TLS version").with_source(error)
            })?
            .with_root_certificates(roots(&settings.roots)?);
        let config = match &settings.identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let chain = certificates(chain, "the client certificate")?;
                let key = PrivateKeyDer::from_pem_slice(key)
                    .map_err(|_| refused("the key of the client certificate is not a private key in PEM"))?;
                builder.with_client_auth_cert(chain, key).map_err(|error| {
                    refused("the client certificate and its key do not fit").with_source(error)
                })?
            }
        };
        Ok(Self(Arc::new(config)))
    }

    /// Completes a handshake with the endpoint, and returns whether the server chose HTTP/2.
    pub(crate) async fn connect(
        &self,
        target: &Uri,
        io: Box<dyn Io>,
        http2_only: bool,
    ) -> Result<(Box<dyn Io>, bool), BoxError> {
        let protocols: &[&[u8]] = if http2_only { &[b"h2"] } else { &[b"h2", b"http/1.1"] };
        self.handshake(target, io, protocols).await
    }

    /// Completes a handshake with a proxy.
    pub(crate) async fn connect_to_proxy(
        &self,
        proxy: &Uri,
        io: Box<dyn Io>,
    ) -> Result<Box<dyn Io>, BoxError> {
        Ok(self.handshake(proxy, io, &[b"http/1.1"]).await?.0)
    }

    async fn handshake(
        &self,
        server: &Uri,
        io: Box<dyn Io>,
        protocols: &[&[u8]],
    ) -> Result<(Box<dyn Io>, bool), BoxError> {
        let host = server.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned())?;
        let protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let connector = TlsConnector::from(self.0.clone());
        let stream = connector
            .with_alpn(protocols)
            .connect(name, io)
            .await
            .map_err(|error| explained(error, server))?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok((Box::new(stream), is_http2))
    }
}

/// Explains the error of a server that answers a handshake by something else, such as a reply of HTTP, or that does not
/// speak the protocol.
fn explained(error: io::Error, server: &Uri) -> BoxError {
    let server = server.authority().map_or("", |authority| authority.as_str());
    match error.get_ref().and_then(|cause| cause.downcast_ref()) {
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {}
        // This client offers HTTP/2 alone only if it must.
        Some(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => {
            return format!("{server} does not offer HTTP/2, which this client needs").into();
        }
        _ => return error.into(),
    }
    format!(
        "{server} does not speak TLS: is its URL http://{server}, which needs `plain_http` beyond loopback?"
    )
    .into()
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn roots(given: &[Vec<u8>]) -> Result<RootCertStore, Status> {
    let mut roots = RootCertStore::empty();
    for pem in given {
        for certificate in certificates(pem, "the root certificate")? {
            roots
                .add(certificate)
                .map_err(|error| refused("the root certificate is invalid").with_source(error))?;
        }
    }
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(Status::unavailable(
            "no root certificates on this system: install ca-certificates, or set SSL_CERT_FILE",
        ));
    }
    Ok(roots)
}

/// Reads one or more certificates.
fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, Status> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.unwrap_or_default();
    if certificates.is_empty() { Err(refused(format!("{what} is not PEM"))) } else { Ok(certificates) }
}

#[cfg(feature = "aws-lc")]
fn provider() -> CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

#[cfg(all(feature = "ring", not(feature = "aws-lc")))]
fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}
