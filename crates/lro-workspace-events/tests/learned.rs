//! A client that learns how long its operations take.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use std::{future::IntoFuture, time::Duration};

use lro::{History, Learned, Status, pacing::Moment};
use lro_emulator::Emulator;
use lro_workspace_events::{
    Version, WorkspaceEvents,
    messages::{NotificationEndpoint, Subscription},
};
use tokio::time::Instant;

#[tokio::test]
async fn asks_about_the_second_operation_when_the_first_one_lets_expect() {
    let (emulator, learned) = (emulator().await, eager());
    let events = client(&emulator, &learned);
    let cold = time(events.create_subscription(&wanted("AAA")).await.unwrap()).await;
    assert!(is_soon_after(CLASSIC, cold), "the classic backoff, not {cold:?}");

    let [kind] = &kinds(&learned.history())[..] else { panic!("one kind") };
    let planned = first_poll(&learned.history(), kind);
    assert!(planned.abs_diff(CLASSIC) > TOLERANCE, "{planned:?} would show nothing");
    let warm = time(events.create_subscription(&wanted("BBB")).await.unwrap()).await;
    assert!(is_soon_after(planned, warm), "{warm:?}, planned at {planned:?}");
}

#[tokio::test]
async fn keeps_responses_of_different_types_apart_and_versions_too() {
    let (emulator, learned) = (emulator().await, eager());
    let events = client(&emulator, &learned);
    let created = events.create_subscription(&wanted("AAA")).await.unwrap().await.unwrap();
    let cold = time(events.delete_subscription(&*created.name).await.unwrap()).await;
    assert!(is_soon_after(CLASSIC, cold), "{cold:?}: nothing is known of what has no response");
    let beta = WorkspaceEvents::builder_of(Version::V1Beta).endpoint(emulator.endpoint());
    let beta = beta.learned(learned.clone()).build().unwrap();
    let cold = time(beta.create_subscription(&wanted("AAA")).await.unwrap()).await;
    assert!(is_soon_after(CLASSIC, cold), "{cold:?}: nothing is known of v1beta");

    let [empty, subscription, beta] = &kinds(&learned.history())[..] else { panic!("three kinds") };
    assert!(empty.starts_with("workspaceevents.googleapis.com v1/") && empty.ends_with("::Empty"), "{empty}");
    assert!(subscription.starts_with("workspaceevents.googleapis.com v1/"), "{subscription}");
    assert!(beta.starts_with("workspaceevents.googleapis.com v1beta/"), "{beta}");
    assert!([subscription, beta].iter().all(|kind| kind.ends_with("::Subscription")));
}

#[tokio::test]
async fn starts_warm_by_a_history_that_was_saved() {
    let (emulator, before) = (emulator().await, eager());
    time(client(&emulator, &before).create_subscription(&wanted("AAA")).await.unwrap()).await;
    let saved = serde_json::to_string(&before.history()).unwrap();

    let (history, learned): (History, _) = (serde_json::from_str(&saved).unwrap(), eager());
    learned.remember(&history);
    let planned = first_poll(&history, &kinds(&history)[0]);
    assert!(planned.abs_diff(CLASSIC) > TOLERANCE, "{planned:?} would show nothing");
    let events = client(&emulator, &learned);
    let warm = time(events.create_subscription(&wanted("BBB")).await.unwrap()).await;
    assert!(is_soon_after(planned, warm), "{warm:?}, planned at {planned:?}");
}

#[tokio::test]
async fn learns_nothing_unless_it_is_to() {
    let emulator = emulator().await;
    let events = WorkspaceEvents::builder().endpoint(emulator.endpoint()).build().unwrap();
    for space in ["AAA", "BBB"] {
        // At once, and a quarter of a second later.
        let mut wait = events.create_subscription(&wanted(space)).await.unwrap();
        let running = wait.next().await.unwrap().unwrap();
        assert_eq!((running.is_done(), running.next_poll()), (false, Some(Duration::from_millis(250))));
        wait.await.unwrap();
    }
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

fn is_soon_after(due: Duration, noticed: Duration) -> bool {
    (due..due + TOLERANCE).contains(&noticed)
}

fn client(emulator: &Emulator, learned: &Learned) -> WorkspaceEvents {
    WorkspaceEvents::builder().endpoint(emulator.endpoint()).learned(learned.clone()).build().unwrap()
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

/// When the classic backoff first asks.
const CLASSIC: Duration = Duration::from_secs(1);
/// What a busy machine may take.
const TOLERANCE: Duration = Duration::from_millis(500);
