//! Calls that fail, operations that fail, and the other calls.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use futures::TryStreamExt;
use google_cloud_workflows_v1::model::Workflow;
use lro::{
    Any, AtDeadline, Cancellation, Code, ListOperationsRequest, LroTransport, OperationName, Origin, Status,
    details::{ErrorInfo, RetryInfo},
    list_operations, poll_until_done,
};
use lro_emulator::{Break, Emulator, Point, Reply, Script};
use lro_google_cloud::{Model, transport};
use tokio::time::Instant;

use common::{NAME, WORKFLOWS, create, created, name, operations, start, workflows};

#[tokio::test(start_paused = true)]
async fn failed_calls_that_may_pass_are_survived() {
    // SPEC 26
    let replies = [
        ("429", Reply::status(429)),
        ("503", Reply::status(503)),
        ("500", Reply::status(500)),
        ("ABORTED", Reply::error(&Status::new(Code::Aborted, "again"))),
        ("408 without a body", Reply::status(408).body("")),
        ("a page of a proxy", Reply::status(502).body("<html>Bad Gateway</html>")),
        ("HTML", Reply::status(200).body("<html>Sign in to the network</html>")),
        ("half of a JSON text", Reply::usual().cut_after(9)),
        ("no UTF-8", Reply::status(200).body(&b"{\"name\": \"\xff\"}"[..])),
        ("an empty body", Reply::status(200)),
        ("a reset", Reply::usual().breaks(Point::BeforeHead, Break::Reset)),
    ];
    for (what, reply) in replies {
        let script = Script::new().runs_for_calls(1).call(1, reply).responds(created());
        let (emulator, _, operations) = start(script).await;
        let mut wait = poll_until_done::<Model<Workflow>>(&operations, name());
        let first = wait.next().await.unwrap().unwrap_or_else(|status| panic!("{what}: {status}"));
        // The first call is no reply, or else the first snapshot would show an operation that runs.
        assert!(first.is_done(), "{what}");
        assert_eq!(wait.await.unwrap().0.name, "w", "{what}");
        assert_eq!(emulator.call_count(), 2, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_pause_that_a_failed_call_asks_for_is_kept() {
    // SPEC 32
    let info = RetryInfo { retry_delay: Some(Duration::from_secs(7).into()) };
    let by_details = Status::unavailable("later").with_details(vec![Any::pack(&info).unwrap()]);
    let dated = |reply: Reply| {
        reply
            .header("date", "Mon, 23 Nov 2026 08:00:00 GMT")
            .header("retry-after", "Mon, 23 Nov 2026 08:00:07 GMT")
    };
    for reply in [
        Reply::status(429).header("retry-after", "7"),
        dated(Reply::status(503)),
        Reply::status(502).body("<html>Bad Gateway</html>").header("retry-after", "6.5"),
        Reply::error(&by_details),
    ] {
        let script = Script::new().runs_for_calls(1).call(1, reply.clone()).responds(created());
        let (_emulator, _, operations) = start(script).await;
        let begun = Instant::now();
        poll_until_done::<Workflow>(&operations, name()).await.unwrap();
        let elapsed = begun.elapsed();
        assert!((7..8).contains(&elapsed.as_secs()), "{elapsed:?} after {reply:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn failed_calls_that_do_not_pass_end_the_wait() {
    // SPEC 23, 28, 29, 50
    for (code, calls, reply) in [
        (Code::PermissionDenied, 1, Reply::status(403)),
        (Code::PermissionDenied, 1, Reply::status(403).body("<html>Forbidden</html>")),
        (Code::InvalidArgument, 1, Reply::status(400).body(r#"{"error": "invalid_request"}"#)),
        (Code::ResourceExhausted, 1, Reply::limit(429, "dailyLimitExceeded")),
        // SPEC 30
        (Code::Unauthenticated, 2, Reply::expired_token()),
    ] {
        let (emulator, _, operations) = start(Script::new()).await;
        emulator.reply_next(9, reply);
        let status = poll_until_done::<Workflow>(&operations, name()).await.unwrap_err();
        // SPEC 20
        assert_eq!((status.code(), status.origin()), (code, Origin::CallFailed), "{status}");
        assert_eq!(emulator.call_count(), calls, "{status}");
        // SPEC 21
        assert_eq!(status.report().unwrap().name, Some(name()));
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_is_not_found_yet_is_asked_for_again() {
    let script = Script::new().runs_for(Duration::from_secs(12)).responds(created());
    let (emulator, client, operations) = start(script.appears_after(Duration::from_secs(10))).await;
    // SPEC 31
    operations.started::<Workflow>(create(&emulator, &client).await).unwrap().await.unwrap();
    let unknown = OperationName::parse("projects/p/locations/l/operations/unknown").unwrap();
    let begun = Instant::now();
    let status = poll_until_done::<Workflow>(&operations, unknown).await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::NotFound, Origin::CallFailed));
    assert_eq!(begun.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_down_is_asked_again_until_the_budget_is_spent() {
    let (emulator, _, operations) = start(Script::new()).await;
    emulator.shutdown().await;
    let status = poll_until_done::<Workflow>(&operations, name()).await.unwrap_err();
    // SPEC 27
    assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::CallFailed), "{status}");
    assert_eq!(status.report().unwrap().failed_calls, 6);
    assert!(status.message().contains("cannot connect: "), "{status}");
    assert!(status.message().contains("refused"), "{status}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_is_cut_and_made_again() {
    let hour = Duration::from_secs(3_600);
    let script = Script::new().runs_for_calls(1).call(1, Reply::usual().after(hour)).responds(created());
    let (_emulator, _, operations) = start(script).await;
    let begun = Instant::now();
    poll_until_done::<Workflow>(&operations, name()).await.unwrap();
    // SPEC 35
    assert!((30..33).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_error_keeps_its_code_message_and_details() {
    let reason = ErrorInfo { reason: "BROKEN".to_owned(), ..ErrorInfo::default() };
    let unknown = r#"{"@type": "type.googleapis.com/example.v1.Later", "why": ["a", null, 1.5]}"#;
    let details = vec![Any::from_json(unknown).unwrap(), Any::pack(&reason).unwrap()];
    for code in [Code::FailedPrecondition.number(), 99] {
        let error = Status::from_number(code, "it is \"broken\"").with_details(details.clone());
        let (_emulator, _, operations) = start(Script::new().runs_for_calls(0).fails(error)).await;
        let failed = poll_until_done::<Workflow>(&operations, name()).await.unwrap_err();
        // SPEC 20, 25
        assert_eq!((failed.raw_code(), failed.origin()), (code, Origin::OperationFailed));
        assert_eq!(failed.message(), "it is \"broken\"");
        // SPEC 24
        assert_eq!(types(&failed), ["example.v1.Later", "google.rpc.ErrorInfo"]);
        assert_eq!(failed.details().error_info().as_ref(), Some(&reason));
    }
    let error = Status::new(Code::FailedPrecondition, "it is \"broken\"").with_details(details);
    let (_emulator, _, operations) = start(Script::new().call(1, Reply::error(&error))).await;
    let failed = poll_until_done::<Workflow>(&operations, name()).await.unwrap_err();
    assert_eq!((failed.code(), failed.origin()), (error.code(), Origin::CallFailed));
    assert_eq!(types(&failed), ["example.v1.Later", "google.rpc.ErrorInfo"]);
}

#[tokio::test]
async fn replies_that_break_the_protocol_are_malformed() {
    // SPEC 6, 46, 47
    for body in [
        "{}",
        r#"{"state": "ACTIVE", "uid": "7"}"#,
        r#"{"name": "x", "name": "x"}"#,
        r#"{"name": 7}"#,
        r#"{"done": true, "error": {"code": 7}, "response": {}}"#,
    ] {
        let (_emulator, _, operations) = start(Script::new().call(1, Reply::status(200).body(body))).await;
        let status = poll_until_done::<Workflow>(&operations, name()).await.unwrap_err();
        assert_eq!(status.origin(), Origin::MalformedReply, "{body}: {status}");
    }
    // SPEC 49
    let (emulator, _, operations) = start(Script::new().call(1, Reply::nested(200))).await;
    let status = poll_until_done::<Workflow>(&operations, name()).await.unwrap_err();
    assert!(status.message().contains("recursion limit"), "{status}");
    assert_eq!(emulator.call_count(), 1);
}

#[tokio::test]
async fn an_object_that_is_not_a_page_is_malformed() {
    let (emulator, _, operations) = start(Script::new()).await;
    let list = ListOperationsRequest::new("projects/p/locations/l");
    // SPEC 46
    for (body, members) in [
        (r#"{"state": "ACTIVE", "uid": "7"}"#, "it has state, uid"),
        (r#"{"name": "x"}"#, "it is an operation"),
    ] {
        emulator.reply_next(1, Reply::status(200).body(body));
        let status = operations.list_operations(&list).await.unwrap_err();
        assert_eq!(status.origin(), Origin::MalformedReply, "{status}");
        assert!(status.message().starts_with("the reply is not a list of operations: "), "{status}");
        assert!(status.message().ends_with(members), "{status}");
    }
}

#[tokio::test]
async fn a_name_that_the_client_would_change_is_refused_without_a_call() {
    let (emulator, _, operations) = start(Script::new()).await;
    // SPEC 14, 15, 59
    for name in ["%2e%2e", "100%", "a\\b", "a/b"] {
        let name = OperationName::parse(&format!("projects/p/locations/l/operations/{name}")).unwrap();
        let status = poll_until_done::<Workflow>(&operations, name).await.unwrap_err();
        assert_eq!((status.code(), status.may_be_running()), (Code::InvalidArgument, false), "{status}");
    }
    let list = ListOperationsRequest::new("projects/p/locations/%2e%2e");
    assert_eq!(operations.list_operations(&list).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(emulator.call_count(), 0);
}

#[tokio::test]
async fn a_starting_call_that_fails_is_a_failed_call() {
    let (emulator, client, operations) = start(Script::new()).await;
    emulator.reply_next(1, Reply::error(&Status::new(Code::AlreadyExists, "there is one")));
    let failed = operations.started::<Workflow>(common::create_workflow(&client).send().await).unwrap_err();
    assert_eq!((failed.code(), failed.message()), (Code::AlreadyExists, "there is one"));
    // SPEC 46
    let body = r#"{"error": {"code": 403, "message": "not yours", "status": "PERMISSION_DENIED"}}"#;
    emulator.reply_next(1, Reply::status(200).body(body));
    let failed = operations.started::<Workflow>(common::create_workflow(&client).send().await).unwrap_err();
    assert_eq!((failed.code(), failed.message()), (Code::PermissionDenied, "not yours"));
}

#[tokio::test]
async fn an_operation_is_cancelled_deleted_and_listed() {
    let emulator = Emulator::start().await.unwrap();
    let operations = operations(emulator.endpoint()).await;
    let capabilities = operations.capabilities();
    assert!(capabilities.cancel && capabilities.delete && capabilities.list && !capabilities.wait);
    let endless = || Script::new().runs_for(Duration::MAX);
    for id in ["a", "b", "c"] {
        emulator.operation(format!("operations/{id}"), endless());
    }
    let name = |id: &str| OperationName::parse(&format!("operations/{id}")).unwrap();
    // SPEC 39
    let cancelled = poll_until_done::<Workflow>(&operations, name("a")).cancel_and_wait().await.unwrap();
    assert!(matches!(cancelled, Cancellation::Cancelled(_)), "{cancelled:?}");
    let wait = poll_until_done::<Workflow>(&operations, name("b")).deadline(Duration::from_millis(50));
    let status = wait.at_deadline(AtDeadline::CancelAndWait(Duration::from_secs(9))).await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::Cancelled, Origin::OperationFailed));

    operations.delete_operation(&name("a")).await.unwrap();
    // SPEC 41
    emulator.pages([0, 1]);
    let listed: Vec<_> = list_operations(&operations, ListOperationsRequest::new("operations"))
        .operations()
        .try_collect()
        .await
        .unwrap();
    let listed: Vec<_> = listed.iter().map(|operation| (&*operation.name, operation.is_done())).collect();
    assert_eq!(listed, [("operations/b", true), ("operations/c", false)]);
}

#[tokio::test]
async fn a_call_that_the_client_lacks_is_not_made() {
    let emulator = Emulator::start().await.unwrap();
    let operations = transport!(WORKFLOWS, workflows(emulator.endpoint()).await);
    // SPEC 38
    let status = operations.cancel_operation(&name()).await.unwrap_err();
    let message = format!("workflows.googleapis.com v1 has no call to cancel an operation ({NAME})");
    assert_eq!((status.code(), status.message()), (Code::Unimplemented, &*message));
    assert_eq!(emulator.call_count(), 0);
}

fn types(status: &Status) -> Vec<String> {
    let details = status.details().as_slice().iter();
    details.map(|detail| detail.type_name().unwrap().into_owned()).collect()
}
