//! Operations that a client of google-cloud-rust starts are awaited, also in another process.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::{process::Command, time::Duration};

use google_apps_events_subscriptions_v1::model::{NotificationEndpoint, Subscription, subscription::State};
use google_cloud_workflows_v1::model::{OperationMetadata, Workflow, workflow};
use google_maps_routeoptimization_v1::model::{OptimizeToursRequest, OptimizeToursResponse};
use lro::{
    Any, Capabilities, Empty, Handle, LroTransport, OperationName, Origin, Outcome, Pacing, Wait,
    poll_until_done,
};
use lro_emulator::{Emulator, Script};
use lro_fleet::Fleet;
use lro_google_cloud::{Model, to_any, transport};
use serde_json::json;

use common::{NAME, ROUTE_OPTIMIZATION, WORKFLOWS, WORKSPACE_EVENTS, create, created, name, start};

#[tokio::test]
async fn a_workflow_that_the_client_creates_is_awaited() {
    let metadata = r#"{"@type": "type.googleapis.com/google.cloud.workflows.v1.OperationMetadata",
        "verb": "create", "createTime": "2026-11-23T08:00:00Z"}"#;
    let metadata = Any::from_json(metadata).unwrap();
    let script = Script::new().runs_for_calls(2).metadata(move |_| metadata.clone()).responds(created());
    let (emulator, client, operations) = start(script).await;

    let operation = create(&emulator, &client).await;
    let mut wait = operations.started(operation).unwrap().with_metadata::<OperationMetadata>();
    let mut verbs = Vec::new();
    while let Some(snapshot) = wait.next().await {
        verbs.extend(snapshot.unwrap().metadata().map(|metadata| metadata.verb));
    }
    // SPEC 10
    assert_eq!(verbs, ["create", "create", "create"]);
    let Model(workflow): Model<Workflow> = wait.await.unwrap();
    assert_eq!((&*workflow.name, workflow.state), ("w", workflow::State::Active));
    assert_eq!(workflow.revision_create_time.unwrap().nanos(), 500_000_000);
    // SPEC 16: an enum by its number, which is unknown.
    assert_eq!(workflow.call_log_level.value(), Some(7));
    assert_eq!(workflow.labels["a"], "b");

    let lines = emulator.calls().into_iter().map(|call| call.line());
    let calls: Vec<String> = lines.filter_map(|line| Some(line.split_once('?')?.0.to_owned())).collect();
    let get = format!("GET /v1/{NAME}");
    assert_eq!(calls, ["POST /v1/projects/p/locations/l/workflows", &get, &get, &get]);
}

#[tokio::test]
async fn a_model_struct_decodes_with_and_without_its_type() {
    let (emulator, _, operations) = start(Script::new().runs_for_calls(0).responds(created())).await;
    let workflow: Workflow = poll_until_done(&operations, name()).await.unwrap();
    assert_eq!(workflow.name, "w");
    let Model(workflow): Model<Workflow> = poll_until_done(&operations, name()).await.unwrap();
    assert_eq!(workflow.name, "w");

    // SPEC 18
    let other = poll_until_done::<Model<Subscription>>(&operations, name()).await.unwrap_err();
    assert_eq!(other.origin(), Origin::MalformedReply);
    let (wanted, found) =
        ("google.apps.events.subscriptions.v1.Subscription", "google.cloud.workflows.v1.Workflow");
    assert!(other.message().contains(&format!("expected {wanted}, found {found}")), "{other}");
    let response: Workflow = other.response().unwrap().decode().unwrap();
    assert_eq!(response.labels["a"], "b");

    // SPEC 5
    emulator.operation(NAME, Script::new().runs_for_calls(0).ends_with_neither());
    poll_until_done::<()>(&operations, name()).await.unwrap();
    poll_until_done::<Empty>(&operations, name()).await.unwrap();
    let neither = poll_until_done::<Workflow>(&operations, name()).await.unwrap_err();
    assert_eq!(neither.origin(), Origin::MalformedReply);
}

#[tokio::test]
async fn tours_that_the_client_starts_are_awaited() {
    let emulator = Emulator::builder().runs_for(Duration::from_millis(300)).start().await.unwrap();
    let client = common::route_optimization(emulator.endpoint()).await;
    let operations = transport!(ROUTE_OPTIMIZATION, client);
    // SPEC 38
    assert_eq!(operations.capabilities(), Capabilities::default());

    let operation = client.optimize_tours_long_running().with_request(tours()).send().await;
    let wait = operations.started::<Model<OptimizeToursResponse>>(operation).unwrap();
    let name = wait.name().unwrap().clone();
    let Model(solved) = wait.await.unwrap();
    assert_eq!(solved.request_label, "a day");
    let Some(Outcome::Response(response)) = operations.get_operation(&name).await.unwrap().outcome else {
        panic!("{name} is done with a response");
    };
    assert_eq!(to_any(&response).unwrap().to_msg::<OptimizeToursResponse>().unwrap(), solved);
    assert_eq!(solved.routes.iter().map(|route| route.visits.len()).sum::<usize>(), 1);
}

