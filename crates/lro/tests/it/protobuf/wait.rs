//! Waits for operations whose replies are protobuf.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::TryStreamExt;
use lro::{
    Any, ListOperationsRequest, Operation, OperationPage, Origin, Outcome, Pacing, Report, Status, Wait,
    details::ErrorInfo,
    list_operations, map_replies,
    pacing::{Moment, PacingPolicy, Schedule},
    poll_until_done,
};
use serde::Deserialize;

use crate::{
    common::{Jobs, always, name, script},
    protobuf::{Packed, job},
};

#[tokio::test(start_paused = true)]
async fn show_the_metadata_in_their_snapshots_and_reports() {
    // SPEC 10
    let jobs = script([Ok(at(3)), Ok(at(3).with_outcome(Ok(job())))]);
    let mut wait = poll_until_done::<Packed>(&jobs, name()).with_metadata::<Packed>();
    while let Some(snapshot) = wait.next().await {
        let snapshot = snapshot.unwrap();
        assert_eq!(snapshot.metadata(), Some(progress(3)));
        assert_eq!(snapshot.try_metadata(), Ok(Some(progress(3))));
        assert_eq!(snapshot.raw_metadata(), at(3).metadata.as_ref());
    }
    assert_eq!(wait.await.unwrap(), Packed::new("example.v1.Job", b"\x08\x03"));

    let failed = script([Ok(at(4)), Ok(at(5).with_outcome(Err(Status::unavailable("no"))))]);
    let status = poll_until_done::<Packed>(&failed, name()).await.unwrap_err();
    assert_eq!(metadata(status.report().unwrap()), progress(5));
    let status = poll_until_done::<Packed>(always(Ok(at(6))), name())
        .deadline(Duration::from_secs(9))
        .await
        .unwrap_err();
    assert_eq!(status.origin(), Origin::StoppedAsking);
    assert_eq!(metadata(status.report().unwrap()), progress(6));
}

#[tokio::test(start_paused = true)]
async fn go_on_where_the_metadata_is_awaited_as_json() {
    // SPEC 11
    #[derive(Debug, PartialEq, Deserialize)]
    struct Progress {
        printed: u32,
    }
    let jobs = script([Ok(at(3)), Ok(at(3).with_outcome(Ok(job())))]);
    let mut wait = poll_until_done::<Any>(&jobs, name())
        .with_metadata::<Progress>()
        .pace_by_progress(|progress| Some(f64::from(progress.printed)));
    let snapshot = wait.next().await.unwrap().unwrap();
    assert_eq!(snapshot.metadata(), None);
    let misfit = snapshot.try_metadata().unwrap_err();
    assert!(misfit.message().contains("Progress is awaited, which reads JSON"), "{misfit}");
    assert_eq!(wait.await.unwrap(), job());
}

