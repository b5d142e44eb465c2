//! What the calls send: paths, messages, headers and timeouts.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Version};
use http_body_util::Full;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use lro::{
    Attempt, Capabilities, Code, ListOperationsRequest, LroTransport, OperationName, Permit, Status,
    async_trait, poll_until_done,
};
use lro_grpc::{Credentials, GrpcCall, Proto, Token};
use lro_grpc_wire::{messages, timeout};
use lro_http::NameTemplate;
use prost::Message;
use tokio::time::{Sleep, sleep};

use super::common::{
    self, Job, NAME, Recorded, Reply, Server, assert_clear, get, in_time, name, running, succeeded,
};

#[tokio::test]
async fn every_verb_has_its_path_and_its_message() {
    // SPEC 38, 44
    let server = Server::start(|request| match request.method_name() {
        "ListOperations" => Reply::ok(&messages::ListOperationsResponse {
            operations: vec![messages::Operation::try_from(&running()).unwrap()],
            next_page_token: "next".to_owned(),
            unreachable: vec!["projects/p/locations/far".to_owned()],
        }),
        "CancelOperation" | "DeleteOperation" => Reply::ok(&()),
        _ => Reply::running(),
    })
    .await;
    let jobs = server.jobs().with_capabilities(Capabilities::ALL);
    assert_eq!(get(&jobs).await.unwrap(), running());
    in_time(jobs.cancel_operation(&name())).await.unwrap();
    in_time(jobs.delete_operation(&name())).await.unwrap();
    let held = in_time(jobs.wait_operation(&name(), Some(Duration::from_millis(1_500)))).await;
    assert_eq!(held.unwrap(), running());
    let list = ListOperationsRequest::new("projects/p").filter("done=true").page_size(7).page_token("t");
    let page = in_time(jobs.list_operations(&list)).await.unwrap();
    assert_eq!((&*page.operations, &*page.next_page_token), (&[running()][..], "next"));
    assert_eq!(page.unreachable, ["projects/p/locations/far"]);

    let requests = server.requests();
    let paths: Vec<_> = requests.iter().map(|request| &*request.path).collect();
    let path = |method| format!("/google.longrunning.Operations/{method}Operation");
    assert_eq!(paths, [path("Get"), path("Cancel"), path("Delete"), path("Wait"), path("List") + "s"]);
    assert_eq!(requests[0].message::<messages::GetOperationRequest>().name, NAME);
    assert_eq!(requests[1].message::<messages::CancelOperationRequest>().name, NAME);
    assert_eq!(requests[2].message::<messages::DeleteOperationRequest>().name, NAME);
    let waited: messages::WaitOperationRequest = requests[3].message();
    let timeout = messages::Duration { seconds: 1, nanos: 500_000_000 };
    assert_eq!((&*waited.name, waited.timeout), (NAME, Some(timeout)));
    let listed: messages::ListOperationsRequest = requests[4].message();
    assert_eq!(listed, messages::ListOperationsRequest::from(&list));
    for request in &requests {
        assert_eq!((request.version, &request.method), (Version::HTTP_2, &Method::POST));
        assert_eq!(request.body[..5], [&[0], &(request.body.len() as u32 - 5).to_be_bytes()[..]].concat());
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn every_call_has_the_headers_of_grpc_and_of_the_client() {
    // SPEC 44: no header of the caller replaces those of the protocol.
    let server = Server::always(Reply::running()).await;
    let client = server
        .client()
        .credentials(Token::bearer("t0ken-t0ken").unwrap().quota_project("its").unwrap())
        .quota_project("payer")
        .user_agent("printer/1")
        .header("content-type", "application/json")
        .header("grpc-accept-encoding", "zstd")
        .header("grpc-timeout", "1H")
        .header("x-more", "1");
    let jobs = client.build().unwrap();
    let attempt = Attempt::within(Duration::from_secs(9));
    in_time(jobs.get_operation_within(&name(), &attempt)).await.unwrap();
    let call = GrpcCall::new("printer.v1.Printer/Print", Job::poster().encode_to_vec())
        .param("parent", "projects/p");
    in_time(jobs.start(call)).await.unwrap();

    let requests = server.requests();
    for request in &requests {
        for (name, value) in [
            ("authorization", "Bearer t0ken-t0ken"),
            ("content-type", "application/grpc"),
            ("grpc-accept-encoding", "gzip"),
            ("te", "trailers"),
            ("user-agent", concat!("printer/1 lro/", env!("CARGO_PKG_VERSION"))),
            ("x-goog-user-project", "payer"),
            ("x-more", "1"),
        ] {
            assert_eq!(request.header(name), value);
            assert_eq!(request.headers.get_all(name).iter().count(), 1, "{name}");
        }
        assert_eq!(request.headers.get_all("grpc-timeout").iter().count(), 1);
        assert_eq!(request.header("content-length"), request.body.len().to_string());
        assert_eq!(request.headers.get("accept-encoding"), None);
    }
    assert_eq!(requests[0].header("x-goog-request-params"), "name=operations%2F1");
    assert_eq!(requests[1].header("x-goog-request-params"), "parent=projects%2Fp");
    assert_eq!(requests[1].path, "/printer.v1.Printer/Print");
    assert_eq!(requests[1].message::<Job>(), Job::poster());
    for header in ["te", "host", "content-length", "authorization"] {
        assert_clear(
            &server.client().header(header, "1").build().unwrap_err(),
            Code::InvalidArgument,
            header,
        );
    }
}

#[tokio::test]
async fn a_name_is_verbatim_in_the_message_and_encoded_in_the_header() {
    // SPEC 7, 13, 14
    for (name, encoded) in [
        (
            "projects/p/locations/l/operations/Zm9v+=",
            "projects%2Fp%2Flocations%2Fl%2Foperations%2FZm9v%2B%3D",
        ),
        ("operations/a b&c=d?e#f%", "operations%2Fa%20b%26c%3Dd%3Fe%23f%25"),
        ("operations/ö", "operations%2F%C3%B6"),
        ("main/7cc6c9a8-2d8e", "main%2F7cc6c9a8-2d8e"),
        ("x~._-", "x~._-"),
    ] {
        let named = messages::Operation { name: name.to_owned(), ..messages::Operation::default() };
        let server = Server::always(Reply::ok(&named)).await;
        let operation = in_time(server.jobs().get_operation(&name.parse().unwrap())).await.unwrap();
        let request = server.request();
        assert_eq!(
            (&*operation.name, &*request.message::<messages::GetOperationRequest>().name),
            (name, name)
        );
        assert_eq!(request.header("x-goog-request-params"), format!("name={encoded}"));
    }
    let server = Server::always(Reply::ok(&messages::ListOperationsResponse::default())).await;
    in_time(server.jobs().list_operations(&ListOperationsRequest::default())).await.unwrap();
    assert_eq!(server.request().headers.get("x-goog-request-params"), None);
}

#[tokio::test]
async fn a_refused_name_and_a_missing_verb_cost_no_call() {
    // SPEC 15, 38
    let server = Server::always(Reply::running()).await;
    let jobs = server
        .jobs()
        .names([NameTemplate::from_static("projects/*/operations/*")])
        .with_capabilities(Capabilities::default());
    assert_clear(&get(&jobs).await.unwrap_err(), Code::InvalidArgument, NAME);
    let own: OperationName = "projects/p/operations/1".parse().unwrap();
    let missing = [
        in_time(jobs.cancel_operation(&own)).await.unwrap_err(),
        in_time(jobs.delete_operation(&own)).await.unwrap_err(),
        in_time(jobs.wait_operation(&own, None)).await.unwrap_err(),
        in_time(jobs.list_operations(&ListOperationsRequest::new("projects/p"))).await.unwrap_err(),
    ];
    for status in missing {
        assert_clear(&status, Code::Unimplemented, "printer.example.com v1 has no call to");
    }
    assert!(server.requests().is_empty());
    // By default a server is asked.
    assert_eq!(server.jobs().capabilities(), Capabilities::ALL.wait(false));
}

#[tokio::test]
async fn a_setting_takes_effect_after_a_call_too() {
    // SPEC 62
    let server = Server::always(Reply::running()).await;
    let names = || NameTemplate::from_static("projects/*/operations/*");
    for is_shared in [false, true] {
        let jobs = server.jobs().with_capabilities(Capabilities::ALL);
        get(&jobs).await.unwrap();
        jobs.disable_wait();
        let other = is_shared.then(|| jobs.clone());
        let jobs = jobs.names([names()]).with_capabilities(Capabilities::ALL);
        assert_clear(&get(&jobs).await.unwrap_err(), Code::InvalidArgument, NAME);
        assert!(jobs.capabilities().wait);
        if let Some(other) = other {
            get(&other).await.unwrap();
            assert!(!other.capabilities().wait);
        }
    }
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn the_server_learns_the_time_that_is_left() {
    // SPEC 35, 45
    let server = Server::start(|request| match request.method_name() {
        "ListOperations" => Reply::ok(&messages::ListOperationsResponse::default()),
        "CancelOperation" | "DeleteOperation" => Reply::ok(&()),
        _ => Reply::running(),
    })
    .await;
    let limit = Duration::from_secs(400);
    let jobs = server.client().call_timeout(limit).build().unwrap().with_capabilities(Capabilities::ALL);
    let print = || GrpcCall::new("printer.v1.Printer/Print", Job::poster().encode_to_vec());
    let short = Attempt::within(Duration::from_secs(90));
    get(&jobs).await.unwrap();
    in_time(jobs.get_operation_within(&name(), &short)).await.unwrap();
    in_time(jobs.wait_operation_within(&name(), None, &short)).await.unwrap();
    in_time(jobs.cancel_operation_within(&name(), &short)).await.unwrap();
    in_time(jobs.cancel_operation(&name())).await.unwrap();
    in_time(jobs.delete_operation(&name())).await.unwrap();
    in_time(jobs.list_operations(&ListOperationsRequest::default())).await.unwrap();
    in_time(jobs.start(print())).await.unwrap();
    in_time(jobs.start(print().timeout(Duration::from_secs(70)))).await.unwrap();
    in_time(jobs.start(print().timeout(Duration::MAX))).await.unwrap();
    let left: Vec<_> = server.requests().iter().map(left).collect();
    let whole =
        [None, Some(90), Some(90), Some(90), Some(400), Some(400), Some(400), Some(400), Some(70), None];
    for (number, (left, whole)) in left.into_iter().zip(whole).enumerate() {
        let Some(whole) = whole.map(Duration::from_secs) else {
            assert_eq!(left, None, "{number}");
            continue;
        };
        let left = left.unwrap_or_else(|| panic!("{number}: no timeout"));
        assert!(
            (whole.saturating_sub(Duration::from_secs(59))..=whole).contains(&left),
            "{number}: {left:?}"
        );
    }
}

#[tokio::test]
async fn the_timeout_is_that_of_the_moment_when_the_request_is_sent() {
    // SPEC 45: a credential and a permit that take long are a part of the attempt.
    let delay = Duration::from_millis(300);
    let server = Server::always(Reply::running()).await;
    let slow = server.client().credentials(Slow(delay)).build().unwrap();
    let given = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Full<Bytes>>();
    let given = server.client().service(given).build().unwrap();
    let whole = || Attempt::within(Duration::from_secs(5));
    let late = || whole().with_permit(Arc::new(Late::after(delay)));
    in_time(slow.get_operation_within(&name(), &whole())).await.unwrap();
    in_time(server.jobs().get_operation_within(&name(), &late())).await.unwrap();
    in_time(given.get_operation_within(&name(), &late())).await.unwrap();
    for request in server.requests() {
        let left = left(&request).unwrap();
        assert!(left <= Duration::from_millis(4_700), "{left:?}");
    }
}

#[tokio::test]
async fn a_call_without_its_credential_is_no_poll() {
    // SPEC 59
    let server = Server::always(Reply::running()).await;
    let jobs = server.client().credentials(Missing).build().unwrap();
    let status = poll_until_done::<Proto<Job>>(&jobs, name()).await.unwrap_err();
    assert_eq!(status.to_string(), "UNAUTHENTICATED: no login (operations/1, no call was made)");
    assert_eq!((status.report().unwrap().polls, server.requests().len()), (0, 0));
}

#[tokio::test]
async fn a_server_that_keeps_to_the_timeout_fails_the_attempt_alone() {
    // SPEC 26, 45
    let late = Status::new(Code::DeadlineExceeded, "Deadline Exceeded");
    let server = Server::start(move |request| match request.connection {
        _ if request.header("grpc-timeout").is_empty() => panic!("no timeout"),
        1 if left(request).unwrap() < Duration::from_millis(300) => {
            Reply::failed(&late).after(left(request).unwrap() / 2)
        }
        _ => Reply::succeeded(),
    })
    .await;
    let jobs = server.jobs();
    let brief = Attempt::within(Duration::from_millis(200));
    let status = in_time(jobs.get_operation_within(&name(), &brief)).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::DeadlineExceeded, "Deadline Exceeded"));
    let job: Proto<Job> = in_time(poll_until_done(&jobs, name()).into_future()).await.unwrap();
    assert_eq!(job, Proto(Job::poster()));
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_wait_call_that_the_server_has_not_is_made_once() {
    // SPEC 40
    let server = Server::start(|request| match request.method_name() {
        "WaitOperation" => Reply::failed(&Status::new(Code::Unimplemented, "Method not found!")),
        _ => Reply::succeeded(),
    })
    .await;
    let jobs = server.jobs().with_capabilities(Capabilities::ALL);
    for _ in 0..3 {
        let job: Proto<Job> = in_time(poll_until_done(&jobs, name()).into_future()).await.unwrap();
        assert_eq!(job, Proto(Job::poster()));
    }
    let methods: Vec<_> = server.requests().iter().map(|request| request.method_name().to_owned()).collect();
    let waits = methods.iter().filter(|method| *method == "WaitOperation").count();
    assert!(waits <= 1, "{methods:?}");
    assert_eq!(succeeded().name, NAME);
}

#[tokio::test]
async fn an_endpoint_may_have_a_path() {
    let server = Server::always(Reply::running()).await;
    let jobs = common::client(&format!("{}/gateway", server.url())).build().unwrap();
    get(&jobs).await.unwrap();
    assert_eq!(server.request().path, "/gateway/google.longrunning.Operations/GetOperation");
}

/// The time that a request gives the server.
fn left(request: &Recorded) -> Option<Duration> {
    timeout::parse(request.headers.get("grpc-timeout")?)
}

/// A permit that takes its time.
#[derive(Debug)]
struct Late(Mutex<Pin<Box<Sleep>>>);

impl Late {
    fn after(delay: Duration) -> Self {
        Self(Mutex::new(Box::pin(sleep(delay))))
    }
}

impl Permit for Late {
    fn poll_take(&self, context: &mut Context<'_>) -> Poll<()> {
        self.0.lock().unwrap().as_mut().poll(context)
    }
}

/// A credential that takes its time.
#[derive(Debug)]
struct Slow(Duration);

#[async_trait]
impl Credentials for Slow {
    async fn token(&self) -> Result<Option<Token>, Status> {
        sleep(self.0).await;
        Token::bearer("t0ken-t0ken").map(Some)
    }
}

/// A credential that a person must provide.
#[derive(Debug)]
struct Missing;

#[async_trait]
impl Credentials for Missing {
    async fn token(&self) -> Result<Option<Token>, Status> {
        Err(Status::new(Code::Unauthenticated, "no login").with_transient(false))
    }
}
