//! Services whose operations have forms of their own: how their replies read.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::time::Duration;

use lro::{
    Code, ListOperationsRequest, LroTransport, Operation, OperationName, Origin, Outcome, Status,
    details::ErrorInfo, poll_until_done,
};
use lro_emulator::{Emulator, Reply};
use lro_http::{Binding, Call, HttpClient, HttpTransport, Token};
use serde_json::{Value, json};

use super::common::{RawServer, Step, in_time, say};

#[tokio::test]
async fn a_state_decides_whether_the_operation_is_done_and_how() {
    let form = json!({
        "state": "properties.state", "done": ["Succeeded", "Updated"], "failed": ["Failed"], "cancelled": ["Canceled"],
        "response": "properties.output"
    });
    let error = json!({"code": "Quota", "message": "no more"});
    for (state, rest, expected) in [
        ("Running", json!({}), Ok(None)),
        // A state that is not known, and an error beside it: the operation runs.
        ("Hibernating", json!({"error": error}), Ok(None)),
        ("Succeeded", json!({}), Ok(Some(json!({"frames": 7})))),
        // The case of a state says nothing.
        ("SUCCEEDED", json!({}), Ok(Some(json!({"frames": 7})))),
        ("canceled", json!({}), Err((Code::Cancelled, "the operation was cancelled"))),
        ("Updated", json!({"error": null}), Ok(Some(json!({"frames": 7})))),
        ("Succeeded", json!({"error": error}), Err((Code::Unknown, "no more"))),
        ("Succeeded", json!({"error": {}}), Err((Code::Unknown, "the operation failed without a message"))),
        ("Failed", json!({"error": error}), Err((Code::Unknown, "no more"))),
        ("Failed", json!({"error": "no disk"}), Err((Code::Unknown, "no disk"))),
        ("Failed", json!({}), Err((Code::Unknown, "the operation failed without an error"))),
        ("Canceled", json!({"error": error}), Err((Code::Cancelled, "no more"))),
        ("Canceled", json!({}), Err((Code::Cancelled, "the operation was cancelled"))),
    ] {
        let mut reply = json!({"properties": {"state": state, "output": {"frames": 7}, "percent": 30}});
        reply.as_object_mut().unwrap().append(rest.clone().as_object_mut().unwrap());
        let operation = got(&form, 200, &reply).await.unwrap();
        assert_eq!(operation.name, "jobs/1");
        assert_eq!(operation.metadata.as_ref().unwrap().decode::<Value>().unwrap(), reply);
        let outcome = match operation.outcome {
            None => Ok(None),
            Some(Outcome::Error(error)) => {
                assert_eq!(error.origin(), Origin::OperationFailed);
                Err((error.code(), error.message().to_owned()))
            }
            Some(outcome) => Ok(Some(outcome.decode::<Value>().unwrap())),
        };
        assert_eq!(outcome, expected.map_err(|(code, message)| (code, message.to_owned())), "{state} {rest}");
    }
}

