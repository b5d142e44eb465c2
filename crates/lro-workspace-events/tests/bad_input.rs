//! What goes wrong says so in one sentence: what it is about, and what to do. Nothing panics and nothing hangs.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use std::{future::IntoFuture, time::Duration};

use lro::{Code, Handle, OperationName, Origin, Status, Tolerance, poll_until_done};
use lro_emulator::{Emulator, Reply, Script};
use lro_http::Token;
use lro_workspace_events::{
    Version, WorkspaceEvents,
    messages::{ListSubscriptionsRequest, NotificationEndpoint, Subscription, UpdateSubscriptionRequest},
};
use serde_json::{Value, json};
use tokio::net::TcpSocket;

#[tokio::test]
async fn an_operation_of_another_service_is_refused_without_a_call() {
    let emulator = Emulator::start().await.unwrap();
    for version in [Version::V1, Version::V1Beta] {
        let events = WorkspaceEvents::builder_of(version).endpoint(emulator.endpoint()).build().unwrap();
        for name in ["projects/p/locations/l/operations/1", "operations", "subscriptions/1", "Operations/1"] {
            let wait = poll_until_done::<Value>(&events, OperationName::parse(name).unwrap());
            let error = promptly(wait.into_future()).await.unwrap_err();
            // SPEC 15
            assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::InvalidArgument));
            says(&error, &["expected a name of the form operations/**", &format!("got {name:?}")]);
        }
    }
    assert_eq!(emulator.call_count(), 0);
}

#[tokio::test]
async fn a_name_that_is_no_subscription_is_refused_without_a_call() {
    let emulator = Emulator::start().await.unwrap();
    let events = client(&emulator.endpoint());
    for (name, why) in [
        ("operations/1", "expected a name of the form subscriptions/*, got \"operations/1\""),
        ("subscriptions", "expected a name of the form subscriptions/*, got \"subscriptions\""),
        ("subscriptions/1/2", "expected a name of the form subscriptions/*, got \"subscriptions/1/2\""),
        ("", "not a resource name: \"\": it is empty"),
        ("subscriptions/../operations", "a segment is `.` or `..`"),
        ("/subscriptions/1", "it has a leading, trailing or double slash"),
        ("subscriptions/1\r\nx: y", "it has a control character"),
    ] {
        let subscription = Subscription { name: name.into(), ..Subscription::default() };
        let update = UpdateSubscriptionRequest { subscription, ..UpdateSubscriptionRequest::default() };
        for error in [
            events.update_subscription(update).await.unwrap_err(),
            events.delete_subscription(name).await.unwrap_err(),
            events.reactivate_subscription(name).await.unwrap_err(),
            events.get_subscription(name).await.unwrap_err(),
        ] {
            assert_eq!(error.code(), Code::InvalidArgument);
            says(&error, &[why]);
        }
    }
    assert_eq!(emulator.call_count(), 0);
}

#[test]
fn a_wrong_endpoint_is_refused_when_the_client_is_built() {
    for (url, why) in [
        ("workspaceevents.googleapis.com", "it needs both a scheme and a host, such as https://"),
        ("", "expected a URL such as https://"),
        ("not a url", "expected a URL such as https://"),
        ("http://workspaceevents.googleapis.com", "use https"),
        ("ftp://workspaceevents.googleapis.com", "its scheme is not https"),
        ("https://workspaceevents.googleapis.com/v1", "it ends after the host: the paths are the service's"),
        ("https://workspaceevents.googleapis.com:", "its port is "),
    ] {
        let error = WorkspaceEvents::builder().endpoint(url).build().unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        // SPEC 43
        says(&error, &[&format!("not an endpoint: {url:?}"), why]);
    }
    let error = WorkspaceEvents::builder().endpoint("https://me:sesame@example.com").build().unwrap_err();
    says(&error, &["it has a user or a password", "give credentials to the builder"]);
    assert!(!format!("{error} {error:?}").contains("sesame"), "{error}");
}

