//! Who listens to the events of a fleet may call it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::{
    fmt::{self, Write},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use common::{Server, millis, secs};
use futures::StreamExt;
use lro::{
    Capabilities, LroTransport, Operation, OperationName, Outcome, Pacing, Service, Status, async_trait,
    pacing::{PacingPolicy, Schedule},
    telemetry::{About, Observer},
};
use lro_fleet::{Fleet, Registration};
use lro_testkit::events::on_event;
use serde_json::Value;
use tokio::{runtime::Builder, time::sleep};
use tracing::{
    field::{Field, Visit},
    subscriber::DefaultGuard,
};

#[test]
fn a_subscriber_may_call_the_fleet() {
    let (told, done) = mpsc::channel();
    // A deadlock is not to stop the test.
    thread::spawn(move || {
        let (fleet, events) = (Arc::<OnceLock<Fleet>>::default(), Arc::<AtomicU32>::default());
        let (heard, called) = (Arc::clone(&events), Arc::clone(&fleet));
        let _guard = on_event(move |_| {
            heard.fetch_add(1, Ordering::Relaxed);
            let _ = called.get().map(Fleet::metrics);
        });
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let server = Server::new(millis(20));
            let name = server.has("operations/1", secs(200));
            let started = fleet.get_or_init(|| Fleet::builder(server).start());
            let outcome = started.watch::<Value>(name).await;
            // The polls, and the metrics once a minute.
            let expected = started.metrics().polls as u32 + 3;
            told.send((outcome.is_ok(), events.load(Ordering::Relaxed) >= expected)).unwrap();
        });
    });
    assert_eq!(done.recv_timeout(secs(60)), Ok((true, true)));
}

#[derive(Clone, Debug, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Observer for Notes {
    fn on_poll(&self, about: &About<'_>, pause: Option<Duration>) {
        self.0.lock().unwrap().push(format!("{} poll {} {}", about.operation, about.polls, pause.is_some()));
    }

    fn on_outcome(&self, about: &About<'_>, outcome: Result<&Outcome, &Status>) {
        let code = outcome.err().map(Status::code);
        self.0.lock().unwrap().push(format!("{} outcome {code:?} of {}", about.operation, about.service));
    }
}

// The events of a fleet are those of a wait.
#[tokio::test(start_paused = true)]
async fn an_observer_sees_the_polls_and_the_outcomes() {
    let server = Server::new(millis(20));
    let short = server.has("operations/1", secs(1));
    let long = server.has("operations/2", secs(3_600));
    let notes = Notes::default();
    let pacing = Pacing::fixed(secs(2));
    let fleet = Fleet::builder(server).pacing(pacing).deadline(secs(3)).observe(notes.clone()).start();
    let (short, long) = (fleet.watch::<Value>(short), fleet.watch::<Value>(long));
    assert!(short.await.is_ok() && long.await.is_err());
    let mut seen = notes.0.lock().unwrap().clone();
    seen.sort();
    assert_eq!(
        seen,
        [
            "operations/1 outcome None of jobs.example.com",
            "operations/1 poll 1 true",
            "operations/2 outcome Some(DeadlineExceeded) of jobs.example.com",
            "operations/2 poll 1 true",
            "operations/2 poll 2 true",
            "operations/2 poll 3 false",
        ]
    );
}

