//! gRPC over TLS.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use lro::{Code, Status};
use lro_grpc::GrpcTransport;

use super::{
    certificates::{Identity, acceptor, http1_acceptor, identity, no_alpn_acceptor},
    common::{Reply, Server, client, failure, get, running},
};

#[tokio::test]
async fn http_2_is_negotiated() {
    // SPEC 43
    let identity = identity();
    for acceptor in [acceptor(&identity, None), no_alpn_acceptor(&identity)] {
        let server = Server::over_tls(acceptor, |_| Reply::running()).await;
        assert_eq!(get(&trusting(&server.url(), &identity)).await.unwrap(), running());
        assert_eq!(server.request().version, http::Version::HTTP_2);
    }
}

#[tokio::test]
async fn a_server_without_http_2_is_named() {
    let identity = identity();
    let server = Server::over_tls(http1_acceptor(&identity), |_| Reply::running()).await;
    let status = failure(&trusting(&server.url(), &identity)).await;
    assert_named(&status, &server, " does not offer HTTP/2, which this client needs");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_named() {
    // SPEC 43
    let server = Server::over_tls(acceptor(&identity(), None), |_| Reply::running()).await;
    let status = failure(&trusting(&server.url(), &identity())).await;
    assert_named(&status, &server, "invalid peer certificate");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_server_without_tls_is_named() {
    let server = Server::always(Reply::running()).await;
    let url = server.url().replace("http://", "https://").replace("127.0.0.1", "localhost");
    let status = failure(&trusting(&url, &identity())).await;
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("does not speak TLS: is its URL http://localhost"), "{status}");
}

#[track_caller]
fn assert_named(status: &Status, server: &Server, why: &str) {
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(status.message().starts_with(&format!("cannot connect to {}: ", server.url())), "{status}");
    assert!(status.message().contains(why), "{status}");
}

fn trusting(url: &str, identity: &Identity) -> GrpcTransport {
    client(url).root_certificates(identity.cert.pem()).build().unwrap()
}