#[tokio::test]
async fn a_subscription_that_the_client_creates_is_awaited() {
    let emulator = Emulator::builder().runs_for(Duration::from_millis(300)).start().await.unwrap();
    let client = common::workspace_events(emulator.endpoint()).await;
    let operations = transport!(WORKSPACE_EVENTS, client);
    // SPEC 38
    assert_eq!(operations.capabilities(), Capabilities::default());

    let wanted = Subscription::new()
        .set_target_resource("//chat.googleapis.com/spaces/AAA")
        .set_event_types(["google.workspace.chat.message.v1.created"])
        .set_notification_endpoint(NotificationEndpoint::new().set_pubsub_topic("projects/p/topics/t"));
    let create = client.create_subscription().set_subscription(wanted);
    let operation = create.clone().send().await;
    let Model(created): Model<Subscription> = operations.started(operation).unwrap().await.unwrap();
    assert_eq!(created.state, State::Active);
    assert!(created.name.starts_with("subscriptions/"), "{}", created.name);

    // SPEC 42: a second one is refused with the name of the first.
    let refused = operations.started::<Subscription>(create.send().await).unwrap_err();
    let info = refused.details().error_info().unwrap();
    assert_eq!(refused.code(), lro::Code::AlreadyExists);
    assert_eq!(info.metadata["current_subscription"], created.name);
}

#[tokio::test]
async fn a_request_that_is_only_validated_is_done_at_once() {
    let emulator = Emulator::start().await.unwrap();
    let client = common::workspace_events(emulator.endpoint()).await;
    let operations = transport!(WORKSPACE_EVENTS, client);
    let wanted = Subscription::new()
        .set_target_resource("//chat.googleapis.com/spaces/AAA")
        .set_event_types(["google.workspace.chat.message.v1.created"])
        .set_notification_endpoint(NotificationEndpoint::new().set_pubsub_topic("projects/p/topics/t"));
    let validated =
        client.create_subscription().set_subscription(wanted).set_validate_only(true).send().await;
    // SPEC 8
    let wait = operations.started::<Model<Subscription>>(validated).unwrap();
    assert_eq!(wait.name(), None);
    assert_eq!(wait.await.unwrap().0.target_resource, "//chat.googleapis.com/spaces/AAA");
    assert_eq!(emulator.call_count(), 1);
}

#[tokio::test]
async fn an_operation_is_resumed_by_name_in_another_process() {
    let emulator = Emulator::builder().runs_for(Duration::from_millis(500)).start().await.unwrap();
    let client = common::route_optimization(emulator.endpoint()).await;
    let operation = client.optimize_tours_long_running().with_request(tours()).send().await;
    let operations = transport!(ROUTE_OPTIMIZATION, client);
    let wait = operations.started::<OptimizeToursResponse>(operation).unwrap();
    let saved = serde_json::to_string(&wait.handle().unwrap()).unwrap();
    drop(wait);

    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "resumes", "--ignored", "--nocapture"]);
    command.env("ENDPOINT", emulator.endpoint()).env("HANDLE", saved);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("solved a day"), "{printed}");
    let starts = emulator.calls().iter().filter(|call| call.method == "POST").count();
    assert_eq!(starts, 1);
}

/// The other process: resumes from the handle and prints the outcome.
#[tokio::test]
#[ignore = "run by another test, in a process of its own"]
async fn resumes() {
    let client = common::route_optimization(std::env::var("ENDPOINT").unwrap()).await;
    let handle: Handle = serde_json::from_str(&std::env::var("HANDLE").unwrap()).unwrap();
    let operations = transport!(ROUTE_OPTIMIZATION, client);
    let wait = Wait::<Model<OptimizeToursResponse>>::resumed(operations, &handle).unwrap();
    let Model(solved) = wait.pacing(Pacing::fixed(Duration::from_millis(50))).await.unwrap();
    println!("solved {}", solved.request_label);
}

#[tokio::test]
async fn a_fleet_polls_by_the_client() {
    let (emulator, _, operations) = start(Script::new().runs_for_calls(1).responds(created())).await;
    let other = "projects/p/locations/l/operations/other";
    emulator.operation(other, Script::new().runs_for_calls(1).responds(created()));
    let fleet = Fleet::builder(operations).start();
    let first = fleet.watch::<Model<Workflow>>(name());
    let second = fleet.watch::<Model<Workflow>>(OperationName::parse(other).unwrap());
    assert_eq!(first.await.unwrap().0.name, "w");
    assert_eq!(second.await.unwrap().0.name, "w");
}

#[tokio::test]
async fn a_handle_of_another_service_is_refused() {
    let (emulator, client, operations) = start(Script::new()).await;
    let handle = poll_until_done::<Workflow>(&operations, name()).handle().unwrap();
    let beta = transport!(lro::Service::new("workflows.googleapis.com", "v1beta"), client);
    // SPEC 12
    assert!(
        Wait::<Workflow>::resumed(&beta, &handle).unwrap_err().message().contains(&WORKFLOWS.to_string())
    );
    assert_eq!(emulator.call_count(), 0);
}

fn tours() -> OptimizeToursRequest {
    let place = |latitude| json!({"arrivalLocation": {"latitude": latitude, "longitude": 8.5}});
    serde_json::from_value(json!({
        "parent": "projects/p",
        "label": "a day",
        "model": {
            "shipments": [{"deliveries": [place(47.4)]}],
            "vehicles": [{"startLocation": {"latitude": 47.3, "longitude": 8.5}}],
            "globalStartTime": "2026-11-23T08:00:00Z",
            "globalEndTime": "2026-11-23T18:00:00Z",
        },
    }))
    .unwrap()
}
