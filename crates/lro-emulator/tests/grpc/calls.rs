//! The five calls, on the operations and scripts of HTTP/JSON.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy, rt::TokioExecutor};
use lro::{
    Any, Code, Operation, Outcome, Status,
    details::{ErrorInfo, RetryInfo},
};
use lro_emulator::{Emulator, Script};
use lro_grpc_wire::messages::{
    CancelOperationRequest, DeleteOperationRequest, ListOperationsRequest, ListOperationsResponse,
    WaitOperationRequest,
};

use super::{Client, endless, get, got, start};

#[tokio::test]
async fn an_operation_runs_and_ends_as_its_script_says() {
    let (emulator, client) = start().await;
    let hint = Any::pack_protobuf("example.v1.Hint", b"\x08\x01");
    let script = |ends: fn(Script) -> Script| ends(Script::new().runs_for_calls(1));
    let metadata = hint.clone();
    emulator.operation("operations/1", script(|script| script).metadata(move |_| metadata.clone()));
    let running = got(&client, "operations/1").await;
    assert_eq!(running, Operation::running("operations/1").with_metadata(hint.clone()));
    let done = got(&client, "operations/1").await;
    let empty = Any::pack_protobuf("google.protobuf.Empty", b"");
    assert_eq!(done, running.with_outcome(Ok(empty)));

    let now = || Script::new().runs_for(Duration::ZERO);
    emulator.operation("operations/2", now().responds(hint.clone()));
    assert_eq!(got(&client, "operations/2").await.outcome, Some(Outcome::Response(hint.clone())));
    emulator.operation("operations/3", now().ends_with_neither());
    assert_eq!(got(&client, "operations/3").await.outcome, Some(Outcome::Neither));

    let retry = RetryInfo { retry_delay: Some(Duration::from_millis(7_500).into()) };
    let info = ErrorInfo { reason: "R".into(), ..ErrorInfo::default() };
    let details = vec![Any::pack(&retry).unwrap(), hint, Any::pack(&info).unwrap()];
    let error = Status::from_number(99, "100 % ö").with_details(details);
    emulator.operation("operations/4", now().fails(error.clone()));
    let expected = Operation::failed("operations/4", error);
    assert_eq!(got(&client, "operations/4").await, expected);
}

