//! A client that learns how long its operations take.

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

use std::{future::IntoFuture, time::Duration};

use lro::{Status, pacing::Moment};
use lro_emulator::Emulator;
use lro_learned::{History, Learned};
use lro_route_optimization::{
    RouteOptimization, kind,
    messages::{BatchOptimizeToursRequest, OptimizeToursRequest, OptimizeToursUriRequest},
};
use lro_testkit::service::{CLASSIC, asks_as_planned};
use serde_json::json;
use tokio::time::Instant;

#[tokio::test]
async fn asks_about_the_second_operation_when_the_first_one_lets_expect() {
    let (emulator, learned) = (emulator().await, eager());
    let routes = client(&emulator, &learned);
    let cold = time(routes.optimize_tours_long_running(&tours()).await.unwrap()).await;
    assert!(cold >= CLASSIC, "the classic backoff, not {cold:?}");

    let [kind] = &kinds(&learned.history())[..] else { panic!("one kind") };
    asks_as_planned(
        || first_poll(&learned.history(), kind),
        async |_| time(routes.optimize_tours_long_running(&tours()).await.unwrap()).await,
    )
    .await;
}

#[tokio::test]
async fn keeps_the_methods_apart() {
    let (emulator, learned) = (emulator().await, eager());
    let routes = client(&emulator, &learned);
    time(routes.optimize_tours_long_running(&tours()).await.unwrap()).await;
    let cold = time(routes.batch_optimize_tours(&batch()).await.unwrap()).await;
    assert!(cold >= CLASSIC, "{cold:?}: nothing is known of batches");

    let methods = ["BatchOptimizeTours", "OptimizeToursLongRunning"];
    let named = methods.map(|method| format!("routeoptimization.googleapis.com/{method}"));
    assert_eq!(kinds(&learned.history()), named);
}

#[tokio::test]
async fn each_starting_call_names_its_kind() {
    let emulator = emulator().await;
    let routes = client(&emulator, &eager());
    let planning = routes.optimize_tours_long_running(&tours()).await.unwrap();
    let from_a_file = routes.optimize_tours_uri(&uri()).await.unwrap();
    let from_many = routes.batch_optimize_tours(&batch()).await.unwrap();
    let handles = [planning.handle(), from_a_file.handle(), from_many.handle()].map(Option::unwrap);
    let kinds = [kind::OPTIMIZE_TOURS_LONG_RUNNING, kind::OPTIMIZE_TOURS_URI, kind::BATCH_OPTIMIZE_TOURS];
    assert_eq!(handles.each_ref().map(|handle| handle.kind().unwrap()), kinds);
}

#[tokio::test]
async fn starts_warm_by_a_history_that_was_saved() {
    let (emulator, before) = (emulator().await, eager());
    time(client(&emulator, &before).optimize_tours_long_running(&tours()).await.unwrap()).await;
    let saved = serde_json::to_string(&before.history()).unwrap();

    let (history, learned): (History, _) = (serde_json::from_str(&saved).unwrap(), eager());
    learned.remember(&history);
    let routes = client(&emulator, &learned);
    asks_as_planned(
        || first_poll(&learned.history(), &kinds(&history)[0]),
        async |_| time(routes.optimize_tours_long_running(&tours()).await.unwrap()).await,
    )
    .await;
}

#[tokio::test]
async fn learns_nothing_unless_it_is_to() {
    let emulator = emulator().await;
    let routes = RouteOptimization::builder().endpoint(emulator.endpoint()).build().unwrap();
    let mut soonest = Duration::MAX;
    for number in 0..10 {
        // SPEC 34: a quarter of a second after the start, which is the default.
        let mut wait = routes.optimize_tours_long_running(&tours()).await.unwrap();
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

fn client(emulator: &Emulator, learned: &Learned) -> RouteOptimization {
    RouteOptimization::builder().endpoint(emulator.endpoint()).pacing(learned.clone()).build().unwrap()
}

async fn emulator() -> Emulator {
    Emulator::builder().runs_for(Duration::from_millis(50)).start().await.unwrap()
}

fn tours() -> OptimizeToursRequest {
    let here = json!({"latitude": 48.86, "longitude": 2.35});
    let model = json!({
        "shipments": [{"deliveries": [{"arrivalLocation": here}]}],
        "vehicles": [{"startLocation": here}],
    });
    serde_json::from_value(json!({"parent": "projects/p", "model": model})).unwrap()
}

fn uri() -> OptimizeToursUriRequest {
    let files = json!({"input": {"uri": "gs://bucket/in"}, "output": {"uri": "gs://bucket/out"}});
    OptimizeToursUriRequest { parent: "projects/p".into(), ..serde_json::from_value(files).unwrap() }
}

fn batch() -> BatchOptimizeToursRequest {
    let config = json!({
        "inputConfig": {"gcsSource": {"uri": "gs://bucket/in"}, "dataFormat": "JSON"},
        "outputConfig": {"gcsDestination": {"uri": "gs://bucket/out"}, "dataFormat": "JSON"},
    });
    serde_json::from_value(json!({"parent": "projects/p", "modelConfigs": [config]})).unwrap()
}