#[tokio::test]
async fn the_code_of_an_error_is_a_number_a_name_a_reason_or_an_http_status() {
    let form = json!({"state": "status", "done": ["DONE"], "http_code": "httpStatus", "message": "text"});
    for (rest, code, number, message, reasons) in [
        (json!({"error": {"code": 8, "message": "m"}}), Code::ResourceExhausted, 8, "m", &[][..]),
        (json!({"error": {"code": 77, "message": "m"}}), Code::Unknown, 77, "m", &[]),
        (json!({"error": {"code": "NOT_FOUND", "message": "m"}}), Code::NotFound, 5, "m", &["NOT_FOUND"]),
        (
            json!({"error": {"code": "NO_DISK", "message": "m"}, "httpStatus": 409}),
            Code::Aborted,
            10,
            "m",
            &["NO_DISK"],
        ),
        (
            json!({"error": {"errors": [{"code": "A", "message": "one"}, {"code": "B", "message": "two"}]}}),
            Code::Unknown,
            2,
            "one; two",
            &["A", "B"],
        ),
        (json!({"error": [{"code": 9, "message": "one"}]}), Code::FailedPrecondition, 9, "one", &[]),
        (json!({"httpStatus": 403, "text": "no"}), Code::PermissionDenied, 7, "no", &[]),
        (json!({"text": "it broke"}), Code::Unknown, 2, "it broke", &[]),
    ] {
        let mut reply = json!({"status": "DONE"});
        reply.as_object_mut().unwrap().append(rest.clone().as_object_mut().unwrap());
        let Some(Outcome::Error(error)) = got(&form, 200, &reply).await.unwrap().outcome else {
            panic!("{rest}");
        };
        assert_eq!((error.code(), error.raw_code(), error.message()), (code, number, message), "{rest}");
        let details = error.details().as_slice();
        let found: Vec<String> =
            details.iter().map(|info| info.decode::<ErrorInfo>().unwrap().reason).collect();
        assert_eq!(found, reasons, "{rest}");
    }
    // HTTP 200 in the reply is no error, and no text is none.
    let fine = got(&form, 200, &json!({"status": "DONE", "httpStatus": 200, "text": ""})).await.unwrap();
    assert!(matches!(fine.outcome, Some(Outcome::Response(_))), "{fine:?}");
}

#[tokio::test]
async fn without_a_state_http_202_is_running() {
    let form = json!({"error": ""});
    let running = got(&form, 202, &json!({})).await.unwrap();
    assert!(!running.is_done());
    let done = got(&form, 200, &json!({"frames": 7})).await.unwrap();
    assert_eq!(done.outcome.unwrap().decode::<Value>().unwrap(), json!({"frames": 7}));
    assert!(!asked(&form, Reply::status(202)).await.unwrap().is_done());
    assert_eq!(asked(&form, Reply::status(204)).await.unwrap().outcome, Some(Outcome::Neither));
}

#[tokio::test]
async fn a_reply_without_a_state_is_an_error_or_malformed() {
    let form = json!({"state": "status", "done": ["DONE"]});
    let malformed = got(&form, 200, &json!({"kind": "x"})).await.unwrap_err();
    assert_eq!(malformed.origin(), Origin::MalformedReply);
    assert!(malformed.message().contains("\"status\""), "{malformed}");
    assert_eq!(got(&form, 200, &json!({"status": 7})).await.unwrap_err().origin(), Origin::MalformedReply);
    let error = json!({"error": {"code": 404, "message": "gone"}});
    for http in [200, 404] {
        let failed = got(&form, http, &error).await.unwrap_err();
        assert_eq!(
            (failed.origin(), failed.code(), failed.message()),
            (Origin::CallFailed, Code::NotFound, "gone")
        );
    }
    assert_eq!(
        asked(&form, Reply::status(200).body("<html>")).await.unwrap_err().origin(),
        Origin::CallFailed
    );
}

