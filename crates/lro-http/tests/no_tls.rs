//! Without a feature for TLS: loopback hosts and a client that is given, and nothing else.

#![cfg(not(any(feature = "ring", feature = "aws-lc")))]

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use lro::Code;
use lro_http::HttpClient;
use tower::service_fn;

mod common;
use common::{RUNNING, Server, assert_clear, get, jobs, running};

#[tokio::test]
async fn reaches_a_loopback_host_over_either_version() {
    let server = Server::always(200, RUNNING).await;
    for client in [server.client(), server.client().http2_only()] {
        assert_eq!(get(&jobs(client)).await.unwrap(), running());
    }
}

#[test]
fn refuses_https_when_the_client_is_built_and_says_what_is_missing() {
    let https = HttpClient::builder("https://example.com");
    let proxy = HttpClient::builder("http://localhost").proxy("https://proxy.example.com");
    for client in [https, proxy] {
        assert_clear(&client.build().unwrap_err(), Code::InvalidArgument, "the feature `ring` or `aws-lc`");
    }
}

#[tokio::test]
async fn reaches_https_by_a_client_that_is_given() {
    let service = service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(RUNNING.as_bytes()))))
    });
    let client = HttpClient::builder("https://example.com").service(service);
    assert_eq!(get(&jobs(client)).await.unwrap(), running());
}
