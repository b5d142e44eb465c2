//! Clients of HTTP/2 that the builder is given in place of connections of its own.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use lro::{Any, Capabilities, Code, LroTransport, Status, details::RetryInfo, poll_until_done, wkt};
use lro_grpc::{GrpcCall, GrpcTransport, HttpClientBuilder, Proto, Token};
use lro_testkit::ReservedPort;
use prost::Message;
use tonic::transport::Endpoint;
use tower::{ServiceBuilder, ServiceExt, service_fn};

use super::common::{
    End, Job, Reply, Server, assert_clear, client, failure, get, in_time, is_survived, name, running,
    trailers_of,
};

#[tokio::test]
async fn a_channel_of_tonic_carries_the_calls() {
    let server = two_polls().await;
    is_awaited(&server, over_tonic(&server.url())).await;
    assert!(server.requests().iter().all(|request| request.header("user-agent").contains("lro/")));
}

#[tokio::test]
async fn a_client_of_hyper_util_carries_the_calls() {
    let server = two_polls().await;
    is_awaited(&server, client(&server.url()).service(over_http2())).await;
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn layers_fit_around_a_client() {
    let server = two_polls().await;
    let service = ServiceBuilder::new()
        .timeout(Duration::from_secs(10))
        .map_request(|mut request: Request<Full<Bytes>>| {
            request.headers_mut().insert("x-layer", HeaderValue::from_static("seen"));
            request
        })
        .service(over_http2());
    is_awaited(&server, client(&server.url()).service(service)).await;
    assert!(server.requests().iter().all(|request| request.header("x-layer") == "seen"));
}

#[tokio::test]
async fn trailers_and_details_pass_through() {
    // SPEC 24, 32
    let retry = RetryInfo { retry_delay: Some(wkt::Duration::new(7, 0).unwrap()) };
    let details = vec![Any::pack(&retry).unwrap(), Any::pack_protobuf("a.B", b"\x08\x01")];
    let busy = Status::from_number(99, "100 % ö").with_details(details);
    for reply in [Reply::failed(&busy), Reply::head().with_trailers(trailers_of(&busy))] {
        let server = Server::always(reply).await;
        for given in [client(&server.url()).service(over_http2()), over_tonic(&server.url())] {
            let status = failure(&given.build().unwrap()).await;
            assert_eq!((&status, status.raw_code()), (&busy, 99));
            assert_eq!(status.retry_after(), Some(Duration::from_secs(7)));
        }
    }
}

#[tokio::test]
async fn a_fault_of_the_client_is_no_word_of_the_server() {
    // SPEC 26
    let whole = || Reply::running().ends(End::Reset);
    let server = Server::always(whole()).await;
    for given in [client(&server.url()).service(over_http2()), over_tonic(&server.url())] {
        let status = failure(&given.build().unwrap()).await;
        assert_clear(&status, Code::Unavailable, &server.url());
        assert!(is_survived(&status), "{status}");
    }
    let closed = ReservedPort::any();
    let url = closed.url();
    for given in [client(&url).service(over_http2()), over_tonic(&url)] {
        let status = failure(&given.build().unwrap()).await;
        assert_clear(&status, Code::Unavailable, "Connection refused");
        assert!(is_survived(&status), "{status}");
    }
    // A status that a client makes up is none either.
    let broken = service_fn(|_: Request<Full<Bytes>>| ready(Err::<Response<Full<Bytes>>, _>("canceled")));
    let status = failure(&client("http://localhost").service(broken).build().unwrap()).await;
    assert_clear(&status, Code::Unavailable, "no reply from http://localhost: canceled");
}

#[tokio::test]
async fn a_server_of_http_1_is_named() {
    let server = Server::always(Reply::http(200, "text/html", "<html>")).await;
    let http1: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let status = failure(&client(&server.url()).service(http1).build().unwrap()).await;
    assert_clear(&status, Code::Unimplemented, "replied by HTTP/1.1, and gRPC needs HTTP/2");
    let own = lro_http::HttpClient::builder(server.url()).build().unwrap();
    let status = failure(&GrpcTransport::new(own, lro::Service::new("a", "v1"))).await;
    assert_clear(&status, Code::Unimplemented, "build the client with `http2_only`");
    assert!(!is_survived(&status));
}

#[tokio::test]
async fn a_service_of_a_test_replies_without_a_network() {
    let reply = |_: Request<Full<Bytes>>| -> Ready<Result<Response<Full<Bytes>>, Infallible>> {
        let mut reply = Response::new(Full::default());
        *reply.headers_mut() = trailers_of(&Status::new(Code::Aborted, "not now"));
        ready(Ok(reply))
    };
    let jobs = client("https://printer.example.com").service(service_fn(reply)).build().unwrap();
    assert_eq!(get(&jobs).await.unwrap_err(), Status::new(Code::Aborted, "not now"));
}

/// A server whose operation is done at the second poll.
async fn two_polls() -> Server {
    Server::in_turn([Reply::running(), Reply::running(), Reply::succeeded()]).await
}

/// Starts an operation, and waits for it.
async fn is_awaited(server: &Server, client: HttpClientBuilder<GrpcTransport>) {
    let jobs = client.credentials(Token::bearer("t0ken-t0ken").unwrap()).build().unwrap();
    let jobs = jobs.with_capabilities(Capabilities::default());
    let print = GrpcCall::new("printer.v1.Printer/Print", Job::poster().encode_to_vec());
    assert_eq!(in_time(jobs.start(print)).await.unwrap(), running());
    let job: Proto<Job> = in_time(poll_until_done(&jobs, name()).into_future()).await.unwrap();
    assert_eq!(job, Proto(Job::poster()));
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| request.header("authorization") == "Bearer t0ken-t0ken"));
    assert!(requests.iter().all(|request| request.header("content-type") == "application/grpc"));
    assert!(!requests[1].header("grpc-timeout").is_empty());
    assert_eq!(jobs.capabilities(), Capabilities::default());
}

/// The calls go over a channel of tonic, whose bodies are of a type of its own.
fn over_tonic(url: &str) -> HttpClientBuilder<GrpcTransport> {
    let channel = Endpoint::from_shared(url.to_owned()).unwrap().connect_lazy();
    let service = channel.map_request(|request: Request<Full<Bytes>>| request.map(tonic::body::Body::new));
    client(url).service(service)
}

fn over_http2() -> Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).http2_only(true).build_http()
}