#[tokio::test]
async fn a_started_operation_is_named_by_the_end_of_its_link() {
    // SPEC 12: a link never leads to another host.
    let form = json!({
        "state": "status", "done": ["DONE"], "links": ["operation-location", "selfLink"], "query": {"api-version": "7"}
    });
    let emulator = Emulator::start().await.unwrap();
    let jobs = transport(&emulator, &form);
    for (header, body, name) in [
        (Some("https://evil.example.com/a/jobs/1?key=secret"), json!({"status": "RUNNING"}), "jobs/1"),
        (Some("/x/y/jobs/a%20b"), json!({"status": "RUNNING"}), "jobs/a b"),
        (None, json!({"status": "RUNNING", "selfLink": "https://h/v1/jobs/2/"}), "jobs/2"),
    ] {
        let reply = Reply::status(202).body(body.to_string());
        let reply = header.into_iter().fold(reply, |reply, link| reply.header("operation-location", link));
        emulator.reply_next(1, reply);
        let started = jobs.start(Call::post("v1", "videos", "")).await.unwrap();
        assert_eq!((started.name.as_str(), started.is_done()), (name, false));
        emulator.reply_next(1, Reply::status(200).body(json!({"status": "DONE", "frames": 7}).to_string()));
        let wait = poll_until_done::<Value>(&jobs, OperationName::parse(name).unwrap());
        assert_eq!(wait.await.unwrap()["frames"], 7);
        let path = name.replace(' ', "%20");
        assert_eq!(emulator.calls().pop().unwrap().path, format!("/v1/{path}?api-version=7"));
    }
    // Done at once needs no name; running does.
    emulator.reply_next(1, Reply::status(200).body(json!({"status": "DONE"}).to_string()));
    assert!(jobs.start(Call::post("v1", "videos", "")).await.unwrap().is_done());
    for link in ["https://h/v1/videos/2", "jobs", "https://jobs/3", "/jobs/..", "/jobs/%2e%2e"] {
        let reply = Reply::status(202)
            .header("operation-location", link)
            .body(json!({"status": "RUNNING"}).to_string());
        emulator.reply_next(1, reply);
        let status = jobs.start(Call::post("v1", "videos", "")).await.unwrap_err();
        assert_eq!(status.origin(), Origin::MalformedReply, "{link}: {status}");
    }
}

