//! What `google-cloud-lro` does and what a wait does, with the same client and the same server. The README has the table.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::{error::Error as _, time::Duration};

use google_cloud_gax::{
    error::{Error, rpc},
    exponential_backoff::ExponentialBackoffBuilder,
    options::RequestOptionsBuilder,
    polling_error_policy::{Aip194Strict, PollingErrorPolicyExt},
};
use google_cloud_lro::Poller;
use google_cloud_workflows_v1::model::Workflow;
use lro::{Any, Code, Origin, Status, poll_until_done};
use lro_emulator::{Emulator, Reply, Script};
use lro_google_cloud::Model;
use tokio::time::Instant;

use common::{NAME, create, create_workflow, created, name, start, started};

/// How each side ends, how long it takes, and how often it polls.
struct Sides {
    theirs: Result<Workflow, Error>,
    their_time: Duration,
    their_polls: u64,
    ours: Result<Workflow, Status>,
    our_time: Duration,
    our_polls: u64,
}

#[tokio::test(start_paused = true)]
async fn one_failed_call_that_may_pass() {
    let not_found = Reply::error(&Status::new(Code::NotFound, "not yet"));
    for (what, reply, survived_by_both) in [
        ("503", Reply::status(503), true),
        ("a closed connection", Reply::close(), true),
        ("429", Reply::status(429), false),
        ("500", Reply::status(500), false),
        ("404 after the start", not_found, false),
        ("a token that has expired", Reply::expired_token(), false),
        ("half of a reply", Reply::status(200).body(r#"{"name": "proj"#), false),
        ("a page of a proxy", Reply::status(200).body("<html></html>"), false),
    ] {
        let sides = both(Script::new().runs_for_calls(1).call(1, reply).responds(created())).await;
        assert_eq!(sides.ours.unwrap().name, "w", "{what}");
        assert_eq!(sides.theirs.is_ok(), survived_by_both, "{what}: {:?}", sides.theirs);
    }
}

#[tokio::test(start_paused = true)]
async fn the_pause_that_a_server_asks_for() {
    let reply = Reply::status(503).header("retry-after", "7");
    let sides = both(Script::new().runs_for_calls(1).call(1, reply).responds(created())).await;
    sides.theirs.unwrap();
    sides.ours.unwrap();
    assert!(sides.their_time < Duration::from_secs(4), "{:?}", sides.their_time);
    assert!(sides.our_time >= Duration::from_secs(7), "{:?}", sides.our_time);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs() {
    let reply = Reply::usual().after(Duration::from_secs(3_600));
    let sides = both(Script::new().runs_for_calls(1).call(1, reply).responds(created())).await;
    sides.theirs.unwrap();
    sides.ours.unwrap();
    assert!(sides.their_time >= Duration::from_secs(3_600), "{:?}", sides.their_time);
    assert!(sides.our_time < Duration::from_secs(33), "{:?}", sides.our_time);
}

#[tokio::test(start_paused = true)]
async fn the_time_until_an_end_is_noticed() {
    let sides = both(Script::new().runs_for(Duration::from_secs(40)).responds(created())).await;
    sides.theirs.unwrap();
    sides.ours.unwrap();
    assert_eq!((sides.their_time.as_secs(), sides.their_polls), (63, 6));
    assert_eq!((sides.our_time.as_secs(), sides.our_polls), (43, 40));
}

#[tokio::test]
async fn the_same_operation_after_a_restart() {
    let (emulator, client, operations) = start(Script::new().runs_for_calls(3).responds(created())).await;
    emulator.reply_next(1, started());
    let mut poller = create_workflow(&client).poller();
    poller.poll().await.unwrap();
    drop(poller);
    // A poller begins with the starting call: it has no constructor that takes a name.
    emulator.reply_next(1, started());
    create_workflow(&client).poller().poll().await.unwrap();
    assert_eq!(starts(&emulator), 2);

    let wait = operations.started::<Workflow>(create(&emulator, &client).await).unwrap();
    let handle = wait.handle().unwrap();
    drop(wait);
    lro::Wait::<Workflow>::resumed(&operations, &handle).unwrap().await.unwrap();
    assert_eq!(starts(&emulator), 3);
}

#[tokio::test]
async fn a_deadline() {
    let (emulator, client, operations) = start(Script::new().runs_for(Duration::MAX)).await;
    emulator.reply_next(1, started());
    let poller = quick(create_workflow(&client))
        .with_polling_error_policy(Aip194Strict.with_time_limit(Duration::from_millis(50)))
        .poller();
    let theirs = poller.until_done().await.unwrap_err();
    assert!(theirs.is_exhausted() && theirs.status().is_none());
    // The name is in a text, and in no field that can be read.
    assert!(theirs.to_string().contains(&format!("polling loop for {NAME} exhausted")), "{theirs}");

    let wait = poll_until_done::<Workflow>(&operations, name()).deadline(Duration::from_millis(50));
    let ours = wait.await.unwrap_err();
    assert_eq!((ours.code(), ours.origin()), (Code::DeadlineExceeded, Origin::StoppedAsking));
    assert_eq!(ours.report().unwrap().name, Some(name()));
}

#[tokio::test]
async fn a_failed_operation_beside_a_failed_call() {
    let error = Status::new(Code::PermissionDenied, "no");
    let failed = both(Script::new().runs_for_calls(0).fails(error.clone())).await;
    let refused = both(Script::new().runs_for_calls(1).call(1, Reply::error(&error))).await;
    let (their_failed, their_refused) = (failed.theirs.unwrap_err(), refused.theirs.unwrap_err());
    assert_eq!(their_failed.status(), their_refused.status());
    assert_eq!((their_failed.http_status_code(), their_refused.http_status_code()), (None, Some(403)));
    let (failed, refused) = (failed.ours.unwrap_err(), refused.ours.unwrap_err());
    assert_eq!((failed.origin(), refused.origin()), (Origin::OperationFailed, Origin::CallFailed));
}

#[tokio::test]
async fn the_number_of_an_unknown_code() {
    let sides = both(Script::new().runs_for_calls(0).fails(Status::from_number(99, "no"))).await;
    assert_eq!(sides.theirs.unwrap_err().status().unwrap().code, rpc::Code::Unknown);
    assert_eq!(sides.ours.unwrap_err().raw_code(), 99);
}

#[tokio::test]
async fn an_end_without_a_result() {
    let (emulator, client, operations) = start(Script::new().runs_for_calls(0).ends_with_neither()).await;
    emulator.reply_next(1, started());
    let delete = client.delete_workflow().set_name("projects/p/locations/l/workflows/w");
    let theirs = quick(delete).poller().until_done().await.unwrap_err();
    assert!(theirs.is_deserialization(), "{theirs}");
    poll_until_done::<()>(&operations, name()).await.unwrap();
}

#[tokio::test]
async fn the_type_of_the_response() {
    let json = |url: &str| Any::from_json(format!(r#"{{"@type": "{url}", "name": "w"}}"#)).unwrap();
    let other = json("type.googleapis.com/example.v1.Job");
    let sides = both(Script::new().runs_for_calls(0).responds(other)).await;
    assert!(sides.theirs.unwrap_err().is_deserialization());
    assert_eq!(sides.ours.unwrap_err().origin(), Origin::MalformedReply);

    let prefixed = json("example.com/google.cloud.workflows.v1.Workflow");
    let sides = both(Script::new().runs_for_calls(0).responds(prefixed)).await;
    let theirs = sides.theirs.unwrap_err();
    assert!(theirs.source().unwrap().to_string().contains("mismatched typenames"), "{theirs}");
    // SPEC 17
    assert_eq!(sides.ours.unwrap().name, "w");
}

/// Awaits an operation of this script by a poller, and another one by a wait, both with their default settings.
async fn both(script: Script) -> Sides {
    let (emulator, client, _) = start(script.clone()).await;
    emulator.reply_next(1, started());
    let begun = Instant::now();
    let theirs = create_workflow(&client).poller().until_done().await;
    let (their_time, their_polls) = (begun.elapsed(), emulator.call_count() - 1);

    let (emulator, client, operations) = start(script).await;
    let begun = Instant::now();
    let wait = operations.started::<Model<Workflow>>(create(&emulator, &client).await).unwrap();
    let ours = wait.await.map(|Model(workflow)| workflow);
    let (our_time, our_polls) = (begun.elapsed(), emulator.call_count() - 1);
    Sides { theirs, their_time, their_polls, ours, our_time, our_polls }
}

/// Polls every 10 ms.
fn quick<B: RequestOptionsBuilder>(builder: B) -> B {
    let pause = Duration::from_millis(10);
    let pauses = ExponentialBackoffBuilder::new().with_initial_delay(pause).with_maximum_delay(pause);
    builder.with_polling_backoff_policy(pauses.with_scaling(1.0).build().unwrap())
}

/// Returns how often an operation was started.
fn starts(emulator: &Emulator) -> usize {
    emulator.calls().iter().filter(|call| call.method == "POST").count()
}
