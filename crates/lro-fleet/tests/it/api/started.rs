//! The reply of a starting call is the first one.

use std::time::Duration;

use lro::{Any, Code, Operation, Origin, Status, Tolerance, pacing::Pacing};
use lro_fleet::{Fleet, Registration};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::api::jobs::{Jobs, done, millis, name, response, secs};

/// SPEC 34
#[tokio::test(start_paused = true)]
async fn the_first_poll_comes_after_the_first_pause() {
    let jobs = Jobs::done_at(secs(3)).shared();
    let fleet = Fleet::builder(jobs.clone()).tick(Duration::ZERO).start();
    let watch = fleet.started::<Value>(Operation::running("operations/1")).unwrap();
    let by_name = fleet.watch::<Value>(name(2));
    assert_eq!(watch.await.unwrap(), response("operations/1"));
    assert_eq!(jobs.gets(&name(1))[0], millis(250));
    assert_eq!(by_name.await.unwrap(), response("operations/2"));
    assert_eq!(jobs.gets(&name(2))[0], Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn each_pacing_is_asked_for_the_pause_after_the_first_reply() {
    for (pacing, first) in [
        (Pacing::fixed(secs(7)), secs(7)),
        (Pacing::exponential(secs(2), 3.0, secs(60)), secs(2)),
        (Pacing::proportional(0.1).at_least(secs(1)), secs(1)),
    ] {
        let jobs = Jobs::done_at(secs(30)).shared();
        let fleet = Fleet::builder(jobs.clone()).tick(Duration::ZERO).pacing(pacing).start();
        fleet.started::<Value>(Operation::running("operations/1")).unwrap().await.unwrap();
        assert_eq!(jobs.gets(&name(1))[0], first);
    }
}

/// SPEC 8
#[tokio::test(start_paused = true)]
async fn an_operation_that_is_done_costs_no_call() {
    let jobs = Jobs::done_at(secs(30)).shared();
    let fleet = Fleet::builder(jobs.clone()).start();
    let watch = fleet.started::<Value>(done("operations/1")).unwrap();
    assert_eq!(timeout(millis(1), watch).await.unwrap().unwrap(), response("operations/1"));
    let failure = Status::new(Code::Aborted, "the work failed").with_origin(Origin::OperationFailed);
    let watch = fleet.started::<Value>(Operation::failed("operations/2", failure)).unwrap();
    let failed = timeout(millis(1), watch).await.unwrap().unwrap_err();
    assert_eq!((failed.code(), failed.origin()), (Code::Aborted, Origin::OperationFailed));
    sleep(secs(60)).await;
    assert!(jobs.all().is_empty());
    assert_eq!(fleet.metrics().pending, 0);
}

/// As registered, and while the fleet makes no calls.
#[tokio::test(start_paused = true)]
async fn an_operation_that_is_done_completes_while_the_fleet_is_paused() {
    let fleet = Fleet::builder(Jobs::done_at(secs(30))).start();
    fleet.pause();
    fleet.register_with(Registration::started(done("operations/1")).unwrap().tag("a")).unwrap();
    fleet.drain();
    let mut completions = fleet.completions();
    let completion = timeout(millis(1), futures::StreamExt::next(&mut completions)).await.unwrap().unwrap();
    assert_eq!((completion.tag(), completion.report().done), (Some("a"), true));
    assert_eq!(completion.report().polls, 0);
}

/// SPEC 32
#[tokio::test(start_paused = true)]
async fn a_pause_that_the_reply_asks_for_is_kept_once() {
    for (asked, expected) in [(secs(12), secs(12)), (Duration::ZERO, millis(250)), (Duration::MAX, secs(600))]
    {
        let jobs = Jobs::done_at(secs(700)).shared();
        let fleet =
            Fleet::builder(jobs.clone()).tick(Duration::ZERO).pacing(Pacing::fixed(millis(250))).start();
        let operation = Operation::running("operations/1").with_retry_after(asked);
        let watch = fleet.started::<Value>(operation).unwrap();
        jobs.until(secs(601)).await;
        let gets = jobs.gets(&name(1));
        assert_eq!(gets[0], expected);
        assert_eq!(gets[1] - gets[0], millis(270), "a floor for the next delay only");
        drop(watch);
    }
    let jobs = Jobs::done_at(secs(700)).shared();
    let fleet = Fleet::builder(jobs.clone()).start();
    let operation = Operation::running("operations/1").with_retry_after(secs(100));
    let registration = Registration::started(operation).unwrap().deadline(secs(5));
    assert!(fleet.watch_with::<Value>(registration).await.is_err());
    assert_eq!(jobs.gets(&name(1)), [secs(5)], "the deadline cuts it");
}

/// SPEC 31
#[tokio::test(start_paused = true)]
async fn not_found_is_survived_longer_than_by_name() {
    let missing = || Jobs::new(|name, _| Err(Status::new(Code::NotFound, format!("no {name}")))).shared();
    let jobs = missing();
    let fleet = Fleet::builder(jobs.clone()).tick(Duration::ZERO).start();
    let began = jobs.now();
    let status = fleet.watch::<Value>(name(1)).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(jobs.now() - began, secs(5) + millis(20));
    let began = jobs.now();
    let status = fleet.started::<Value>(Operation::running("operations/2")).unwrap().await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(jobs.now() - began, secs(30) + millis(20));
    // Its own window holds for both.
    let own = || Tolerance::default().not_found_for(secs(8));
    let began = jobs.now();
    let registration = Registration::started(Operation::running("operations/3")).unwrap().tolerance(own());
    fleet.watch_with::<Value>(registration).await.unwrap_err();
    assert_eq!(jobs.now() - began, secs(8) + millis(20));
    let began = jobs.now();
    fleet.watch_with::<Value>(Registration::new(name(4)).tolerance(own())).await.unwrap_err();
    assert_eq!(jobs.now() - began, secs(8) + millis(20));
}

/// SPEC 8, 13
#[tokio::test(start_paused = true)]
async fn names_that_are_empty_or_bad_are_malformed() {
    let jobs = Jobs::done_at(secs(1)).shared();
    let fleet = Fleet::builder(jobs.clone()).start();
    let long = "x".repeat(3_000);
    for bad in ["", "/", "operations//1", "operations/../1", "a\nb", "operations/", &long] {
        let status = fleet.started::<Value>(Operation::running(bad)).unwrap_err();
        assert_eq!(status.origin(), Origin::MalformedReply, "{bad:?}");
        assert!(status.to_string().contains("was started has no usable name"), "{status}");
        assert!(Registration::started(Operation::running(bad)).is_err());
    }
    sleep(secs(1)).await;
    assert!(jobs.all().is_empty());
    assert_eq!(fleet.metrics().pending, 0);
}

#[tokio::test(start_paused = true)]
async fn metadata_of_the_starting_call_is_shown() {
    let fleet = Fleet::builder(Jobs::done_at(secs(30))).start();
    let metadata = Any::from_value(&json!({"percent": 3})).unwrap();
    let watch = fleet.started::<Value>(Operation::running("operations/1").with_metadata(metadata)).unwrap();
    sleep(millis(1)).await;
    let snapshot = fleet.get::<Value>(&name(1)).unwrap();
    assert_eq!(snapshot.metadata(), Some(json!({"percent": 3})));
    assert_eq!((snapshot.polls(), snapshot.is_done()), (0, false));
    assert!(snapshot.next_poll().unwrap() > millis(200));
    drop(watch);
}

/// SPEC 2
#[tokio::test(start_paused = true)]
async fn the_error_beside_an_operation_that_was_started_is_the_last_failure() {
    let fleet = Fleet::builder(Jobs::done_at(secs(30))).deadline(secs(0)).start();
    let nearly = Status::new(Code::ResourceExhausted, "the quota is nearly used up");
    let started = Operation { running_error: Some(nearly.clone()), ..Operation::running("operations/1") };
    let status = fleet.started::<Value>(started).unwrap().await.unwrap_err();
    let report = status.report().unwrap();
    assert_eq!((report.last_failure.as_ref(), report.failed_calls), (Some(&nearly), 0));

    // Without a name there is no operation, so the error is that of the start.
    let refused = Operation { running_error: Some(nearly), ..Operation::default() };
    assert_eq!(fleet.started::<Value>(refused).unwrap_err().code(), Code::ResourceExhausted);
}

#[tokio::test(start_paused = true)]
async fn a_starting_call_of_an_operation_that_is_waited_for_joins_the_wait() {
    let jobs = Jobs::done_at(secs(3)).shared();
    let fleet = Fleet::builder(jobs.clone()).start();
    let first = fleet.watch::<Value>(name(1));
    sleep(millis(100)).await;
    let joined = fleet.started::<Value>(Operation::running("operations/1")).unwrap();
    assert!(first.await.is_ok() && joined.await.is_ok());
    assert_eq!(fleet.metrics().shared, 1);
}