#[tokio::test]
async fn a_start_with_a_link_is_running_unless_its_body_has_a_state() {
    // SPEC 42, 46, 48: the work runs, so that a start without its name is work that nobody can find.
    let disk = r#"{"id": "/disks/1", "properties": {"provisioningState": "Creating"}}"#;
    let with_state =
        json!({"state": "status", "done": ["DONE"], "links": ["location", "operation-location", "link"]});
    let without_state = json!({"links": ["location", "operation-location", "link"]});
    let link = "https://h/v1/jobs/7?api-version=1";
    for (http, body) in [
        (201, disk),
        (202, "Accepted"),
        (201, ""),
        (202, ""),
        (200, "<html>"),
        (201, r#"{"status": 7}"#),
        (201, "[1"),
    ] {
        let reply = Reply::status(http).header("location", "/v1/disks/1").header("operation-location", link);
        let started = started(&with_state, reply.body(body)).await.unwrap();
        assert_eq!((started.name.as_str(), started.is_done()), ("jobs/7", false), "{http} {body}");
        let is_object = body.starts_with('{');
        assert_eq!(
            started.metadata.map(|it| it.decode::<Value>().unwrap()),
            is_object.then(|| body.parse().unwrap())
        );
    }
    for (http, body, is_done) in
        [(201, "", false), (202, "Accepted", false), (202, disk, false), (200, disk, true)]
    {
        let reply = Reply::status(http).header("operation-location", link).body(body);
        let started = started(&without_state, reply).await.unwrap();
        assert_eq!((started.name.as_str(), started.is_done()), ("jobs/7", is_done), "{http} {body}");
    }
    let in_body = format!("\u{feff}{}", json!({"link": link, "id": 1}));
    assert_eq!(started(&with_state, Reply::status(201).body(in_body)).await.unwrap().name, "jobs/7");
    // The start had no effect without a link that is one of the service.
    for (body, origin) in [(disk, Origin::MalformedReply), ("Accepted", Origin::CallFailed)] {
        let reply = Reply::status(201).header("location", "/v1/disks/1").body(body);
        assert_eq!(started(&with_state, reply).await.unwrap_err().origin(), origin, "{body}");
    }
}

#[tokio::test]
async fn a_start_that_makes_its_resource_at_once_is_done() {
    let form = json!({"state": "status", "done": ["DONE"], "links": ["operation-location", "link"]});
    let disk = json!({"id": "/disks/1", "properties": {"provisioningState": "Succeeded"}});
    for http in [200, 201] {
        let done = started(&form, Reply::status(http).body(disk.to_string())).await.unwrap();
        let response = done.outcome.unwrap().decode::<Value>();
        assert_eq!((done.name.as_str(), response), ("", Ok(disk.clone())), "{http}");
    }
    // An operation somewhere else, one that runs, and what is no resource.
    let foreign = json!({"id": "/disks/1", "link": "https://elsewhere.example.com/queue/1"});
    for (http, body) in [(201, foreign.to_string()), (202, disk.to_string()), (200, "[]".into())] {
        let status = started(&form, Reply::status(http).body(body.clone())).await.unwrap_err();
        assert_eq!(status.origin(), Origin::MalformedReply, "{http} {body}");
    }
    // SPEC 46: an error is no resource, whatever stands beside it.
    for error in [
        r#"{"error": {"code": 409, "message": "it exists"}}"#,
        r#"{"requestId": "1", "error": {"code": 409, "message": "it exists"}}"#,
        r#"{"error": {"code": 409, "message": "it exists"}, "requestId": "1"}"#,
    ] {
        for form in [&form, &json!({"links": ["operation-location"]})] {
            let ended = started(form, Reply::status(200).body(error)).await;
            let failed: Result<(), Status> = ended.and_then(|done| match done.outcome {
                Some(Outcome::Error(status)) => Err(status),
                outcome => panic!("{outcome:?}"),
            });
            assert_eq!(failed.unwrap_err().message(), "it exists", "{error}");
        }
    }
}

#[tokio::test]
async fn a_start_whose_body_does_not_arrive_is_running_if_its_head_has_a_link() {
    // SPEC 42, 45, 49
    let form = json!({"state": "status", "done": ["DONE"], "links": ["operation-location"]});
    let reply = || Reply::status(201).header("operation-location", "/v1/jobs/7");
    for (what, reply) in [
        ("cut", reply().body("{\"id\": 1}").cut_after(3)),
        ("over the bound", reply().large_body(2_000)),
        ("of an unknown encoding", reply().header("content-encoding", "br").body("x")),
    ] {
        let started = started(&form, reply).await;
        assert_eq!(started.unwrap(), Operation::running("jobs/7"), "{what}");
    }
    let status = started(&form, Reply::status(201).body("{\"id\": 1}").cut_after(3)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let head = "HTTP/1.1 201 Created\r\noperation-location: /v1/jobs/7\r\ncontent-length: 5\r\n\r\n";
    let server = RawServer::start([vec![Step::Read, say(head), Step::Stall]]).await;
    let jobs = HttpTransport::new(HttpClient::builder(server.url()).build().unwrap(), binding(&form));
    let call = Call::post("v1", "videos", "").timeout(Duration::from_secs(3));
    assert_eq!(jobs.start(call).await.unwrap(), Operation::running("jobs/7"));
}

#[tokio::test]
async fn a_start_that_is_answered_by_an_error_names_the_operation_of_its_link() {
    // SPEC 21, 46
    let form = json!({"state": "status", "done": ["DONE"], "links": ["operation-location"]});
    let error =
        json!({"error": {"code": 409, "message": "it exists", "status": "ALREADY_EXISTS"}}).to_string();
    let reply = Reply::status(200).header("operation-location", "/v1/jobs/7").body(error);
    let status = started(&form, reply).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::AlreadyExists, "it exists"));
    assert_eq!(status.report().unwrap().name.as_ref().unwrap().as_str(), "jobs/7");
    assert!(status.to_string().contains("jobs/7"), "{status}");
}

#[tokio::test]
async fn a_link_that_says_the_token_back_does_not_show_it() {
    // SPEC 56
    let form = json!({"state": "status", "done": ["DONE"], "links": ["operation-location"]});
    let emulator = Emulator::start().await.unwrap();
    let client = HttpClient::builder(emulator.endpoint()).credentials(Token::bearer("ya29.canary").unwrap());
    let jobs = HttpTransport::new(client.build().unwrap(), binding(&form));
    emulator.reply_next(1, Reply::status(202).header("operation-location", "/v1/jobs/ya29%2Ecanary"));
    assert_eq!(jobs.start(Call::post("v1", "videos", "")).await.unwrap().name, "jobs/…");
}