#[tokio::test]
async fn a_missing_or_wrong_credential_is_told_from_the_start() {
    let emulator = Emulator::builder().require_token("let me in").start().await.unwrap();
    let none = client(&emulator.endpoint());
    let wrong = WorkspaceEvents::builder()
        .endpoint(emulator.endpoint())
        .credentials(Token::bearer("sesame").unwrap())
        .build()
        .unwrap();
    for (count, events) in [none, wrong].into_iter().enumerate() {
        let error = promptly(events.create_subscription(&wanted())).await.unwrap_err();
        assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Unauthenticated));
        says(&error, &["UNAUTHENTICATED", "authentication credentials", "Expected OAuth 2 access token"]);
        // SPEC 43
        assert!(!format!("{error:?}").contains("sesame"));
        assert_eq!(emulator.call_count(), 1 + count as u64, "a starting call is not repeated");
    }
}

#[tokio::test]
async fn a_missing_credential_ends_a_wait() {
    let emulator = Emulator::builder().require_token("let me in").start().await.unwrap();
    emulator.operation("operations/1", Script::new());
    let wait = client(&emulator.endpoint()).resume::<Value>(&handle()).unwrap().tolerance(soon());
    let error = promptly(wait.into_future()).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Unauthenticated));
    // SPEC 21
    says(&error, &["authentication credentials", "(operations/1, ", "it may still be running"]);
    // SPEC 30
    assert!(emulator.call_count() <= 2);
}

#[tokio::test]
async fn a_refused_connection_names_the_endpoint() {
    // Bound but not listening: nobody else can take the port meanwhile.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = format!("http://{}", closed.local_addr().unwrap());
    let events = client(&endpoint);
    let cannot = format!("cannot connect to {endpoint}: ");

    let error = promptly(events.create_subscription(&wanted())).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Unavailable));
    says(&error, &["UNAVAILABLE", &cannot, "refused"]);

    let wait = events.resume::<Value>(&handle()).unwrap().tolerance(Tolerance::none());
    let error = promptly(wait.into_future()).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Unavailable));
    // SPEC 21
    says(&error, &[&cannot, "refused", "(operations/1, 1 poll", "it may still be running"]);

    // SPEC 27
    let wait = events.resume::<Value>(&handle()).unwrap().tolerance(soon().failures(2));
    let error = promptly(wait.into_future()).await.unwrap_err();
    says(&error, &["gave up after 3 failed calls in a row", &cannot, "it may still be running"]);
}

#[tokio::test]
async fn an_html_page_is_told_as_such_and_not_shown() {
    let emulator = Emulator::start().await.unwrap();
    let events = client(&emulator.endpoint());
    let page = "<!DOCTYPE html>\n<html><title>Oops</title></html>";
    let error_page = Reply::status(502).header("content-type", "text/html").body(page);
    let sign_in = Reply::status(200).header("content-type", "text/html").body(page);

    emulator.reply_next(2, error_page);
    let list = ListSubscriptionsRequest::default();
    for error in [
        events.create_subscription(&wanted()).await.unwrap_err(),
        events.list_subscriptions(&list).await.unwrap_err(),
    ] {
        // SPEC 23
        assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Internal));
        says(&error, &["HTTP 502", "a page of HTML: a proxy or another server may have answered"]);
        assert!(!format!("{error:?}").contains("Oops"));
    }

    emulator.reply_next(2, sign_in);
    for error in [
        events.create_subscription(&wanted()).await.unwrap_err(),
        events.list_subscriptions(&list).await.unwrap_err(),
    ] {
        // SPEC 19
        assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Internal));
        says(&error, &["the reply is HTML or XML, expected JSON"]);
        assert!(!format!("{error:?}").contains("Oops"));
    }
    assert_eq!(emulator.call_count(), 4);
}

#[tokio::test]
async fn an_html_page_in_the_middle_of_a_wait_is_survived_or_told() {
    let emulator = Emulator::builder().runs_for(Duration::from_millis(50)).start().await.unwrap();
    let events = client(&emulator.endpoint());
    let page = Reply::status(502).header("content-type", "text/html").body("<html>Oops</html>");
    emulator.next_operation(Script::new().call(1, page.clone()));
    let wait = events.create_subscription(&wanted()).await.unwrap().tolerance(soon());
    // SPEC 26
    promptly(wait.into_future()).await.unwrap();

    emulator.operation("operations/1", Script::new().call(1, page));
    let wait = events.resume::<Value>(&handle()).unwrap().tolerance(Tolerance::none());
    let error = promptly(wait.into_future()).await.unwrap_err();
    says(&error, &["a page of HTML", "(operations/1, 1 poll", "it may still be running"]);
}

