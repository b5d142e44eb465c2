//! What a fleet publishes through the facade `metrics`.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use common::{Server, millis, secs};
use futures::{StreamExt, future::join_all};
use lro::{Code, LroTransport, OperationName, Pacing, Status, transport_fn};
use lro_fleet::{Fleet, FleetBuilder};
use lro_testkit::recorder::Published;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use serde_json::Value;
use tokio::time::sleep;

const SERVICE: &str = r#"{service="jobs.example.com"}"#;

/// Runs a test while no other one runs, up to the end of its tasks: the gauges of a service add up in a process.
fn alone(test: impl Future<Output = ()>) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(test);
}

#[test]
fn a_fleet_publishes_what_a_wait_publishes_and_what_is_its_own() {
    alone(async {
        let published = Published::default();
        let _installed = metrics::set_default_local_recorder(&published);
        let server = Server::new(millis(20)).fails(secs(25), secs(35), Status::unavailable("down"));
        let names = server.has_many(10, |_| secs(95));
        let fleet = start(server.clone());
        let watches: Vec<_> = names.iter().map(|name| fleet.watch::<Value>(name.clone())).collect();

        sleep(secs(5)).await;
        let gauge = |name: &str| published.value(&format!("{name}{SERVICE}"));
        assert_eq!(gauge("lro_pending_operations"), 10.0);
        assert_eq!(gauge("lro_fleet_quota_keys"), 1.0);
        let outcomes = join_all(watches).await;
        assert!(outcomes.iter().all(Result::is_ok));
        let missing: Status = fleet.watch::<Value>("operations/none".parse().unwrap()).await.unwrap_err();
        assert_eq!(missing.code(), Code::NotFound);

        let metrics = fleet.metrics();
        let polls = |code| published.value(&series("lro_polls_total", &[("code", code)]));
        assert_eq!(polls("UNAVAILABLE") as u64, metrics.failures_of(Code::Unavailable));
        assert_eq!(polls("NOT_FOUND") as u64, metrics.failures_of(Code::NotFound));
        assert_eq!(polls("OK") as u64, metrics.polls - metrics.failed());
        assert!(polls("UNAVAILABLE") >= 1.0 && polls("NOT_FOUND") >= 1.0 && polls("OK") >= 50.0);

        let ended = |code, outcome| {
            published.value(&series("lro_outcomes_total", &[("code", code), ("outcome", outcome)]))
        };
        assert_eq!(ended("OK", "succeeded"), 10.0);
        assert_eq!(ended("NOT_FOUND", "call_failed"), 1.0);
        let delays = published.values(&series("lro_notice_delay_seconds", &[]));
        assert_eq!(delays.len(), 10);
        let mean = delays.iter().sum::<f64>() / 10.0;
        assert!(
            (mean - metrics.notice_delay.as_secs_f64()).abs() < 1e-6,
            "{mean}, {:?}",
            metrics.notice_delay
        );
        let durations = published.values(&series("lro_wait_duration_seconds", &[("outcome", "succeeded")]));
        assert_eq!(durations.len(), 10);
        assert!(durations.iter().all(|duration| (95.0..120.0).contains(duration)), "{durations:?}");

        let late = published.values(&format!("lro_fleet_lateness_seconds{SERVICE}"));
        assert_eq!(late.len() as u64, metrics.late.count());
        assert!((late.iter().sum::<f64>() - metrics.late.sum().as_secs_f64()).abs() < 1e-6);

        // The gauges follow within a second.
        sleep(secs(2)).await;
        assert_eq!(gauge("lro_pending_operations"), 0.0);
        assert_eq!(gauge("lro_fleet_in_flight_calls"), 0.0);
        assert_eq!(gauge("lro_fleet_due_calls"), 0.0);
        drop(fleet);
        sleep(millis(1)).await;
        assert_eq!(gauge("lro_fleet_quota_keys"), 0.0);
        assert!(published.series().iter().all(|series| !series.contains("operations/")));
    });
}

