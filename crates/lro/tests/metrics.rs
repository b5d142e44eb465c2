//! What a wait publishes through the facade `metrics`.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    future::IntoFuture,
    sync::{Arc, Mutex},
    time::Duration,
};

use allocation_counter::measure;
use lro::{
    Code, LroTransport, Operation, OperationName, Pacing, Service, Status, Wait, async_trait,
    metrics::driver::{Gauge as LroGauge, Series, Share},
    poll_until_done,
};
use lro_testkit::recorder::Published;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

#[tokio::test(start_paused = true)]
async fn a_success_publishes_its_polls_its_time_and_its_delay() {
    let published = Published::default();
    let _installed = metrics::set_default_local_recorder(&published);
    let jobs = Jobs::new("success.example.com", [running(), running(), done()]);
    wait(&jobs).await.unwrap();

    let labels = r#"kind="jobs/print",service="success.example.com""#;
    assert_eq!(published.value(&format!("lro_polls_total{{code=\"OK\",{labels}}}")), 3.0);
    assert_eq!(published.value(&outcome(labels, "OK", "succeeded")), 1.0);
    // Polls at 0 s, 10 s and 20 s.
    let labels_of_time = r#"kind="jobs/print",outcome="succeeded",service="success.example.com""#;
    assert_eq!(published.values(&format!("lro_wait_duration_seconds{{{labels_of_time}}}")), [20.0]);
    assert_eq!(published.values(&format!("lro_notice_delay_seconds{{{labels}}}")), [5.0]);
    let pending = published.values(r#"lro_pending_operations{service="success.example.com"}"#);
    assert_eq!(pending, [1.0, 1.0, 1.0, 1.0, 0.0]);
    assert_eq!(published.series().len(), 5, "{:?}", published.series());
    assert!(published.series().iter().all(|series| !series.contains(NAME)));
}

#[tokio::test(start_paused = true)]
async fn failed_calls_are_counted_by_their_code() {
    let published = Published::default();
    let _installed = metrics::set_default_local_recorder(&published);
    let busy = || Err(Status::unavailable("busy"));
    let refused = || Err(Status::new(Code::ResourceExhausted, "too many"));
    let service = "failures.example.com";
    let jobs = Jobs::new(service, [busy(), running(), busy(), refused(), forbidden()]);
    wait(&jobs).await.unwrap_err();

    let labels = format!("kind=\"jobs/print\",service=\"{service}\"");
    let polls = |code| published.value(&format!("lro_polls_total{{code=\"{code}\",{labels}}}"));
    let counted = ["OK", "UNAVAILABLE", "RESOURCE_EXHAUSTED", "PERMISSION_DENIED"].map(polls);
    assert_eq!(counted, [1.0, 2.0, 1.0, 1.0]);
    assert_eq!(published.value(&outcome(&labels, "PERMISSION_DENIED", "call_failed")), 1.0);
    assert!(published.values(&format!("lro_notice_delay_seconds{{{labels}}}")).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failed_operation_is_an_outcome_of_its_own() {
    let published = Published::default();
    let _installed = metrics::set_default_local_recorder(&published);
    let error = Status::new(Code::OutOfRange, "no paper");
    let service = "failed.example.com";
    let jobs = Jobs::new(service, [running(), Ok(Operation::failed(NAME, error))]);
    // Without a kind the key of the service stands for it.
    poll_until_done::<Value>(&jobs, NAME.parse().unwrap())
        .pacing(Pacing::fixed(seconds(10)))
        .await
        .unwrap_err();

    let labels = format!("kind=\"{service}\",service=\"{service}\"");
    assert_eq!(published.value(&outcome(&labels, "OUT_OF_RANGE", "operation_failed")), 1.0);
    assert_eq!(published.value(&format!("lro_polls_total{{code=\"OK\",{labels}}}")), 2.0);
    assert_eq!(published.values(&format!("lro_notice_delay_seconds{{{labels}}}")), [5.0]);
}

#[tokio::test(start_paused = true)]
async fn calls_without_a_reply_are_distinguished_by_what_cut_them() {
    let published = Published::default();
    let _installed = metrics::set_default_local_recorder(&published);
    let service = "silent.example.com";
    let jobs = Jobs::new(service, []);
    wait(&jobs).attempt_timeout(seconds(30)).deadline(seconds(45)).await.unwrap_err();

    let labels = format!("kind=\"jobs/print\",service=\"{service}\"");
    let polls = |code| published.value(&format!("lro_polls_total{{code=\"{code}\",{labels}}}"));
    assert_eq!(["DEADLINE_EXCEEDED", "CANCELLED"].map(polls), [1.0, 1.0]);
    assert_eq!(published.value(&outcome(&labels, "DEADLINE_EXCEEDED", "stopped_asking")), 1.0);
    let of_time = format!("kind=\"jobs/print\",outcome=\"stopped_asking\",service=\"{service}\"");
    assert_eq!(published.values(&format!("lro_wait_duration_seconds{{{of_time}}}")), [45.0]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_wait_is_no_longer_pending_and_has_no_outcome() {
    let published = Published::default();
    let _installed = metrics::set_default_local_recorder(&published);
    let jobs = Jobs::new("dropped.example.com", []);
    let (one, two) = (wait(&jobs).into_future(), wait(&jobs).into_future());
    assert!(timeout(seconds(5), futures::future::join(one, two)).await.is_err());

    let pending = published.values(r#"lro_pending_operations{service="dropped.example.com"}"#);
    assert_eq!(pending, [1.0, 2.0, 1.0, 0.0]);
    assert_eq!(published.series().len(), 1, "{:?}", published.series());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_rejected_before_it_is_sent_is_not_a_poll() {
    let published = Published::default();
    let _installed = metrics::set_default_local_recorder(&published);
    let jobs = Jobs::new("rejected.example.com", [Err(Status::invalid_argument("of another service"))]);
    wait(&jobs).await.unwrap_err();
    assert!(published.series().iter().all(|series| !series.starts_with("lro_polls")));
}

#[tokio::test(start_paused = true)]
async fn a_recorder_that_is_installed_during_a_wait_receives_the_rest() {
    let jobs = Jobs::new("late.example.com", [running(), running(), done()]);
    let mut pending = wait(&jobs);
    let other = Jobs::new("late.example.com", []);
    let mut other = std::pin::pin!(wait(&other).into_future());
    assert!(timeout(seconds(1), &mut other).await.is_err());
    pending.next().await.unwrap().unwrap();

    let published = Published::default();
    let _installed = metrics::set_default_local_recorder(&published);
    pending.await.unwrap();
    let labels = r#"kind="jobs/print",service="late.example.com""#;
    assert_eq!(published.value(&format!("lro_polls_total{{code=\"OK\",{labels}}}")), 2.0);
    // The other wait still is.
    assert_eq!(published.values(r#"lro_pending_operations{service="late.example.com"}"#), [2.0, 2.0, 1.0]);
}

#[tokio::test(start_paused = true)]
async fn a_recorder_that_panics_changes_no_outcome() {
    let _installed = metrics::set_default_local_recorder(&Panics);
    lro::metrics::describe();
    let jobs = Jobs::new("panics.example.com", [running(), done()]);
    wait(&jobs).await.unwrap();
}

#[test]
fn a_poll_allocates_nothing_after_the_first_with_its_code() {
    let service = Service::new("allocations.example.com", "v1");
    let mut series = Series::new(&service, Some(Arc::from("jobs/print")));
    let mut pending = Share::new(LroGauge::PendingOperations, &service);
    let mut poll = |code| {
        measure(|| {
            pending.set(1.0);
            series.polled(code, 1);
        })
    };
    assert!(poll(Code::Ok).count_total > 0, "nothing was counted");
    poll(Code::Unavailable);
    assert_eq!(poll(Code::Ok).count_total, 0);
    assert_eq!(poll(Code::Unavailable).count_total, 0);
}

fn outcome(labels: &str, code: &str, outcome: &str) -> String {
    let (kind, service) = labels.split_once(',').unwrap();
    format!("lro_outcomes_total{{code=\"{code}\",{kind},outcome=\"{outcome}\",{service}}}")
}

fn wait(jobs: &Jobs) -> Wait<'_, Value> {
    poll_until_done::<Value>(jobs, NAME.parse().unwrap())
        .kind("jobs/print")
        .pacing(Pacing::fixed(seconds(10)))
}

/// Replies by a script at once, and after the script never.
#[derive(Debug)]
struct Jobs {
    service: &'static str,
    replies: Mutex<Vec<Result<Operation, Status>>>,
}

impl Jobs {
    fn new<const N: usize>(service: &'static str, mut replies: [Result<Operation, Status>; N]) -> Self {
        replies.reverse();
        Self { service, replies: Mutex::new(replies.into()) }
    }
}

#[async_trait]
impl LroTransport for Jobs {
    async fn get_operation(&self, _: &OperationName) -> Result<Operation, Status> {
        let reply = self.replies.lock().unwrap().pop();
        match reply {
            Some(reply) => reply,
            None => {
                sleep(Duration::MAX).await;
                Err(Status::unavailable("never"))
            }
        }
    }

    fn service(&self) -> Service {
        Service::new(self.service, "v1")
    }
}

/// All of its methods panic.
struct Panics;

impl Recorder for Panics {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        panic!("describe")
    }
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        panic!("describe")
    }
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        panic!("describe")
    }
    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        panic!("counter")
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        panic!("gauge")
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        panic!("histogram")
    }
}

fn running() -> Result<Operation, Status> {
    Ok(Operation::running(NAME))
}

fn done() -> Result<Operation, Status> {
    Operation::succeeded(NAME, json!({}))
}

fn forbidden() -> Result<Operation, Status> {
    Err(Status::new(Code::PermissionDenied, "not yours"))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const NAME: &str = "operations/1";
