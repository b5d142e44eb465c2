//! What workers and consumers publish through the facade `metrics`.
//!
//! Each test has a service of its own: the gauges of a service add up in a process.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::OnceLock;

use lro::{LroTransport, Service, Status};
use lro_registry::{MemoryStore, Registration, Registry, Worker, WorkerBuilder, WorkerWatch};
use lro_testkit::recorder::Published;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tokio::time::sleep;

use super::common::{Fault, FaultyStore, HookedStore, Jobs, SECOND, deliver, name, register};

#[tokio::test(start_paused = true)]
async fn a_worker_publishes_what_a_wait_publishes_and_what_is_its_own() {
    let (published, _installed) = recorder();
    let service = Service::new("done.example.com", "v1");
    let jobs = Jobs::new().of(&service);
    let registry = Registry::new(MemoryStore::new());
    let operations = ["operations/0", "operations/1", "operations/2"];
    for operation in operations {
        jobs.runs_for(operation, 20 * SECOND);
        let registration = Registration::new(&service, name(operation)).kind("jobs/print").key(operation);
        for _ in 0..2 {
            registry.register(registration.clone()).await.unwrap();
        }
    }
    jobs.fails("operations/1", 2, Status::unavailable("busy"));
    let worker = start(&registry, jobs.clone()).await;
    sleep(5 * SECOND).await;
    let gauge = |name: &str| published.value(&of("done.example.com", name));
    assert_eq!(gauge("lro_registry_pending_operations"), 3.0);
    deliver(&registry, "", 3).await;

    let gets: u32 = operations.iter().map(|operation| jobs.gets(operation)).sum();
    let series = |name: &str, labels: &str| format!("{name}{{{labels}}}");
    let labels = r#"kind="jobs/print",service="done.example.com""#;
    let polls = |code| published.value(&series("lro_polls_total", &format!("code=\"{code}\",{labels}")));
    assert_eq!((polls("OK") + polls("UNAVAILABLE"), polls("UNAVAILABLE")), (f64::from(gets), 2.0));
    let labels_of_end = r#"kind="jobs/print",outcome="succeeded",service="done.example.com""#;
    let outcomes = series("lro_outcomes_total", &format!("code=\"OK\",{labels_of_end}"));
    assert_eq!(published.value(&outcomes), 3.0);
    let durations = published.values(&series("lro_wait_duration_seconds", labels_of_end));
    assert!(
        durations.len() == 3 && durations.iter().all(|time| (20.0..30.0).contains(time)),
        "{durations:?}"
    );
    let delays = published.values(&series("lro_notice_delay_seconds", labels));
    assert!(delays.len() == 3 && delays.iter().all(|delay| (0.0..5.0).contains(delay)), "{delays:?}");

    assert_eq!(gauge("lro_registry_registrations_total"), 3.0);
    assert_eq!(gauge("lro_registry_claims_total"), f64::from(gets));
    assert_eq!(gauge("lro_registry_deliveries_total"), 3.0);
    assert_eq!(gauge("lro_registry_acknowledgements_total"), 3.0);
    for none in ["takeovers", "lost_claims", "set_aside", "redeliveries"] {
        assert_eq!(gauge(&format!("lro_registry_{none}_total")), 0.0, "{none}");
    }

    sleep(61 * SECOND).await;
    for name in ["pending_operations", "overdue_operations", "claimed_operations", "in_flight_calls"] {
        assert_eq!(gauge(&format!("lro_registry_{name}")), 0.0, "{name}");
    }
    worker.stop().await;
    assert!(published.series().iter().all(|series| !series.contains("operations/")));
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_two_workers_have_seen_counts_once() {
    let (published, _installed) = recorder();
    let service = Service::new("lost.example.com", "v1");
    let (store, jobs) = (MemoryStore::new(), Jobs::new().of(&service));
    let slow = HookedStore::on(&store);
    slow.hook(|call, _| if call == "complete" { Fault::Slow(20 * SECOND) } else { Fault::None });
    let (slow, registry) = (Registry::new(slow), Registry::new(store));
    register(&registry, &service, "", 1).await;
    let short = |worker: WorkerBuilder| worker.serve(jobs.clone()).attempt_timeout(SECOND).lease(6 * SECOND);
    let _first = short(Worker::builder(&slow)).start().await.unwrap();
    sleep(SECOND).await;
    let _second = short(Worker::builder(&registry)).start().await.unwrap();
    deliver(&registry, "", 1).await;
    sleep(30 * SECOND).await;

    let value = |name: &str| published.value(&of("lost.example.com", name));
    assert_eq!(value("lro_registry_takeovers_total"), 1.0);
    assert_eq!(value("lro_registry_lost_claims_total"), 1.0);
    let labels = r#"code="OK",kind="lost.example.com",outcome="succeeded",service="lost.example.com""#;
    assert_eq!(published.value(&format!("lro_outcomes_total{{{labels}}}")), 1.0);
}

#[tokio::test(start_paused = true)]
async fn what_needs_attention_shows_in_gauges() {
    let (published, _installed) = recorder();
    let service = Service::new("trouble.example.com", "v1");
    let jobs = Jobs::new().of(&service);
    let store = FaultyStore::new();
    let registry = Registry::new(store.clone());
    for number in 0..40 {
        jobs.fails(&format!("operations/down{number}"), 1_000, Status::unavailable("down"));
    }
    jobs.panics("operations/bad0");
    register(&registry, &service, "bad", 1).await;
    let worker = start(&registry, jobs.clone()).await;
    sleep(600 * SECOND).await;
    let value = |name: &str| published.value(&of("trouble.example.com", name));
    assert_eq!(value("lro_registry_set_aside_total"), 1.0);
    assert_eq!(published.value("lro_registry_set_aside_operations{}"), 1.0);

    register(&registry, &service, "down", 40).await;
    sleep(120 * SECOND).await;
    assert_eq!(value("lro_registry_shut_services"), 1.0);
    assert!(value("lro_registry_overdue_seconds") > 30.0, "{}", value("lro_registry_overdue_seconds"));
    assert!(value("lro_registry_overdue_operations") > 30.0);
    assert_eq!(value("lro_registry_pending_operations"), 40.0);

    assert_eq!(published.value("lro_registry_store_failures_total{}"), 0.0);
    store.fails_for(10 * SECOND);
    sleep(60 * SECOND).await;
    assert!(published.value("lro_registry_store_failures_total{}") >= 1.0);
    worker.stop().await;
    assert_eq!(value("lro_registry_shut_services"), 0.0);
}

#[tokio::test(start_paused = true)]
async fn outcomes_that_are_not_acknowledged_are_counted() {
    let (published, _installed) = recorder();
    let service = Service::new("again.example.com", "v1");
    let registry = Registry::new(MemoryStore::new());
    let _worker = start(&registry, Jobs::new().of(&service)).await;
    register(&registry, &service, "", 1).await;
    registry.deliveries().next().await.unwrap().retry_later("not now").await.unwrap();
    sleep(45 * SECOND).await;
    assert_eq!(published.value("lro_registry_undelivered_outcomes{}"), 1.0);
    assert!(published.value("lro_registry_undelivered_seconds{}") > 20.0);
    deliver(&registry, "", 1).await;
    let value = |name: &str| published.value(&of("again.example.com", name));
    assert_eq!(
        (value("lro_registry_deliveries_total"), value("lro_registry_redeliveries_total")),
        (2.0, 1.0)
    );
    assert_eq!(value("lro_registry_acknowledgements_total"), 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_recorder_may_look_at_the_worker_and_may_panic() {
    let service = Service::new("curious.example.com", "v1");
    let curious = Curious::default();
    let _installed = metrics::set_default_local_recorder(&curious);
    let registry = Registry::new(MemoryStore::new());
    let worker = start(&registry, Jobs::new().of(&service)).await;
    curious.0.set(worker.watch()).unwrap();
    register(&registry, &service, "", 20).await;
    deliver(&registry, "", 20).await;
    sleep(60 * SECOND).await;
    assert!(!worker.state().has_ended);
    worker.stop().await;
}

async fn start(registry: &Registry, transport: impl LroTransport + 'static) -> Worker {
    Worker::builder(registry).serve(transport).start().await.unwrap()
}

fn of(service: &str, name: &str) -> String {
    format!("{name}{{service={service:?}}}")
}

/// Installs a recorder. It is leaked, so that it outlives the guard.
fn recorder() -> (&'static Published, metrics::LocalRecorderGuard<'static>) {
    let published: &Published = Box::leak(Box::default());
    (published, metrics::set_default_local_recorder(published))
}

/// Asks the worker what it does, then panics.
#[derive(Default)]
struct Curious(OnceLock<WorkerWatch>);

impl Curious {
    fn act(&self) -> ! {
        panic!("{:?}", self.0.get())
    }
}

impl Recorder for Curious {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        self.act()
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        self.act()
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        self.act()
    }
}