#[test]
fn keys_that_are_shut_or_limited_show_in_gauges() {
    alone(async {
        let published = Published::default();
        let _installed = metrics::set_default_local_recorder(&published);
        let down = transport_fn(|_| async {
            sleep(millis(20)).await;
            Err(Status::unavailable("down"))
        });
        let fleet = by_first_segment(down).start();
        for number in 0..100 {
            fleet.register(format!("down/operations/{number}").parse().unwrap()).unwrap();
        }
        sleep(secs(30)).await;
        let gauge = |name: &str| published.value(&format!("{name}{{service=\"\"}}"));
        assert_eq!((gauge("lro_fleet_shut_keys"), gauge("lro_fleet_quota_keys")), (1.0, 1.0));
        assert!(gauge("lro_fleet_due_calls") > 90.0);
        assert_eq!((gauge("lro_fleet_limited_keys"), gauge("lro_fleet_found_calls_per_second")), (0.0, 0.0));
    });
}

#[test]
fn lists_are_counted_apart_from_polls() {
    alone(async {
        let published = Published::default();
        let _installed = metrics::set_default_local_recorder(&published);
        let server = Server::new(millis(20)).lists(1_000);
        let names = server.has_many(500, |_| secs(60));
        let fleet = Fleet::builder(server.clone()).rate(lro_fleet::Rate::per_second(10)).seed(1).start();
        let watches: Vec<_> = names.into_iter().map(|name| fleet.watch::<Value>(name)).collect();
        assert!(join_all(watches).await.iter().all(Result::is_ok));
        let lists = published.value(r#"lro_fleet_lists_total{code="OK",service="jobs.example.com"}"#);
        assert_eq!(lists as usize, server.list_calls().len());
        assert!(lists >= 1.0);
        let polls = published.value(&series_of("jobs.example.com", "lro_polls_total", &[("code", "OK")]));
        assert_eq!(polls as usize, server.calls().len());
    });
}

#[test]
fn a_recorder_that_is_installed_late_receives_the_rest() {
    alone(async {
        let server = Server::new(millis(20));
        let name = server.has("operations/1", secs(100));
        let fleet = start(server.clone());
        let watch = fleet.watch::<Value>(name);
        sleep(secs(45)).await;
        let before = server.calls().len();

        let published = Published::default();
        let _installed = metrics::set_default_local_recorder(&published);
        watch.await.unwrap();
        let polls = published.value(&series("lro_polls_total", &[("code", "OK")]));
        assert_eq!(polls as usize, server.calls().len() - before);
        assert!(published.values(&format!("lro_pending_operations{SERVICE}")).len() > 1);
    });
}

/// A recorder that needs the lock of the fleet would wait for ever if it were called with the lock held.
#[test]
fn a_recorder_may_call_the_fleet_and_may_panic() {
    alone(async {
        let server = Server::new(millis(20));
        let names = server.has_many(20, |_| secs(30));
        let fleet = start(server.clone());
        let curious = Curious(fleet.clone());
        let _installed = metrics::set_default_local_recorder(&curious);
        names.into_iter().for_each(|name| fleet.register(name).unwrap());
        fleet.drain();
        let ended: Vec<_> = fleet.completions().collect().await;
        assert_eq!(ended.iter().filter(|completion| completion.outcome().is_ok()).count(), 20);
    });
}

fn start(server: Server) -> Fleet {
    builder(server).start()
}

fn builder(server: Server) -> FleetBuilder {
    Fleet::builder(server).kind(|_| "jobs/print".to_owned()).pacing(Pacing::fixed(secs(10))).seed(1)
}

fn by_first_segment(transport: impl LroTransport + 'static) -> FleetBuilder {
    Fleet::builder(transport)
        .quota_key(|name: &OperationName| name.segments().next().unwrap_or_default().to_owned())
        .pacing(Pacing::fixed(Duration::from_secs(1)))
        .seed(1)
}

fn series(name: &str, labels: &[(&str, &str)]) -> String {
    series_of("jobs/print", name, labels)
}

fn series_of(kind: &str, name: &str, labels: &[(&str, &str)]) -> String {
    let own = [("kind", kind), ("service", "jobs.example.com")];
    let mut labels: Vec<_> =
        labels.iter().chain(&own).map(|(label, value)| format!("{label}={value:?}")).collect();
    labels.sort();
    format!("{name}{{{}}}", labels.join(","))
}

/// Asks the fleet about itself, then panics.
struct Curious(Fleet);

impl Curious {
    fn act(&self) -> ! {
        let metrics = self.0.metrics();
        panic!("{} keys, {metrics}", self.0.quota_keys().len())
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