#[tokio::test(start_paused = true)]
async fn are_paced_by_progress() {
    #[derive(Clone, Debug, Default)]
    struct Seen(Arc<Mutex<Vec<Option<f64>>>>);

    impl PacingPolicy for Seen {
        fn schedule(&self) -> Box<dyn Schedule> {
            Box::new(self.clone())
        }
    }
    impl Schedule for Seen {
        fn delay(&mut self, moment: &Moment) -> Option<Duration> {
            self.0.lock().unwrap().push(moment.progress);
            Some(Duration::from_secs(1))
        }
    }
    let seen = Seen::default();
    let jobs = script([Ok(at(0)), Ok(at(25)), Ok(at(50).with_outcome(Ok(job())))]);
    poll_until_done::<Any>(&jobs, name())
        .with_metadata::<Packed>()
        .pace_by_progress(|progress| Some(f64::from(*progress.message.last()?) / 100.0))
        .pacing(Pacing::custom(seen.clone()))
        .await
        .unwrap();
    assert!(seen.0.lock().unwrap().ends_with(&[Some(0.0), Some(0.25)]), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn are_ended_by_a_closure_that_maps_replies() {
    let jobs = map_replies(Jobs::new().gets([Ok(at(3)), Ok(at(99))]), ended);
    let status = poll_until_done::<Packed>(&jobs, name()).await.unwrap_err();
    assert_eq!((status.origin(), status.message()), (Origin::OperationFailed, "the job failed"));
    assert_eq!(metadata(status.report().unwrap()), progress(99));
    let started = jobs.mapped(at(99)).unwrap();
    assert!(Wait::<Packed>::started(&jobs, started).await.is_err());

    let page = OperationPage::new(vec![at(3), at(99)]);
    let jobs = map_replies(Jobs::new().lists([Ok(page)]), ended);
    let listed: Vec<Operation> =
        list_operations(&jobs, ListOperationsRequest::default()).operations().try_collect().await.unwrap();
    assert_eq!(listed.iter().map(Operation::is_done).collect::<Vec<_>>(), [false, true]);
    assert_eq!(listed[1].metadata, at(99).metadata);
}

#[test]
fn have_details_that_are_shown_by_their_type() {
    // SPEC 24: a transport converts the standard details to JSON. Others stay protobuf.
    let details = [
        "google.rpc.ErrorInfo",
        "google.rpc.RetryInfo",
        "google.rpc.DebugInfo",
        "google.rpc.QuotaFailure",
        "google.rpc.PreconditionFailure",
        "google.rpc.BadRequest",
        "google.rpc.RequestInfo",
        "google.rpc.ResourceInfo",
        "google.rpc.Help",
        "google.rpc.LocalizedMessage",
        "example.v1.Other",
    ];
    let packed = |name: &str| Any::pack_protobuf(name, b"\x0A\x06s3cret");
    let of = |details: Vec<Any>| Status::unavailable("no").with_details(details);
    let status = of(details.map(packed).to_vec());
    let all = status.details();
    assert_eq!(all.as_slice(), details.map(packed));
    // The first field of these is a string, and that of the others is a message.
    assert_eq!(all.error_info().unwrap().reason, "s3cret");
    assert_eq!(all.request_info().unwrap().request_id, "s3cret");
    assert!(all.retry_info().is_none() && all.quota_failure().is_none() && all.bad_request().is_none());
    assert!(all.precondition_failure().is_none() && all.help().is_none());
    assert_eq!(status.retry_after(), None);
    assert_eq!(status.to_string(), "UNAVAILABLE: no");
    // SPEC 43
    let shown = format!("{status:?}");
    assert!(details.iter().all(|name| shown.contains(name)) && !shown.contains("s3cret"), "{shown}");
    // SPEC 24
    let info = ErrorInfo { reason: "R".into(), ..ErrorInfo::default() };
    for detail in [Any::pack_protobuf("google.rpc.ErrorInfo", b"\x0A\x01R"), Any::pack(&info).unwrap()] {
        let status = of(vec![detail]);
        assert_eq!(status.details().error_info(), Some(info.clone()));
        assert_eq!(status.to_string(), "UNAVAILABLE: no [R]");
    }
    let pause = of(vec![Any::pack_protobuf("google.rpc.RetryInfo", b"\x0A\x02\x08\x07")]);
    assert_eq!(pause.retry_after(), Some(Duration::from_secs(7)));
}

#[tokio::test(start_paused = true)]
async fn survive_failed_calls_with_details_in_protobuf() {
    // SPEC 26, 29
    for code in [lro::Code::Unavailable, lro::Code::ResourceExhausted, lro::Code::Unauthenticated] {
        let info = Any::pack_protobuf("google.rpc.ErrorInfo", b"\x0A\x13RATE_LIMIT_EXCEEDED");
        let details = vec![info, job()];
        let failure = Status::new(code, "no").with_details(details.clone());
        let jobs = script([Err(failure), Ok(at(3)), Ok(at(3).with_outcome(Ok(job())))]);
        assert_eq!(poll_until_done::<Any>(&jobs, name()).await.unwrap(), job());
        let failed = Operation::failed("operations/1", Status::new(code, "no").with_details(details.clone()));
        let Some(Outcome::Error(status)) = failed.outcome else { panic!("an error") };
        assert_eq!(status.details().as_slice(), details);
    }
}

fn ended(operation: Operation) -> Operation {
    let state = operation.metadata.as_ref().and_then(Any::protobuf_value);
    match state {
        Some([0x08, 99]) => operation.with_outcome(Err(Status::unavailable("the job failed"))),
        _ => operation,
    }
}

/// A running operation whose progress is that many.
fn at(printed: u8) -> Operation {
    let metadata = Any::pack_protobuf("example.v1.Progress", &[0x08, printed]);
    Operation::running("operations/1").with_metadata(metadata)
}

fn progress(printed: u8) -> Packed {
    Packed::new("example.v1.Progress", &[0x08, printed])
}

fn metadata(report: &Report) -> Packed {
    report.last_metadata.as_ref().unwrap().decode().unwrap()
}
