//! Certificates, and a server of HTTPS.

#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{convert::Infallible, sync::Arc, time::Duration};

use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::net::TcpListener;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::ring,
        pki_types::PrivateKeyDer,
        server::{NoClientAuth, WebPkiClientVerifier, danger::ClientCertVerifier},
    },
};

/// A certificate that is its own root, and its key.
pub(crate) type Identity = CertifiedKey<KeyPair>;

/// Creates an identity for `localhost` and `127.0.0.1`.
pub(crate) fn identity() -> Identity {
    generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap()
}

/// Accepts TLS with this identity, from clients that have one of theirs if it is given.
pub(crate) fn acceptor(server: &Identity, client: Option<&Identity>) -> TlsAcceptor {
    accept(server, client, &[b"h2", b"http/1.1"])
}

/// Accepts TLS for HTTP/1.
pub(crate) fn http1_acceptor(server: &Identity) -> TlsAcceptor {
    accept(server, None, &[b"http/1.1"])
}

/// Accepts TLS without a negotiation of the protocol.
pub(crate) fn no_alpn_acceptor(server: &Identity) -> TlsAcceptor {
    accept(server, None, &[])
}

fn accept(server: &Identity, client: Option<&Identity>, protocols: &[&[u8]]) -> TlsAcceptor {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ClientCertVerifier> = match client {
        None => Arc::new(NoClientAuth),
        Some(client) => {
            let mut roots = RootCertStore::empty();
            roots.add(client.cert.der().clone()).unwrap();
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap()
        }
    };
    let key = PrivateKeyDer::try_from(server.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![server.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// Answers every poll with an operation whose metadata contains the HTTP version, and returns the endpoint.
pub(crate) async fn serve(acceptor: TlsAcceptor) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            let service = service_fn(|request: Request<Incoming>| async move {
                let body =
                    format!(r#"{{"done": false, "metadata": {{"version": "{:?}"}}}}"#, request.version());
                Ok::<_, Infallible>(Response::new(Full::new(bytes::Bytes::from(body))))
            });
            tokio::spawn(async move {
                let accepted = tokio::time::timeout(Duration::from_secs(10), acceptor.accept(stream)).await;
                if let Ok(Ok(stream)) = accepted {
                    let server = auto::Builder::new(TokioExecutor::new());
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                }
            });
        }
    });
    endpoint
}