#[tokio::test]
async fn a_message_in_json_becomes_a_struct() {
    let (emulator, client) = start().await;
    let job = Any::from_json(r#"{"@type": "x/example.v1.Job", "pages": 7}"#).unwrap();
    emulator.operation("operations/1", Script::new().runs_for(Duration::ZERO).responds(job));
    let Some(Outcome::Response(response)) = got(&client, "operations/1").await.outcome else { panic!() };
    assert_eq!(response.type_name().unwrap(), "google.protobuf.Struct");
    let json = lro_grpc_wire::any::to_json(&response).unwrap();
    assert!(json.as_json().unwrap().contains(r#""pages":7"#), "{json:?}");
}

#[tokio::test]
async fn an_operation_is_cancelled_and_deleted() {
    let (emulator, client) = start().await;
    emulator.operation("operations/1", endless());
    emulator.operation("operations/2", endless().ignores_cancel());
    let cancel = |name: &str| CancelOperationRequest { name: name.into() };
    assert_eq!(client.call(&cancel("operations/1")).await, Ok(()));
    assert_eq!(client.call(&cancel("operations/2")).await, Ok(()));
    let outcome = got(&client, "operations/1").await.outcome;
    assert!(matches!(outcome, Some(Outcome::Error(error)) if error.code() == Code::Cancelled));
    assert!(!got(&client, "operations/2").await.is_done());

    let delete = DeleteOperationRequest { name: "operations/1".into() };
    assert_eq!(client.call(&delete).await, Ok(()));
    let gone = client.call(&get("operations/1")).await.unwrap_err();
    assert_eq!(
        (gone.code(), gone.message()),
        (Code::NotFound, "Requested entity was not found: operations/1")
    );
    assert_eq!(client.call(&delete).await.unwrap_err(), gone);
    assert_eq!(client.call(&cancel("operations/1")).await.unwrap_err(), gone);
}

#[tokio::test]
async fn a_list_has_the_pages_of_a_parent() {
    let (emulator, client) = start().await;
    for name in ["operations/1", "operations/2", "operations/3", "projects/p/operations/4"] {
        emulator.operation(name, endless());
    }
    emulator.operation("operations/0", Script::new().runs_for(Duration::ZERO));
    let names = |page: &ListOperationsResponse| -> Vec<String> {
        page.operations.iter().map(|operation| operation.name.clone()).collect()
    };
    let request = ListOperationsRequest { filter: "done=false".into(), page_size: 2, ..Default::default() };
    let first = client.call(&request).await.unwrap();
    assert_eq!(names(&first), ["operations/1", "operations/2"]);
    let request = ListOperationsRequest { page_token: first.next_page_token, ..request };
    let second = client.call(&request).await.unwrap();
    assert_eq!((names(&second), &*second.next_page_token), (vec!["operations/3".to_owned()], ""));

    for (parent, count) in [("", 4), ("operations", 4), ("projects/p", 1), ("projects/p/operations", 1)] {
        let request = ListOperationsRequest { name: parent.into(), ..Default::default() };
        assert_eq!(client.call(&request).await.unwrap().operations.len(), count, "{parent:?}");
    }
    emulator.pages([1, 0]);
    for size in [1, 0] {
        let page = client.call(&ListOperationsRequest::default()).await.unwrap();
        assert_eq!(page.operations.len(), size);
    }

    let refused = [
        (ListOperationsRequest { name: "projects/q".into(), ..Default::default() }, Code::NotFound),
        (ListOperationsRequest { page_size: -1, ..Default::default() }, Code::InvalidArgument),
        (ListOperationsRequest { page_token: "?".into(), ..Default::default() }, Code::InvalidArgument),
    ];
    for (request, code) in refused {
        assert_eq!(client.call(&request).await.unwrap_err().code(), code, "{request:?}");
    }
}

// SPEC 40
#[tokio::test]
async fn a_wait_ends_with_its_timeout_or_the_operation() {
    let (emulator, client) = start().await;
    emulator.operation("operations/1", endless());
    emulator.operation("operations/2", Script::new().runs_for(Duration::from_millis(200)));
    let wait = |name: &str, timeout: Duration| WaitOperationRequest {
        name: name.into(),
        timeout: Some(timeout.into()),
    };
    let begun = Instant::now();
    let vain = client.call(&wait("operations/1", Duration::from_millis(200))).await.unwrap();
    assert!(!vain.done && begun.elapsed() >= Duration::from_millis(200));
    let ended = client.call(&wait("operations/2", LONG)).await.unwrap();
    assert!(ended.done && begun.elapsed() < LONG, "{:?}", begun.elapsed());

    // The shorter of the timeout and the deadline counts.
    let begun = Instant::now();
    let hurried = client.clone().with("grpc-timeout", "200m");
    let vain = hurried.call(&wait("operations/1", LONG)).await.unwrap();
    let elapsed = begun.elapsed();
    assert!(!vain.done && (Duration::from_millis(200)..LONG).contains(&elapsed), "{elapsed:?}");

    let lasting = wait("operations/1", LONG);
    let cancel = CancelOperationRequest { name: "operations/1".into() };
    let (waited, ()) = tokio::join!(client.call(&lasting), async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        client.call(&cancel).await.unwrap();
    });
    assert!(waited.unwrap().done && begun.elapsed() < LONG);
    let missing = client.call(&wait("operations/9", Duration::ZERO)).await;
    assert_eq!(missing.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn json_and_grpc_serve_the_same_operations_on_one_port() {
    let (emulator, client) = start().await;
    let json = legacy::Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let body = r#"{"targetResource": "//chat.googleapis.com/spaces/a", "eventTypes": ["google.workspace.chat.message.v1.created"],
        "payloadOptions": {}, "notificationEndpoint": {"pubsubTopic": "projects/p/topics/t"}}"#;
    let uri = format!("{}/v1/subscriptions", emulator.endpoint());
    let reply = json.request(Request::post(uri).body(Full::from(body)).unwrap()).await.unwrap();
    let reply = reply.into_body().collect().await.unwrap().to_bytes();
    let started = Operation::from_json(&reply).unwrap();
    assert_eq!(got(&client, &started.name).await.name, started.name);
    // The operation of a service can only be got.
    let cancel = client.call(&CancelOperationRequest { name: started.name }).await;
    assert_eq!(cancel.unwrap_err().code(), Code::Unimplemented);

    let calls = emulator.calls();
    assert_eq!(calls[0].line(), "POST /v1/subscriptions");
    assert_eq!(calls[1].line(), "POST /google.longrunning.Operations/GetOperation");
    assert_eq!((calls[1].version, calls[1].body[0]), (http::Version::HTTP_2, 0));
}

#[tokio::test]
async fn a_call_needs_the_token() {
    let emulator = Emulator::builder().require_token("let me in").start().await.unwrap();
    emulator.operation("operations/1", endless());
    let client = Client::of(&emulator);
    let none = client.call(&get("operations/1")).await.unwrap_err();
    let wrong = client.clone().with("authorization", "Bearer let me out").call(&get("operations/1")).await;
    let reason = |status: &Status| status.details().error_info().unwrap().reason;
    assert_eq!((none.code(), &*reason(&none)), (Code::Unauthenticated, "CREDENTIALS_MISSING"));
    assert_eq!(reason(&wrong.unwrap_err()), "ACCESS_TOKEN_TYPE_UNSUPPORTED");
    let right = client.with("authorization", "Bearer let me in").call(&get("operations/1")).await;
    assert_eq!(right.unwrap().name, "operations/1");
}

/// The longest wait of the emulator.
const LONG: Duration = Duration::from_secs(60);
