//! The calls besides get: what they send, and that an unsupported one sends nothing.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use http::Method;
use lro::{
    Attempt, Capabilities, Code, ListOperationsRequest, LroTransport, Operation, OperationName,
    OperationPage, Origin, Pacing, Permit, Status, poll_until_done,
};
use lro_http::HttpTransport;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::common::{RUNNING, SUCCEEDED, Server, assert_clear, binding, in_time, name, reply};

#[tokio::test]
async fn nothing_is_sent_before_the_permit_of_the_attempt_is_there() {
    let server = Server::always(200, RUNNING).await;
    let jobs = all(&server);
    let closed = Attempt::default().with_permit(Arc::new(Never));
    let brief = Duration::from_millis(50);
    assert!(timeout(brief, jobs.get_operation_within(&name(), &closed)).await.is_err());
    assert!(timeout(brief, jobs.cancel_operation_within(&name(), &closed)).await.is_err());
    assert!(timeout(brief, jobs.wait_operation_within(&name(), None, &closed)).await.is_err());
    assert!(server.requests().is_empty());
    jobs.get_operation_within(&name(), &Attempt::default()).await.unwrap();
    assert_eq!(server.requests().len(), 1);
}

/// A permit that does not come.
#[derive(Debug)]
struct Never;

impl Permit for Never {
    fn poll_take(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

#[tokio::test]
async fn cancel_is_a_post_with_an_empty_message() {
    // SPEC 38, 39
    let server = Server::always(200, "{}").await;
    all(&server).cancel_operation(&name()).await.unwrap();
    assert_sent(
        &server,
        &Method::POST,
        "/v1/operations/1:cancel",
        Some("name=operations%2F1"),
        Some(json!({})),
    );
}

#[tokio::test]
async fn delete_is_a_delete_without_a_body() {
    // SPEC 38
    let server = Server::always(200, "{}").await;
    all(&server).delete_operation(&name()).await.unwrap();
    assert_sent(&server, &Method::DELETE, "/v1/operations/1", Some("name=operations%2F1"), None);
}

#[tokio::test]
async fn success_of_cancel_and_delete_is_any_good_reply() {
    // SPEC 39
    for (http, body) in [(200, "{}"), (200, ""), (204, ""), (202, "accepted"), (200, "<html>")] {
        let server = Server::always(http, body).await;
        all(&server).cancel_operation(&name()).await.unwrap();
        all(&server).delete_operation(&name()).await.unwrap();
    }
}

#[tokio::test]
async fn wait_is_a_post_with_the_timeout() {
    // SPEC 38
    for (timeout, body) in [
        (None, json!({})),
        (Some(Duration::from_secs(10)), json!({"timeout": "10s"})),
        (Some(Duration::from_millis(1_500)), json!({"timeout": "1.500s"})),
        (Some(Duration::ZERO), json!({"timeout": "0s"})),
        (Some(Duration::MAX), json!({"timeout": "315576000000s"})),
    ] {
        let server = Server::always(200, SUCCEEDED).await;
        assert!(all(&server).wait_operation(&name(), timeout).await.unwrap().is_done());
        assert_sent(&server, &Method::POST, "/v1/operations/1:wait", Some("name=operations%2F1"), Some(body));
    }
}

#[tokio::test]
async fn wait_is_declared_no_more_where_the_server_has_it_not() {
    // SPEC 40: permanently, for that transport and all of its clones, earlier and later.
    for http in [405, 501] {
        let server = Server::start(move |request| match request.method {
            Method::POST => reply(http, "<html>no such page</html>"),
            _ => reply(200, SUCCEEDED),
        })
        .await;
        let jobs = all(&server);
        let before = jobs.clone();
        assert!(before.capabilities().wait);
        let value: Value = in_time(poll_until_done(&jobs, name()).into_future()).await.unwrap();
        assert_eq!(value, json!({"answer": 42}));
        let after = jobs.clone();
        for jobs in [&jobs, &before, &after] {
            let expected = Capabilities::ALL.wait(false);
            assert_eq!(jobs.capabilities(), expected, "{http}");
            assert_clear(&jobs.wait_operation(&name(), None).await.unwrap_err(), Code::Unimplemented, "wait");
            // The binding itself does not change.
            assert!(jobs.binding().capabilities.wait);
            in_time(poll_until_done::<Value>(jobs, name()).into_future()).await.unwrap();
        }
        let sent: Vec<_> = server.requests().into_iter().map(|request| request.method).collect();
        assert_eq!(sent, [Method::POST, Method::GET, Method::GET, Method::GET, Method::GET], "{http}");
        // Another transport to the same server does not know.
        assert!(all(&server).capabilities().wait);
    }
}

#[tokio::test]
async fn wait_is_declared_no_more_after_the_second_404_for_an_operation_that_a_get_found() {
    // SPEC 58
    for (running, is_lost) in [(0, false), (1, false), (2, true)] {
        let gets = AtomicUsize::new(0);
        let server = Server::start(move |request| match request.method {
            Method::POST => reply(404, "<html>no such page</html>"),
            _ if gets.fetch_add(1, Ordering::Relaxed) < running => reply(200, r#"{"name": "operations/1"}"#),
            _ => reply(200, SUCCEEDED),
        })
        .await;
        let jobs = all(&server);
        let wait = poll_until_done::<Value>(&jobs, name()).pacing(Pacing::fixed(Duration::ZERO));
        in_time(wait.into_future()).await.unwrap();
        assert_eq!(jobs.capabilities().wait, !is_lost, "{running}");
    }
}

#[tokio::test]
async fn wait_is_still_declared_after_failures_that_may_pass_and_of_another_kind() {
    // SPEC 26, 40
    for http in [408, 425, 429, 500, 502, 503, 504, 401, 403] {
        let server = Server::always(http, "").await;
        let jobs = all(&server);
        jobs.wait_operation(&name(), None).await.unwrap_err();
        assert!(jobs.capabilities().wait, "{http}");
    }
    // The other calls do not change it either.
    let server = Server::always(404, "").await;
    let jobs = all(&server);
    jobs.get_operation(&name()).await.unwrap_err();
    jobs.cancel_operation(&name()).await.unwrap_err();
    jobs.list_operations(&ListOperationsRequest::default()).await.unwrap_err();
    // A refused name sends nothing.
    jobs.wait_operation(&"projects/p/operations/1".parse().unwrap(), None).await.unwrap_err();
    assert!(jobs.capabilities().wait);
}

#[tokio::test]
async fn list_is_a_get_of_the_collection() {
    // SPEC 38, 41
    let whole = ListOperationsRequest::new("projects/p/locations/a b")
        .filter(r#"done = true AND name:"x/y""#)
        .page_size(50)
        .page_token("a+b/c==")
        .return_partial_success(true);
    for (request, target, params) in [
        (ListOperationsRequest::default(), "/v1/operations", None),
        (ListOperationsRequest::new("projects/p"), "/v1/projects/p/operations", Some("name=projects%2Fp")),
        (ListOperationsRequest::default().page_token("next"), "/v1/operations?pageToken=next", None),
        (
            whole,
            "/v1/projects/p/locations/a%20b/operations?filter=done%20%3D%20true%20AND%20name%3A%22x%2Fy%22\
             &pageSize=50&pageToken=a%2Bb%2Fc%3D%3D&returnPartialSuccess=true",
            Some("name=projects%2Fp%2Flocations%2Fa%20b"),
        ),
    ] {
        let server = Server::always(200, "{}").await;
        assert_eq!(all(&server).list_operations(&request).await.unwrap(), OperationPage::default());
        assert_sent(&server, &Method::GET, target, params, None);
    }
}

#[tokio::test]
async fn a_page_may_be_empty_and_have_a_next_one() {
    // SPEC 16, 41
    let one = || Operation::running("operations/1");
    let page = OperationPage::new;
    for (body, expected) in [
        (json!({"operations": [], "nextPageToken": "n"}), page(vec![]).next_page_token("n")),
        (json!({"next_page_token": "n"}), page(vec![]).next_page_token("n")),
        (json!({"operations": null, "nextPageToken": null, "unreachable": null}), page(vec![])),
        (
            json!({"operations": [{"name": "operations/1"}], "unreachable": ["projects/p/locations/a"]}),
            page(vec![one()]).unreachable(vec!["projects/p/locations/a".to_owned()]),
        ),
    ] {
        let server = Server::always(200, &body.to_string()).await;
        let page = all(&server).list_operations(&ListOperationsRequest::default()).await.unwrap();
        assert_eq!(page, expected, "{body}");
    }
}

#[tokio::test]
async fn a_page_of_the_wrong_shape_is_malformed() {
    // SPEC 16, 20
    for body in ["5", r#"{"operations": {}}"#, r#"{"operations": [5]}"#, r#"{"nextPageToken": 5}"#] {
        let server = Server::always(200, body).await;
        let status = all(&server).list_operations(&ListOperationsRequest::default()).await.unwrap_err();
        assert_eq!(
            (status.origin(), status.code()),
            (Origin::MalformedReply, Code::Internal),
            "{body}: {status}"
        );
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_read_is_a_failed_call() {
    // SPEC 19, 20: truncated JSON breaks no rule of google.longrunning, it is a failed call.
    for body in ["", r#"{"operations": ["#, "<html>"] {
        let server = Server::always(200, body).await;
        let status = all(&server).list_operations(&ListOperationsRequest::default()).await.unwrap_err();
        assert_eq!(
            (status.origin(), status.code()),
            (Origin::CallFailed, Code::Internal),
            "{body}: {status}"
        );
    }
}

#[tokio::test]
async fn a_call_that_the_service_has_not_makes_no_request() {
    // SPEC 38
    let server = Server::always(200, RUNNING).await;
    let jobs = server.jobs();
    assert_eq!(jobs.capabilities(), Capabilities::default());
    for (status, verb) in refusals(&jobs, &name()).await.into_iter().zip(["cancel", "delete", "list", "wait"])
    {
        assert_clear(&status, Code::Unimplemented, verb);
        assert!(status.message().contains("jobs.example.com"), "{status}");
        assert_eq!(status.origin(), Origin::CallFailed);
    }
    assert_eq!((server.connections(), server.requests().len()), (0, 0));
}

#[tokio::test]
async fn each_capability_is_its_own() {
    // SPEC 38
    let server = Server::start(|request| match request.method {
        Method::GET => reply(200, "{}"),
        _ => reply(200, RUNNING),
    })
    .await;
    for index in 0..4 {
        let capabilities =
            Capabilities::default().cancel(index == 0).delete(index == 1).list(index == 2).wait(index == 3);
        let jobs = with(&server, capabilities);
        assert_eq!(jobs.capabilities(), capabilities);
        let list = ListOperationsRequest::default();
        let made = [
            jobs.cancel_operation(&name()).await.is_ok(),
            jobs.delete_operation(&name()).await.is_ok(),
            jobs.list_operations(&list).await.is_ok(),
            jobs.wait_operation(&name(), None).await.is_ok(),
        ];
        assert_eq!(made, [0, 1, 2, 3].map(|other| other == index));
    }
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_name_of_another_service_is_refused_by_every_call() {
    // SPEC 15
    let server = Server::always(200, RUNNING).await;
    let jobs = all(&server);
    let other = OperationName::parse("projects/p/operations/1").unwrap();
    let statuses = [
        jobs.get_operation(&other).await.unwrap_err(),
        jobs.cancel_operation(&other).await.unwrap_err(),
        jobs.delete_operation(&other).await.unwrap_err(),
        jobs.wait_operation(&other, None).await.unwrap_err(),
    ];
    for status in statuses {
        assert_clear(&status, Code::InvalidArgument, "projects/p/operations/1");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_parent_that_is_not_safe_in_a_path_is_refused() {
    // SPEC 13: a proxy would make `/v1/operations` of `/v1/projects/../operations`.
    let server = Server::always(200, "{}").await;
    let jobs = all(&server);
    for parent in
        ["..", "projects/..", "projects/p/./q", "/projects", "projects/", "projects//p", "projects/a\nb"]
    {
        let request = ListOperationsRequest::new(parent.to_owned());
        let _ = jobs.list_operations(&request).await;
    }
    let sent: Vec<_> = server.requests().into_iter().map(|request| request.target).collect();
    assert!(sent.is_empty(), "{sent:#?}");
}

#[tokio::test]
async fn a_failed_call_says_what_the_server_said() {
    // SPEC 22
    let error =
        json!({"error": {"code": 400, "message": "it is done", "status": "FAILED_PRECONDITION"}}).to_string();
    let server = Server::always(400, &error).await;
    for status in refusals(&all(&server), &name()).await {
        assert_eq!(status.to_string(), "FAILED_PRECONDITION: it is done");
        assert_eq!(status.origin(), Origin::CallFailed);
    }
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn says_which_service_it_is() {
    let client = lro_http::HttpClient::builder("http://localhost:1").build().unwrap();
    let binding = binding(Capabilities::default());
    let jobs = HttpTransport::new(client, binding.clone());
    assert_eq!(jobs.service(), binding.service);
    assert_eq!(jobs.binding(), &binding);
    assert_eq!(jobs.client().endpoint().to_string(), "http://localhost:1");
}

/// The failures of the four calls, in the order of [`Capabilities`].
async fn refusals(jobs: &HttpTransport, name: &OperationName) -> [Status; 4] {
    [
        jobs.cancel_operation(name).await.unwrap_err(),
        jobs.delete_operation(name).await.unwrap_err(),
        jobs.list_operations(&ListOperationsRequest::default()).await.unwrap_err(),
        jobs.wait_operation(name, None).await.unwrap_err(),
    ]
}

fn all(server: &Server) -> HttpTransport {
    with(server, Capabilities::ALL)
}

fn with(server: &Server, capabilities: Capabilities) -> HttpTransport {
    HttpTransport::new(server.client().build().unwrap(), binding(capabilities))
}

#[track_caller]
fn assert_sent(server: &Server, method: &Method, target: &str, params: Option<&str>, body: Option<Value>) {
    let request = server.request();
    assert_eq!((&request.method, &*request.target), (method, target));
    let sent = request.headers.get("x-goog-request-params").map(|params| params.to_str().unwrap());
    assert_eq!(sent, params);
    let sent = (!request.body.is_empty()).then(|| serde_json::from_slice(&request.body).unwrap());
    assert_eq!(sent, body);
    assert_eq!(request.headers.contains_key("content-type"), body.is_some());
}
