//! A client of HTTP that the builder is given in place of connections of its own.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::{Body, Frame};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use lro::{Attempt, Capabilities, Code, LroTransport, Permit};
use lro_http::{Call, HttpClient, HttpTransport, Token};
use serde_json::json;
use tokio::time::timeout;
use tower::{ServiceBuilder, service_fn};
use tower_http::{set_header::SetRequestHeaderLayer, trace::TraceLayer};

use super::common::{RUNNING, Server, assert_clear, binding, failure, get, in_time, jobs, name, running};

#[tokio::test]
async fn layers_of_tower_http_fit_around_a_client_of_hyper() {
    let server = Server::always(200, RUNNING).await;
    let header = HeaderName::from_static("x-layer");
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let service = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(SetRequestHeaderLayer::overriding(header, HeaderValue::from_static("seen")))
        .service(client);
    let client = server.client().credentials(Token::bearer("secret").unwrap()).service(service);
    let jobs = HttpTransport::new(client.build().unwrap(), binding(Capabilities::default()));
    assert_eq!(get(&jobs).await.unwrap(), running());
    let start = Call::post("v1", "jobs", ":start").body(&json!({"pages": 3})).unwrap();
    assert_eq!(in_time(jobs.start(start)).await.unwrap(), running());

    let requests = server.requests();
    assert!(requests.iter().all(|request| request.headers["x-layer"] == "seen"));
    assert!(requests.iter().all(|request| request.headers["authorization"] == "Bearer secret"));
    assert_eq!((&*requests[0].body, &*requests[1].body), (&b""[..], &br#"{"pages":3}"#[..]));
}

#[tokio::test]
async fn reaches_an_https_endpoint_without_connections_of_its_own() {
    let service = service_fn(|request: Request<Full<Bytes>>| {
        assert_eq!(request.uri(), &Uri::from_static("https://jobs.example.com/v1/operations/1"));
        ready(Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(RUNNING.as_bytes())))))
    });
    let client = HttpClient::builder("https://jobs.example.com").proxy("ftp://unused").service(service);
    assert_eq!(get(&jobs(client)).await.unwrap(), running());
}

#[tokio::test]
async fn a_body_in_parts_and_a_body_that_breaks_are_read_as_any_other() {
    // SPEC 19, 26
    let client = |end: Option<Result<&'static str, &'static str>>| {
        HttpClient::builder("http://localhost").service(service_fn(move |_: Request<Full<Bytes>>| {
            let (first, second) = RUNNING.split_at(7);
            let parts = [Ok(first), Ok(second)].into_iter().chain(end).collect();
            ready(Ok::<_, Infallible>(Response::new(Parts(parts))))
        }))
    };
    assert_eq!(get(&jobs(client(None))).await.unwrap(), running());
    assert_clear(
        &failure(&jobs(client(Some(Err("broken"))))).await,
        Code::Unavailable,
        "in the middle of the reply",
    );
    let bounded = client(None).largest_reply(10);
    assert_clear(&failure(&jobs(bounded)).await, Code::Internal, "larger than the limit of 10 bytes");
}

#[tokio::test]
async fn its_error_is_a_failed_call() {
    // SPEC 26
    let broken = service_fn(|_: Request<Full<Bytes>>| ready(Err::<Response<Full<Bytes>>, _>("out of order")));
    let status = failure(&jobs(HttpClient::builder("http://localhost").service(broken))).await;
    assert_clear(&status, Code::Unavailable, "no reply from http://localhost: out of order");
}

#[tokio::test]
async fn is_called_when_it_is_ready_and_the_attempt_has_its_permit() {
    let jobs = jobs(HttpClient::builder("http://localhost").service(ReadyOnce::default()));
    assert_eq!(get(&jobs).await.unwrap(), running());
    let closed = Attempt::default().with_permit(Arc::new(Never));
    let brief = Duration::from_millis(50);
    assert!(timeout(brief, jobs.get_operation_within(&name(), &closed)).await.is_err());
}

/// A body whose parts are there.
struct Parts(VecDeque<Result<&'static str, &'static str>>);

impl Body for Parts {
    type Data = VecDeque<u8>;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<VecDeque<u8>>, &'static str>>> {
        Poll::Ready(self.0.pop_front().map(|part| part.map(|part| Frame::data(part.bytes().collect()))))
    }
}

/// A service that panics if it is called without being asked whether it is ready.
#[derive(Clone, Default)]
struct ReadyOnce(bool);

impl tower::Service<Request<Full<Bytes>>> for ReadyOnce {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0 = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Full<Bytes>>) -> Self::Future {
        assert!(self.0, "not ready");
        ready(Ok(Response::new(Full::new(RUNNING.into()))))
    }
}

/// A permit that does not come.
#[derive(Debug)]
struct Never;

impl Permit for Never {
    fn poll_take(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}