/// Keeps the events with a text as lines, until the guard is dropped.
fn lines_with(text: &'static str) -> (Arc<Mutex<Vec<String>>>, DefaultGuard) {
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let kept = Arc::clone(&lines);
    let guard = on_event(move |event| {
        let mut line = Line(String::new());
        event.record(&mut line);
        if line.0.contains(text) {
            kept.lock().unwrap().push(line.0);
        }
    });
    (lines, guard)
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

/// Refuses the first request to cancel.
#[derive(Debug)]
struct Cancels(Server, AtomicU32);

#[async_trait]
impl LroTransport for Cancels {
    async fn get_operation(&self, name: &OperationName) -> Result<Operation, Status> {
        self.0.get_operation(name).await
    }

    async fn cancel_operation(&self, _: &OperationName) -> Result<(), Status> {
        match self.1.fetch_add(1, Ordering::Relaxed) {
            0 => Err(Status::unavailable("busy")),
            _ => Ok(()),
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default().cancel(true)
    }

    fn service(&self) -> Service {
        self.0.service()
    }
}

#[tokio::test(start_paused = true)]
async fn each_request_to_cancel_is_an_event() {
    let server = Server::new(millis(20));
    let (ours, other) = (server.has("operations/1", secs(3_600)), "operations/2".parse().unwrap());
    let (lines, _guard) = lines_with("cancellation requested");
    let fleet = Fleet::builder(Cancels(server, AtomicU32::default())).start();
    let watch = fleet.watch_with::<Value>(Registration::new(ours.clone()).kind("printing"));
    sleep(millis(100)).await;
    fleet.cancel(&ours).await.unwrap();
    fleet.cancel(&other).await.unwrap();
    drop(watch);
    let mut lines = lines.lock().unwrap().clone().into_iter();
    let mut next = |parts: &[&str]| {
        let line = lines.next().unwrap_or_default();
        assert!(parts.iter().all(|part| line.contains(part)), "{parts:?}: {line}");
    };
    let of_ours = [
        r#"lro.operation="operations/1""#,
        r#"lro.service="jobs.example.com""#,
        r#"lro.kind="printing""#,
        "lro.polls=1",
    ];
    next(&[&of_ours[..], &["lro.accepted=false", "lro.error=UNAVAILABLE: busy"]].concat());
    next(&[&of_ours[..3], &["lro.accepted=true"]].concat());
    next(&[r#"lro.operation="operations/2""#, "lro.polls=0", "lro.accepted=true"]);
    assert!(lines.next().is_none());
}

#[tokio::test(start_paused = true)]
async fn settings_that_do_not_apply_are_an_event() {
    let (lines, _guard) = lines_with("settings do not apply");
    let fleet = Fleet::builder(Server::new(millis(20))).start();
    let own = |number: u32| Registration::new(format!("operations/{number}").parse().unwrap());
    let watches =
        [1, 2, 3, 4].map(|number| fleet.watch_with::<Value>(own(number).kind("a").deadline(secs(9))));
    // These apply, or are the same.
    fleet.register_with(own(1).tag("one")).unwrap();
    fleet.register_with(own(1)).unwrap();
    fleet.register_with(own(2).kind("a")).unwrap();
    drop(fleet.watch::<Value>("operations/2".parse().unwrap()));
    assert!(lines.lock().unwrap().is_empty());
    fleet.register_with(own(1).tag("later")).unwrap();
    fleet.register_with(own(2).kind("b")).unwrap();
    fleet.register_with(own(3).deadline(secs(1))).unwrap();
    drop(fleet.watch_with::<Value>(own(4).pacing(Pacing::default())));
    let lines = lines.lock().unwrap().clone();
    assert_eq!(lines.len(), 4, "{lines:?}");
    for (line, number) in lines.iter().zip(1..) {
        assert!(line.contains(&format!(r#"lro.operation="operations/{number}""#)), "{line}");
    }
    drop(watches);
}

// An observer that counts outcomes gets also those of waits that end without a call.
#[tokio::test(start_paused = true)]
async fn an_observer_sees_what_is_given_up_without_a_call() {
    #[derive(Debug)]
    struct Defective;
    impl PacingPolicy for Defective {
        fn schedule(&self) -> Box<dyn Schedule> {
            panic!("a defect of the pacing")
        }
    }

    let server = Server::new(millis(20));
    let (late, lost) = (server.has("operations/1", secs(3_600)), server.has("operations/2", secs(3_600)));
    let notes = Notes::default();
    let fleet = Fleet::builder(server).deadline(secs(3)).observe(notes.clone()).start();
    fleet.pause();
    let late = fleet.watch::<Value>(late);
    let defective = Registration::new(lost.clone()).pacing(Pacing::custom(Defective));
    fleet.register_with(defective).unwrap();
    let lost = fleet.watch::<Value>(lost);
    assert!(late.await.is_err() && lost.await.is_err());
    let mut seen = notes.0.lock().unwrap().clone();
    seen.sort();
    assert_eq!(
        seen,
        [
            "operations/1 outcome Some(DeadlineExceeded) of jobs.example.com",
            "operations/2 outcome Some(Internal) of jobs.example.com",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_fleet_that_stands_still_says_why() {
    let (lines, _guard) = lines_with("operations are not polled");
    let server = Server::new(millis(20));
    let names: Vec<_> = (0..5).map(|number| server.has(&format!("operations/{number}"), secs(0))).collect();
    let fleet = Fleet::builder(server).most_completions(2).start();
    for name in names {
        fleet.register(name).unwrap();
    }
    sleep(secs(125)).await;
    assert_eq!(fleet.metrics().held, 3);
    assert_eq!(lines.lock().unwrap().len(), 2, "{lines:?}");
    let mut completions = fleet.completions();
    for _ in 0..5 {
        assert!(completions.next().await.unwrap().decode::<Value>().is_ok());
    }
    sleep(secs(125)).await;
    assert_eq!((fleet.metrics().held, lines.lock().unwrap().len()), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_fleet_that_is_dropped_with_registered_operations_says_so() {
    let (lines, _guard) = lines_with("a fleet was dropped");
    let fleet = || Fleet::builder(Server::new(millis(20))).start();
    let register = |fleet: &Fleet| fleet.register("operations/1".parse().unwrap()).unwrap();
    // Nobody takes the outcome, or the caller has the handles.
    let lost = fleet();
    register(&lost);
    drop(lost);
    assert_eq!(lines.lock().unwrap().len(), 1);
    let stopped = fleet();
    register(&stopped);
    assert_eq!(stopped.shutdown().await.len(), 1);
    drop(stopped);
    drop(fleet());
    assert_eq!(lines.lock().unwrap().len(), 1);
}

// What is given up is not held back any more.
#[tokio::test(start_paused = true)]
async fn a_fleet_counts_only_what_waits_for_room() {
    let (lines, _guard) = lines_with("operations are not polled");
    let server = Server::new(millis(20));
    let names: Vec<_> = (0..5).map(|number| server.has(&format!("operations/{number}"), secs(0))).collect();
    let fleet = Fleet::builder(server).most_completions(2).deadline(secs(3)).start();
    for name in names {
        fleet.register(name).unwrap();
    }
    sleep(secs(1)).await;
    assert_eq!((fleet.metrics().held, fleet.metrics().due), (3, 3));
    sleep(secs(125)).await;
    assert_eq!((fleet.metrics().held, fleet.metrics().due, fleet.metrics().pending), (0, 0, 0));
    assert!(lines.lock().unwrap().is_empty());
}
