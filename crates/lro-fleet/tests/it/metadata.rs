//! A fleet that keeps no metadata, and its reports.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicU32, Ordering};

use futures::StreamExt;
use lro::{Any, LroTransport, Operation, OperationName, Report, Status, transport_fn};
use lro_fleet::Fleet;
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn a_report_says_that_the_fleet_keeps_no_metadata() {
    for keep in [true, false] {
        let fleet = Fleet::builder(printer(true)).keep_metadata(keep).start();
        fleet.register(name()).unwrap();
        let completion = fleet.completions().next().await.unwrap();
        assert!(completion.outcome().is_ok());
        check(completion.report(), keep);
    }
}

#[tokio::test(start_paused = true)]
async fn so_does_the_report_of_a_wait_that_failed() {
    for keep in [true, false] {
        let fleet = Fleet::builder(printer(false)).keep_metadata(keep).start();
        let failure = fleet.watch::<Value>(name()).await.unwrap_err();
        check(failure.report().unwrap(), keep);
        assert!(format!("{failure:?}").contains(&format!("metadata_dropped: {}", !keep)), "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_keeps_the_metadata() {
    let failure = lro::poll_until_done::<Value>(printer(false), name()).await.unwrap_err();
    check(failure.report().unwrap(), true);
}

#[track_caller]
fn check(report: &Report, keep: bool) {
    assert_eq!((report.last_metadata.is_some(), report.metadata_dropped), (keep, !keep));
}

/// Every reply has metadata. The third call finds the operation done, or forbidden.
fn printer(succeeds: bool) -> impl LroTransport {
    let polls = AtomicU32::new(0);
    transport_fn(move |name: OperationName| {
        let poll = polls.fetch_add(1, Ordering::Relaxed);
        async move {
            let metadata = Any::from_value(&json!({ "printed": poll }))?;
            match poll {
                2 if succeeds => Ok(Operation::succeeded(name.as_str(), json!({}))?.with_metadata(metadata)),
                2 => Err(Status::new(lro::Code::PermissionDenied, "not yours")),
                _ => Ok(Operation::running(name.as_str()).with_metadata(metadata)),
            }
        }
    })
}

fn name() -> OperationName {
    "operations/1".parse().unwrap()
}