#[tokio::test]
async fn a_path_that_the_server_does_not_know_is_not_found() {
    let emulator = Emulator::start().await.unwrap();
    let events = client(&emulator.endpoint());
    let page = "<html><p>The requested URL was not found on this server.</html>";
    emulator.reply_next(2, Reply::status(404).header("content-type", "text/html").body(page));
    let essential = ["NOT_FOUND", "HTTP 404", "another server may have answered"];

    let error = promptly(events.create_subscription(&wanted())).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::NotFound));
    says(&error, &essential);

    let wait = events.resume::<Value>(&handle()).unwrap().tolerance(Tolerance::none());
    let error = promptly(wait.into_future()).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::NotFound));
    says(&error, &essential);
    says(&error, &["operations/1"]);
}

#[tokio::test]
async fn an_operation_that_is_forgotten_has_expired() {
    let emulator = Emulator::start().await.unwrap();
    emulator.operation("operations/1", Script::new().runs_for(Duration::MAX));
    let mut wait = client(&emulator.endpoint()).resume::<Value>(&handle()).unwrap();
    assert!(!promptly(wait.next()).await.unwrap().unwrap().is_done());
    emulator.forget("operations/1");
    let error = promptly(wait.into_future()).await.unwrap_err();
    // SPEC 31
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::NotFound));
    says(&error, &["the operation has expired or was deleted", "(operations/1, 2 polls"]);
}

#[tokio::test]
async fn an_incomplete_subscription_is_refused_by_every_field() {
    let emulator = Emulator::start().await.unwrap();
    let error = client(&emulator.endpoint()).create_subscription(Subscription::default()).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::InvalidArgument));
    let violations = error.details().bad_request().unwrap().field_violations;
    let fields: Vec<_> = violations.iter().map(|violation| &*violation.field).collect();
    // SPEC 24
    assert!(fields.contains(&"subscription.target_resource"), "{fields:?}");
    assert!(fields.contains(&"subscription.event_types"), "{fields:?}");
    assert_eq!(emulator.call_count(), 1);
}

#[test]
fn a_saved_handle_that_is_none_is_refused() {
    for saved in [
        json!({"service": "workspaceevents.googleapis.com", "version": "v1", "name": "operations/../secrets"}),
        json!({"service": "workspaceevents.googleapis.com", "version": "v1", "name": ""}),
    ] {
        let error = serde_json::from_value::<Handle>(saved).unwrap_err().to_string();
        assert!(error.contains("not an operation name"), "{error}");
    }
    let error = serde_json::from_value::<Handle>(json!({"name": "operations/1"})).unwrap_err().to_string();
    assert!(error.contains("missing field `service`"), "{error}");
}

/// One line has all of these words.
fn says(error: &Status, words: &[&str]) {
    let text = error.to_string();
    assert!(!text.contains('\n'), "more than a line: {text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
}

async fn promptly<F: Future<Output: Send> + Send>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("it hangs")
}

/// As usual but for shorter delays.
fn soon() -> Tolerance {
    Tolerance::default().delay(Duration::from_millis(5), Duration::from_millis(5))
}

fn client(endpoint: &str) -> WorkspaceEvents {
    WorkspaceEvents::builder().endpoint(endpoint).build().unwrap()
}

fn handle() -> Handle {
    let service = "workspaceevents.googleapis.com";
    serde_json::from_value(json!({"service": service, "version": "v1", "name": "operations/1"})).unwrap()
}

fn wanted() -> Subscription {
    Subscription {
        target_resource: "//chat.googleapis.com/spaces/AAA".into(),
        event_types: vec!["google.workspace.chat.message.v1.created".into()],
        notification_endpoint: Some(NotificationEndpoint {
            pubsub_topic: Some("projects/p/topics/t".into()),
        }),
        ..Subscription::default()
    }
}
