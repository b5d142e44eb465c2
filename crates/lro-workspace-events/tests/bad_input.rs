//! What goes wrong says so in one sentence: what it is about, and what to do. Nothing panics and nothing hangs.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use std::{future::IntoFuture, time::Duration};

use lro::{Code, Handle, OperationName, Origin, Tolerance, Wait, poll_until_done};
use lro_emulator::{Emulator, Script};
use lro_testkit::service::{self, Closed, Resumed, promptly, says, soon};
use lro_workspace_events::{
    Token, Version, WorkspaceEvents,
    messages::{ListSubscriptionsRequest, NotificationEndpoint, Subscription, UpdateSubscriptionRequest},
};
use serde_json::{Value, json};

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
    service::refuses_wrong_endpoints("workspaceevents.googleapis.com", |url| {
        WorkspaceEvents::builder().endpoint(url).build().unwrap_err()
    });
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
        service::is_unauthenticated(&error);
        assert_eq!(emulator.call_count(), 1 + count as u64, "a starting call is not repeated");
    }
}

#[tokio::test]
async fn a_missing_credential_ends_a_wait() {
    RESUMED.ends_without_a_credential().await;
}

#[tokio::test]
async fn a_refused_connection_names_the_endpoint() {
    let closed = Closed::bind();
    let error = promptly(client(&closed.endpoint).create_subscription(&wanted())).await.unwrap_err();
    assert_eq!((error.origin(), error.code()), (Origin::CallFailed, Code::Unavailable));
    says(&error, &["UNAVAILABLE", &closed.cannot(), "refused"]);

    RESUMED.ends_when_connections_are_refused().await;
}

#[tokio::test]
async fn an_html_page_is_told_as_such_and_not_shown() {
    let emulator = Emulator::start().await.unwrap();
    let events = client(&emulator.endpoint());
    for status in [502, 200] {
        emulator.reply_next(2, service::html(status));
        let list = ListSubscriptionsRequest::default();
        for error in [
            events.create_subscription(&wanted()).await.unwrap_err(),
            events.list_subscriptions(&list).await.unwrap_err(),
        ] {
            service::is_html(&error, status);
        }
    }
    assert_eq!(emulator.call_count(), 4);
}

#[tokio::test]
async fn an_html_page_in_the_middle_of_a_wait_is_survived_or_told() {
    let emulator = Emulator::builder().runs_for(Duration::from_millis(50)).start().await.unwrap();
    let events = client(&emulator.endpoint());
    let page = service::html(502);
    emulator.next_operation(Script::new().call(1, page.clone()));
    let wait = events.create_subscription(&wanted()).await.unwrap().tolerance(soon());
    // SPEC 26
    promptly(wait.into_future()).await.unwrap();

    emulator.operation(RESUMED.name, Script::new().call(1, page));
    let wait = resume(&emulator.endpoint()).tolerance(Tolerance::none());
    let error = promptly(wait.into_future()).await.unwrap_err();
    says(&error, &["an HTML page", &RESUMED.polled(1), "it may still be running"]);
}

#[tokio::test]
async fn a_path_that_the_server_does_not_know_is_not_found() {
    let emulator = Emulator::start().await.unwrap();
    emulator.reply_next(1, service::unknown_path());
    let events = client(&emulator.endpoint());
    let error = promptly(events.create_subscription(&wanted())).await.unwrap_err();
    service::is_unknown_path(&error);

    RESUMED.ends_at_an_unknown_path().await;
}

#[tokio::test]
async fn an_operation_that_is_forgotten_has_expired() {
    RESUMED.ends_with_an_operation_that_expired().await;
}

#[tokio::test]
async fn an_incomplete_subscription_is_refused_by_every_field() {
    let emulator = Emulator::start().await.unwrap();
    let error = client(&emulator.endpoint()).create_subscription(Subscription::default()).await.unwrap_err();
    let fields = service::invalid_fields(&error);
    for field in ["subscription.target_resource", "subscription.event_types"] {
        assert!(fields.iter().any(|invalid| invalid == field), "{fields:?}");
    }
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

fn client(endpoint: &str) -> WorkspaceEvents {
    WorkspaceEvents::builder().endpoint(endpoint).build().unwrap()
}

fn resume(endpoint: &str) -> Wait<'static, Value> {
    let service = "workspaceevents.googleapis.com";
    let saved = json!({"service": service, "version": "v1", "name": RESUMED.name});
    client(endpoint).resume(&serde_json::from_value(saved).unwrap()).unwrap()
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

const RESUMED: Resumed = Resumed { name: "operations/1", at: resume };