#[tokio::test]
async fn the_values_of_a_query_are_sent_and_not_shown() {
    // SPEC 43
    let form = json!({"error": "", "query": {"api-version": "7", "key": "canary"}});
    let emulator = Emulator::start().await.unwrap();
    emulator.reply_next(1, Reply::status(202));
    let jobs = transport(&emulator, &form);
    jobs.get_operation(&"jobs/1".parse().unwrap()).await.unwrap();
    assert_eq!(emulator.calls()[0].path, "/v1/jobs/1?api-version=7&key=canary");
    for shown in
        [format!("{:?}", jobs.binding()), format!("{jobs:?}"), format!("{:?}", binding(&form).form())]
    {
        assert!(!shown.contains("canary"), "{shown}");
    }
    assert!(format!("{:?}", jobs.binding()).contains(r#"query: ["api-version", "key"]"#));
}

#[tokio::test]
async fn a_list_has_its_operations_in_another_member() {
    let form = json!({
        "state": "status", "done": ["DONE"], "links": ["selfLink"], "items": "items", "page_size": "maxResults"
    });
    let emulator = Emulator::start().await.unwrap();
    let jobs = transport(&emulator, &form);
    let page = json!({
        "items": [
            {"name": "1", "status": "RUNNING"},
            {"id": "2", "status": "DONE", "selfLink": "https://h/v1/projects/p/operations/2"}
        ],
        "nextPageToken": "n"
    });
    emulator.reply_next(1, Reply::status(200).body(page.to_string()));
    let request = ListOperationsRequest::new("projects/p").page_size(5);
    let listed = jobs.list_operations(&request).await.unwrap();
    let found: Vec<_> = listed.operations.iter().map(|it| (it.name.as_str(), it.is_done())).collect();
    assert_eq!(found, [("projects/p/operations/1", false), ("projects/p/operations/2", true)]);
    assert_eq!(listed.next_page_token, "n");
    assert_eq!(emulator.calls()[0].path, "/v1/projects/p/operations?maxResults=5");
    emulator.reply_next(1, Reply::status(200).body("{\"kind\": \"x\"}"));
    assert!(jobs.list_operations(&request).await.unwrap().operations.is_empty());
    emulator.reply_next(1, Reply::status(200).body("{\"items\": 5}"));
    assert_eq!(jobs.list_operations(&request).await.unwrap_err().origin(), Origin::MalformedReply);
}

async fn got(form: &Value, http: u16, reply: &Value) -> Result<Operation, Status> {
    asked(form, Reply::status(http).body(reply.to_string())).await
}

async fn asked(form: &Value, reply: Reply) -> Result<Operation, Status> {
    let emulator = Emulator::start().await.unwrap();
    emulator.reply_next(1, reply);
    let get = async { transport(&emulator, form).get_operation(&"jobs/1".parse()?).await };
    tokio::time::timeout(Duration::from_secs(20), get).await.unwrap()
}

/// The reply to a start, read by a client that accepts 1,000 bytes.
async fn started(form: &Value, reply: Reply) -> Result<Operation, Status> {
    let emulator = Emulator::start().await.unwrap();
    emulator.reply_next(1, reply);
    let client = HttpClient::builder(emulator.endpoint()).largest_reply(1_000).build().unwrap();
    in_time(HttpTransport::new(client, binding(form)).start(Call::post("v1", "videos", ""))).await
}

fn transport(emulator: &Emulator, form: &Value) -> HttpTransport {
    HttpTransport::new(HttpClient::builder(emulator.endpoint()).build().unwrap(), binding(form))
}

fn binding(form: &Value) -> Binding {
    serde_json::from_value(json!({
        "service": "jobs.example.com",
        "version": "v1",
        "get": ["v1/{name=jobs/*}", "v1/{name=projects/*/operations/*}"],
        "list": ["v1/{name=projects/*}/operations"],
        "form": form,
    }))
    .unwrap()
}
