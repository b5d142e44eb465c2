//! A client that learns how long its operations take.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use std::{future::IntoFuture, time::Duration};

use lro::{Status, pacing::Moment};
use lro_emulator::Emulator;
use lro_learned::{History, Learned};
use lro_testkit::service::{CLASSIC, asks_as_planned};
use lro_workspace_events::{
    Version, WorkspaceEvents, kind,
    messages::{NotificationEndpoint, Subscription, UpdateSubscriptionRequest},
};
use tokio::time::Instant;

#[tokio::test]
async fn asks_about_the_second_operation_when_the_first_one_lets_expect() {
    let (emulator, learned) = (emulator().await, eager());
    let events = client(&emulator, &learned);
    let cold = time(events.create_subscription(&wanted("AAA")).await.unwrap()).await;
    assert!(cold >= CLASSIC, "the classic backoff, not {cold:?}");

    let [kind] = &kinds(&learned.history())[..] else { panic!("one kind") };
    asks_as_planned(
        || first_poll(&learned.history(), kind),
        async |number| time(events.create_subscription(&wanted(&format!("B{number}"))).await.unwrap()).await,
    )
    .await;
}

#[tokio::test]
async fn keeps_the_methods_apart_whatever_they_respond() {
    let (emulator, learned) = (emulator().await, eager());
    let events = client(&emulator, &learned);
    let created = events.create_subscription(&wanted("AAA")).await.unwrap().await.unwrap();
    let subscription = Subscription { name: created.name.clone(), ..wanted("AAA") };
    let update = UpdateSubscriptionRequest { subscription, ..Default::default() };
    let cold = time(events.update_subscription(update).await.unwrap()).await;
    assert!(cold >= CLASSIC, "{cold:?}: nothing is known of updates");
    let cold = time(events.delete_subscription(&*created.name).await.unwrap()).await;
    assert!(cold >= CLASSIC, "{cold:?}: nothing is known of deletions");
    let methods = ["CreateSubscription", "DeleteSubscription", "UpdateSubscription"];
    let named = methods.map(|method| format!("workspaceevents.googleapis.com/{method}"));
    assert_eq!(kinds(&learned.history()), named);

    // A method is the same in another version.
    let beta = WorkspaceEvents::builder_of(Version::V1Beta).endpoint(emulator.endpoint());
    let beta = beta.pacing(learned.clone()).build().unwrap();
    asks_as_planned(
        || first_poll(&learned.history(), &named[0]),
        async |number| time(beta.create_subscription(&wanted(&format!("B{number}"))).await.unwrap()).await,
    )
    .await;
    assert_eq!(kinds(&learned.history()), named);
}

#[tokio::test]
async fn each_starting_call_names_its_kind() {
    let emulator = emulator().await;
    let events = client(&emulator, &eager());
    let created = events.create_subscription(&wanted("AAA")).await.unwrap().await.unwrap();
    let creating = events.create_subscription(&wanted("BBB")).await.unwrap();
    let update = UpdateSubscriptionRequest { subscription: created.clone(), ..Default::default() };
    let updating = events.update_subscription(update).await.unwrap();
    let reactivating = events.reactivate_subscription(&*created.name).await.unwrap();
    // The last one: soon there is no subscription.
    let deleting = events.delete_subscription(&*created.name).await.unwrap();
    let handles = [creating.handle(), updating.handle(), deleting.handle(), reactivating.handle()];
    let kinds = [
        kind::CREATE_SUBSCRIPTION,
        kind::UPDATE_SUBSCRIPTION,
        kind::DELETE_SUBSCRIPTION,
        kind::REACTIVATE_SUBSCRIPTION,
    ];
    assert_eq!(handles.each_ref().map(|handle| handle.as_ref().unwrap().kind().unwrap()), kinds);
}

#[tokio::test]
async fn keeps_the_kind_in_the_handle() {
    let (emulator, learned) = (emulator().await, eager());
    let events = client(&emulator, &learned);
    let wait = events.create_subscription(&wanted("AAA")).await.unwrap();
    let handle = wait.handle().unwrap();
    assert_eq!(handle.kind(), Some("workspaceevents.googleapis.com/CreateSubscription"));
    drop(wait);
    events.resume::<Subscription>(&handle).unwrap().await.unwrap();
    assert_eq!(kinds(&learned.history()), ["workspaceevents.googleapis.com/CreateSubscription"]);
}

#[tokio::test]
async fn starts_warm_by_a_history_that_was_saved() {
    let (emulator, before) = (emulator().await, eager());
    time(client(&emulator, &before).create_subscription(&wanted("AAA")).await.unwrap()).await;
    let saved = serde_json::to_string(&before.history()).unwrap();

    let (history, learned): (History, _) = (serde_json::from_str(&saved).unwrap(), eager());
    learned.remember(&history);
    let events = client(&emulator, &learned);
    asks_as_planned(
        || first_poll(&learned.history(), &kinds(&history)[0]),
        async |number| time(events.create_subscription(&wanted(&format!("B{number}"))).await.unwrap()).await,
    )
    .await;
}

#[tokio::test]
async fn learns_nothing_unless_it_is_to() {
    let emulator = emulator().await;
    let events = WorkspaceEvents::builder().endpoint(emulator.endpoint()).build().unwrap();
    let mut soonest = Duration::MAX;
    for number in 0..10 {
        // SPEC 34: a quarter of a second after the start, which is the default.
        let mut wait = events.create_subscription(&wanted(&format!("A{number}"))).await.unwrap();
        let first = wait.next().await.unwrap().unwrap();
        assert!(first.elapsed() >= Duration::from_millis(250), "{first:?}");
        soonest = soonest.min(first.elapsed());
        wait.await.unwrap();
        if number > 0 && soonest < CLASSIC {
            return;
        }
    }
    panic!("no wait asks before {CLASSIC:?}, and the soonest at {soonest:?}");
}

/// How long it is waited for.
async fn time<T>(wait: impl IntoFuture<Output = Result<T, Status>>) -> Duration {
    let began = Instant::now();
    assert!(wait.await.is_ok());
    began.elapsed()
}

/// When a wait for an operation of a kind first asks, by what was learned.
fn first_poll(history: &History, kind: &str) -> Duration {
    let learned = eager();
    learned.remember(history);
    learned.pacing(kind).schedule().delay(&Moment::new(Duration::ZERO, 0)).unwrap()
}

/// One that makes polls as long as each brings the end forward by 50 ms.
fn eager() -> Learned {
    Learned::new().price(Duration::from_millis(50))
}

fn kinds(history: &History) -> Vec<String> {
    let saved = serde_json::to_value(history).unwrap();
    saved["kinds"].as_object().unwrap().keys().cloned().collect()
}

fn client(emulator: &Emulator, learned: &Learned) -> WorkspaceEvents {
    WorkspaceEvents::builder().endpoint(emulator.endpoint()).pacing(learned.clone()).build().unwrap()
}

async fn emulator() -> Emulator {
    Emulator::builder().runs_for(Duration::from_millis(50)).start().await.unwrap()
}

fn wanted(space: &str) -> Subscription {
    Subscription {
        target_resource: format!("//chat.googleapis.com/spaces/{space}"),
        event_types: vec!["google.workspace.chat.message.v1.created".into()],
        notification_endpoint: Some(NotificationEndpoint {
            pubsub_topic: Some("projects/p/topics/t".into()),
        }),
        ..Subscription::default()
    }
}
