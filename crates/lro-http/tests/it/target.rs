//! The target of an operation that is done, read as the response.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use lro::{
    Capabilities, Code, ListOperationsRequest, LroTransport, OperationName, Origin, Status, Tolerance, Wait,
    poll_until_done,
};
use lro_auth::{Token, token_fn};
use lro_http::{Binding, Call, HttpClient, HttpTransport};
use serde_json::{Value, json};

use super::common::{Reply, Server, reply};

const DONE: &str = r#"{"name": "1", "status": "DONE", "targetLink": "https://www.example.com/v1/disks/d"}"#;
const RUNNING: &str =
    r#"{"name": "1", "status": "RUNNING", "targetLink": "https://www.example.com/v1/disks/d"}"#;
const DISK: &str = r#"{"name": "d", "status": "READY"}"#;

#[tokio::test]
async fn is_the_response_of_an_operation_that_is_done() {
    let server = Server::in_turn([(200, RUNNING), (200, DONE), (200, DISK)]).await;
    let mut wait = poll_until_done::<Value>(disks(&server), name());
    assert_eq!(wait.outcome().await.unwrap(), json!({"name": "d", "status": "READY"}));
    assert_eq!(targets(&server), ["/v1/operations/1", "/v1/operations/1", "/v1/disks/d"]);
    // The metadata is the reply.
    let snapshot = wait.next().await.unwrap().unwrap().with_progress(None);
    assert_eq!(
        serde_json::from_str::<Value>(DONE).unwrap(),
        snapshot.raw_metadata().unwrap().decode::<Value>().unwrap()
    );
}

#[tokio::test]
async fn is_read_only_if_the_transport_reads_targets_and_the_reply_has_one_and_no_response() {
    let whole = serde_json::from_str::<Value>(DONE).unwrap();
    let answered = |form: Value, body: &'static str| async move {
        let server = Server::always(200, body).await;
        let jobs = HttpTransport::new(server.client().build().unwrap(), binding(form)).reading_targets();
        let operation = jobs.get_operation(&name()).await.unwrap();
        assert_eq!(targets(&server), ["/v1/operations/1"], "{body}");
        operation.outcome.map(|outcome| outcome.decode::<Value>().map_err(|status| status.code()))
    };
    let server = Server::always(200, DONE).await;
    let unread = HttpTransport::new(server.client().build().unwrap(), binding(form()));
    assert_eq!(poll_until_done::<Value>(&unread, name()).await.unwrap(), whole);
    assert_eq!(targets(&server), ["/v1/operations/1"]);

    let done = json!({"status": "DONE"});
    assert_eq!(answered(form(), r#"{"status": "DONE"}"#).await, Some(Ok(done)));
    assert_eq!(
        answered(form(), r#"{"status": "DONE", "targetLink": null}"#).await.unwrap().unwrap()["status"],
        "DONE"
    );
    assert_eq!(
        answered(form(), r#"{"status": "DONE", "targetLink": ""}"#).await.unwrap().unwrap()["status"],
        "DONE"
    );
    assert_eq!(
        answered(form(), r#"{"status": "DONE", "targetLink": 7}"#).await.unwrap().unwrap()["status"],
        "DONE"
    );
    assert_eq!(answered(form(), RUNNING).await, None);
    let failed =
        r#"{"status": "DONE", "targetLink": "/v1/disks/d", "error": {"code": 8, "message": "full"}}"#;
    assert_eq!(answered(form(), failed).await, Some(Err(Code::ResourceExhausted)));
    let mut own = form();
    own["response"] = "result".into();
    let with_response = r#"{"status": "DONE", "targetLink": "/v1/disks/d", "result": {"size": 7}}"#;
    assert_eq!(answered(own, with_response).await, Some(Ok(json!({"size": 7}))));
    let mut without = form();
    without["target"] = "".into();
    assert_eq!(answered(without, DONE).await, Some(Ok(whole)));
}

#[tokio::test]
async fn is_read_where_the_reply_has_no_response_after_all() {
    let mut form = form();
    form["response"] = "result".into();
    let server = Server::in_turn([
        (200, r#"{"status": "DONE", "targetLink": "/v1/disks/d", "result": null}"#),
        (200, DISK),
    ])
    .await;
    let jobs = HttpTransport::new(server.client().build().unwrap(), binding(form)).reading_targets();
    assert_eq!(poll_until_done::<Value>(&jobs, name()).await.unwrap()["name"], "d");
}

#[tokio::test]
async fn is_asked_of_the_endpoint_alone() {
    // SPEC 12, 43: a link never leads a token to another host.
    let stranger = Server::always(200, DISK).await;
    let (elsewhere, query) = (format!("{}/v1/disks/d", stranger.url()), "/v1/disks/d?api-version=2024");
    for (link, path) in [
        (&*elsewhere, "/v1/disks/d?api-version=7"),
        ("https://evil.example.com/v1/disks/d", "/v1/disks/d?api-version=7"),
        ("https://user:canary@evil.example.com/v1/disks/d#top", "/v1/disks/d?api-version=7"),
        ("/v1/disks/a%20b", "/v1/disks/a%20b?api-version=7"),
        ("//evil.example.com/v1/disks/d", "//evil.example.com/v1/disks/d?api-version=7"),
        // A link with a query keeps it.
        (query, query),
    ] {
        let mut form = form();
        form["query"] = json!({"api-version": "7"});
        let server = linking(link, DISK).await;
        let client = server.client().credentials(Token::bearer("a-token").unwrap()).build().unwrap();
        let jobs = HttpTransport::new(client, binding(form)).reading_targets();
        assert_eq!(poll_until_done::<Value>(&jobs, name()).await.unwrap()["name"], "d", "{link}");
        assert_eq!(targets(&server), ["/v1/operations/1?api-version=7", path]);
        assert_eq!(server.requests()[1].headers["authorization"], "Bearer a-token");
        assert_eq!(stranger.connections(), 0);
    }
    for link in [
        "https://h",
        "https://h/",
        "h",
        "https://h/v1/../x",
        "/v1/%2e%2e/x",
        "https://h/v1/a b",
        "\u{e9}",
        "*",
    ] {
        let server = linking(link, DISK).await;
        let status = poll_until_done::<Value>(disks(&server), name()).await.unwrap_err();
        assert_eq!(status.origin(), Origin::MalformedReply, "{link}: {status}");
        assert_eq!(targets(&server), ["/v1/operations/1"]);
        assert_succeeded(&status);
    }
}

#[tokio::test]
async fn is_below_the_path_of_the_endpoint() {
    let server = Server::start(|request| match request.target.as_str() {
        "/gateway/v1/operations/1" => reply(200, DONE),
        "/gateway/v1/operations/2" => {
            let host = request.headers["host"].to_str().unwrap();
            reply(
                200,
                json!({"status": "DONE", "targetLink": format!("http://{host}/gateway/v1/disks/d")})
                    .to_string(),
            )
        }
        "/gateway/v1/disks/d" => reply(200, DISK),
        _ => reply(500, "{}"),
    })
    .await;
    let client = HttpClient::builder(format!("{}/gateway", server.url())).build().unwrap();
    let jobs = HttpTransport::new(client, binding(form())).reading_targets();
    for name in ["operations/1", "operations/2"] {
        let disk: Value = poll_until_done(&jobs, name.parse().unwrap()).await.unwrap();
        assert_eq!(disk["name"], "d");
    }
}

#[tokio::test]
async fn that_is_gone_leaves_an_empty_response() {
    // SPEC 5: the operation has succeeded, such as one that deletes.
    let gone = r#"{"error": {"code": 404, "message": "no such disk", "status": "NOT_FOUND"}}"#;
    for (http, body) in [(404, gone), (404, "<html>"), (200, gone)] {
        let server = Server::in_turn([(200, DONE), (http, body)]).await;
        let jobs = disks(&server);
        poll_until_done::<()>(&jobs, name()).await.unwrap();
        let server = Server::in_turn([(200, DONE), (http, body)]).await;
        let status = poll_until_done::<Disk>(disks(&server), name()).await.unwrap_err();
        assert_eq!(status.origin(), Origin::MalformedReply, "{status}");
        assert!(!status.may_be_running());
    }
}

#[tokio::test]
async fn that_cannot_be_read_for_a_moment_is_read_by_the_next_poll() {
    // SPEC 26, 30
    for (http, body) in
        [(503, "{}"), (429, "{}"), (500, "<html>"), (401, "{}"), (200, "{\"name\": \"d"), (200, "<html>")]
    {
        let server = Server::in_turn([(200, DONE), (http, body), (200, DONE), (200, DISK)]).await;
        let client = server.client().credentials(Token::bearer("a-token").unwrap()).build().unwrap();
        let jobs = HttpTransport::new(client, binding(form())).reading_targets();
        let mut wait = hasty(Wait::<Disk>::started(&jobs, lro::Operation::running(name().as_str())));
        assert_eq!(wait.outcome().await.unwrap().name, "d", "{http} {body}");
        assert_eq!(targets(&server).len(), 4);
        let report = wait.next().await.unwrap().unwrap();
        assert_eq!((report.polls(), report.is_done()), (2, true));
    }
}

#[tokio::test]
async fn that_cannot_be_read_at_all_ends_the_wait_with_the_success_of_the_operation() {
    // SPEC 20, 21, 27, 28, 51
    for (http, body, code, calls) in [
        (503, "{}", Code::Unavailable, 6),
        (403, "{}", Code::PermissionDenied, 2),
        (400, "{}", Code::InvalidArgument, 2),
        (302, "", Code::Unknown, 2),
        (200, "[]", Code::Internal, 2),
        (200, "null", Code::Internal, 2),
    ] {
        let server = Server::start(move |request| match request.target.as_str() {
            "/v1/operations/1" => reply(200, DONE),
            _ => redirecting(http, body),
        })
        .await;
        let jobs = disks(&server);
        let wait = poll_until_done::<Disk>(&jobs, name()).tolerance(
            Tolerance::default().failures(2).delay(Duration::from_millis(1), Duration::from_millis(1)),
        );
        let status = wait.await.unwrap_err();
        assert_eq!((status.code(), targets(&server).len()), (code, calls), "{http} {body}: {status}");
        assert_ne!(status.origin(), Origin::OperationFailed);
        assert_succeeded(&status);
    }
    // A deadline passes.
    let server = Server::start(|request| match request.target.as_str() {
        "/v1/operations/1" => reply(200, DONE),
        _ => reply(503, "{}"),
    })
    .await;
    let jobs = disks(&server);
    let status = poll_until_done::<Disk>(&jobs, name()).deadline(Duration::from_secs(3)).await.unwrap_err();
    assert_eq!(status.origin(), Origin::StoppedAsking);
    assert!(
        !status.may_be_running() && status.to_string().contains("the operation has succeeded"),
        "{status}"
    );
}

#[tokio::test]
async fn without_a_credential_is_a_poll_that_was_made() {
    // SPEC 21, 59
    let server = Server::always(200, DONE).await;
    let tokens = AtomicUsize::new(0);
    let once = token_fn(move || {
        let is_first = tokens.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            match is_first {
                true => Ok(Token::bearer("a-token")?.expires_in(Duration::ZERO)),
                false => Err(Status::unavailable("no token")),
            }
        }
    });
    let client = server.client().credentials(once).build().unwrap();
    let jobs = HttpTransport::new(client, binding(form())).reading_targets();
    let wait = poll_until_done::<Value>(&jobs, name()).tolerance(Tolerance::none());
    let status = wait.await.unwrap_err();
    assert_eq!((status.report().unwrap().polls, targets(&server).len()), (1, 1), "{status}");
    assert_succeeded(&status);
}

#[tokio::test]
async fn is_read_after_the_call_that_waits_and_does_not_end_it() {
    // SPEC 40
    let server = Server::in_turn([(200, DONE), (200, DISK)]).await;
    let jobs = waiting(&server);
    let operation = jobs.wait_operation(&name(), None).await.unwrap();
    assert_eq!(operation.outcome.unwrap().decode::<Value>().unwrap()["name"], "d");
    assert_eq!(targets(&server), ["/v1/operations/1:wait", "/v1/disks/d"]);

    let server = Server::start(|request| match request.target.as_str() {
        "/v1/operations/1" => reply(200, RUNNING),
        "/v1/operations/1:wait" => reply(200, DONE),
        _ => reply(501, "{}"),
    })
    .await;
    let jobs = waiting(&server);
    let mut wait = hasty(poll_until_done::<Disk>(&jobs, name())).deadline(Duration::from_millis(300));
    wait.outcome().await.unwrap_err();
    assert!(jobs.capabilities().wait);
}

#[tokio::test]
async fn is_not_in_a_list() {
    let server = Server::always(200, "{}").await;
    let jobs = disks(&server);
    assert_eq!(jobs.capabilities(), Capabilities::default());
    let status = jobs.list_operations(&ListOperationsRequest::new("projects/p")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(server.connections(), 0);
    // A form without targets has its list.
    let mut without = form();
    without["target"] = "".into();
    let jobs = HttpTransport::new(server.client().build().unwrap(), binding(without)).reading_targets();
    assert!(jobs.capabilities().list);
}

#[tokio::test]
async fn of_an_operation_that_is_done_at_its_start_is_read_by_a_poll() {
    // SPEC 42: the start has succeeded, whatever the read brings.
    let done = r#"{"status": "DONE", "selfLink": "https://h/v1/operations/1", "targetLink": "https://h/v1/disks/d"}"#;
    let server = Server::in_turn([(200, done), (200, done), (503, "{}"), (200, done), (200, DISK)]).await;
    let jobs = disks(&server);
    let started = jobs.start(Call::post("v1", "disks", "")).await.unwrap();
    assert_eq!((started.name.as_str(), started.is_done()), ("operations/1", false));
    assert_eq!(hasty(Wait::<Disk>::started(&jobs, started)).await.unwrap().name, "d");
    // Without a name there is nothing to poll.
    let server = Server::always(200, DONE).await;
    assert!(disks(&server).start(Call::post("v1", "disks", "")).await.unwrap().is_done());
}

#[tokio::test]
async fn may_be_read_by_a_configuration() {
    let server = Server::in_turn([(200, DONE), (200, DISK)]).await;
    let mut whole =
        json!({"service": "disks.example.com", "version": "v1", "get": ["v1/{name=operations/*}"]});
    whole["form"] = form();
    whole["reads_targets"] = true.into();
    let binding: Binding = serde_json::from_value(whole).unwrap();
    let jobs = HttpTransport::new(server.client().build().unwrap(), binding);
    assert_eq!(poll_until_done::<Disk>(&jobs, name()).await.unwrap().name, "d");
}

#[derive(Debug, serde::Deserialize)]
struct Disk {
    name: String,
}

/// The status says that the operation has succeeded, and has its reply.
#[track_caller]
fn assert_succeeded(status: &Status) {
    assert!(
        status.message().contains("the operation has succeeded, but its target could not be read"),
        "{status}"
    );
    assert!(!status.may_be_running() && !status.to_string().contains("still be running"), "{status}");
    assert!(!status.to_string().contains("canary"), "{status}");
    let reply = status.response().unwrap().decode::<Value>().unwrap();
    assert_eq!(reply["status"], "DONE");
}

fn hasty<R>(wait: Wait<'_, R>) -> Wait<'_, R> {
    wait.tolerance(Tolerance::default().delay(Duration::from_millis(1), Duration::from_millis(1)))
}

/// A server with an operation that has this link, and the same reply for every other path.
async fn linking(link: &str, target: &'static str) -> Server {
    let done = json!({"status": "DONE", "targetLink": link}).to_string();
    Server::start(move |request| {
        if request.target.starts_with("/v1/operations/") {
            reply(200, done.clone())
        } else {
            reply(200, target)
        }
    })
    .await
}

fn redirecting(http: u16, body: &'static str) -> Reply {
    let mut reply = reply(http, body);
    if http == 302 {
        reply.headers_mut().insert("location", "https://evil.example.com/".parse().unwrap());
    }
    reply
}

fn targets(server: &Server) -> Vec<String> {
    server.requests().into_iter().map(|request| request.target).collect()
}

fn disks(server: &Server) -> HttpTransport {
    HttpTransport::new(server.client().build().unwrap(), binding(form())).reading_targets()
}

/// As [`disks`], with a call that waits.
fn waiting(server: &Server) -> HttpTransport {
    let mut whole =
        json!({"service": "disks.example.com", "version": "v1", "get": ["v1/{name=operations/*}"]});
    whole["wait"] = json!(["v1/{name=operations/*}:wait"]);
    whole["form"] = form();
    let binding: Binding = serde_json::from_value(whole).unwrap();
    HttpTransport::new(server.client().build().unwrap(), binding).reading_targets()
}

fn form() -> Value {
    json!({"state": "status", "done": ["DONE"], "links": ["selfLink"], "target": "targetLink"})
}

fn binding(form: Value) -> Binding {
    serde_json::from_value(json!({
        "service": "disks.example.com",
        "version": "v1",
        "get": ["v1/{name=operations/*}", "v1/{name=projects/*/operations/*}"],
        "list": ["v1/{name=projects/*}/operations"],
        "form": form,
    }))
    .unwrap()
}

fn name() -> OperationName {
    "operations/1".parse().unwrap()
}
