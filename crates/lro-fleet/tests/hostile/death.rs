//! The task of a fleet ends before its waits: all handles are returned, and all waits end. SPEC 61

use std::{
    thread,
    time::{Duration, Instant},
};

use futures::{FutureExt, StreamExt, executor::block_on};
use lro::{LroTransport, Operation, OperationName, Origin, transport_fn};
use lro_fleet::{Completions, Fleet, FleetBuilder, Rate, Registration, Watch};
use serde_json::Value;
use tokio::{
    runtime::{Builder, Runtime},
    time::sleep,
};

use crate::{
    name,
    nasty::{Kinds, Nasty, Point},
    secs,
};

const ALL: usize = 50;

/// Operations that never end. A call takes a second, or for ever.
fn jobs(answers: bool) -> impl LroTransport + 'static {
    transport_fn(move |name: OperationName| async move {
        if !answers {
            std::future::pending::<()>().await;
        }
        sleep(Duration::from_millis(2)).await;
        Ok(Operation::running(name.as_str()))
    })
}

struct Waits {
    fleet: Fleet,
    watches: Vec<Watch<Value>>,
    completions: Completions,
}

impl Waits {
    fn begin(builder: FleetBuilder) -> Self {
        let fleet = builder.start();
        let completions = fleet.completions();
        for number in 0..ALL {
            fleet.register_with(Registration::new(name(number)).tag("t")).unwrap();
        }
        let watches = (ALL / 2..2 * ALL).map(|number| fleet.watch(name(number))).collect();
        Self { fleet, watches, completions }
    }

    /// Asserts that nothing waits any more, and that nothing is lost.
    fn all_end(self, when: &str) {
        let Self { fleet, watches, mut completions } = self;
        for watch in watches {
            let status = watch.now_or_never().unwrap_or_else(|| panic!("{when}: a watch waits")).unwrap_err();
            assert_eq!(status.origin(), Origin::StoppedAsking, "{when}: {status}");
            assert!(status.report().is_some_and(|report| report.name.is_some()), "{when}");
        }
        assert!(completions.next().now_or_never().unwrap().is_none(), "{when}");
        assert!(fleet.completions().next().now_or_never().unwrap().is_none(), "{when}");
        let handles = fleet.shutdown().now_or_never().unwrap_or_else(|| panic!("{when}: shutdown waits"));
        assert_eq!(handles.len(), 2 * ALL, "{when}");
        assert!(fleet.register(name(1)).is_err(), "{when}");
        let late = fleet.watch::<Value>(name(1_000)).now_or_never();
        assert!(late.unwrap_or_else(|| panic!("{when}: a late watch waits")).is_err());
        assert!(fleet.forget(&name(1)).is_none() && fleet.pending().is_empty(), "{when}");
        assert_eq!(fleet.metrics().pending, 0, "{when}");
        fleet.drain();
        fleet.pause();
        fleet.unpause();
        assert!(fleet.shutdown().now_or_never().unwrap().is_empty(), "{when}: handles are returned once");
    }
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

#[test]
fn its_runtime_is_dropped() {
    // Before the first poll of the task.
    let runtime = current_thread();
    let waits = {
        let _inside = runtime.enter();
        Waits::begin(Fleet::builder(jobs(true)))
    };
    drop(runtime);
    waits.all_end("before the first poll");

    for (when, builder) in [
        ("between calls", Fleet::builder(jobs(true))),
        ("during calls", Fleet::builder(jobs(false))),
        ("held back", Fleet::builder(jobs(false)).max_in_flight(1)),
        ("behind a rate", Fleet::builder(jobs(true)).rate(Rate::per_minute(1))),
        ("without room", Fleet::builder(jobs(true)).most_completions(1)),
    ] {
        let runtime = current_thread();
        let waits = runtime.block_on(async {
            let waits = Waits::begin(builder);
            sleep(Duration::from_millis(30)).await;
            waits
        });
        drop(runtime);
        waits.all_end(when);
    }

    let runtime = current_thread();
    let waits = runtime.block_on(async {
        let waits = Waits::begin(Fleet::builder(jobs(true)));
        sleep(Duration::from_millis(30)).await;
        waits.fleet.pause();
        sleep(Duration::from_millis(30)).await;
        waits
    });
    drop(runtime);
    waits.all_end("while paused");
}

/// What waits on another thread is woken.
#[test]
fn waits_on_another_thread_end() {
    for at_once in [true, false] {
        let runtime = current_thread();
        let fleet = {
            let _inside = runtime.enter();
            Fleet::builder(jobs(false)).start()
        };
        fleet.register(name(0)).unwrap();
        let watch = fleet.watch::<Value>(name(1));
        let mut completions = fleet.completions();
        let shutting = fleet.clone();
        let threads = [
            thread::spawn(move || assert!(block_on(watch).is_err())),
            thread::spawn(move || assert!(block_on(completions.next()).is_none())),
            thread::spawn(move || assert_eq!(block_on(shutting.shutdown()).len(), 2)),
        ];
        if !at_once {
            runtime.block_on(async { sleep(Duration::from_millis(50)).await });
        }
        thread::sleep(Duration::from_millis(50));
        runtime.shutdown_background();
        let began = Instant::now();
        while threads.iter().any(|thread| !thread.is_finished()) {
            assert!(began.elapsed() < secs(30), "a wait does not end");
            thread::sleep(Duration::from_millis(1));
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}

/// A shutdown from a thread of another runtime ends, and the calls in flight are answered first.
#[test]
fn a_shutdown_from_another_runtime() {
    let runtime = current_thread();
    let waits = {
        let _inside = runtime.enter();
        Waits::begin(Fleet::builder(jobs(true)))
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let driving = thread::spawn(move || runtime.block_on(stopped));
    let handles = current_thread().block_on(waits.fleet.shutdown());
    assert_eq!(handles.len(), 2 * ALL);
    assert!(waits.watches.into_iter().all(|watch| watch.now_or_never().unwrap().is_err()));
    assert!(waits.completions.map(drop).count().now_or_never().is_some_and(|count| count == 0));
    stop.send(()).unwrap();
    driving.join().unwrap().unwrap();
}

/// A destructor of the caller panics when the runtime drops the task.
#[test]
fn a_destructor_that_panics_when_the_task_ends_loses_nothing() {
    for is_compact in [true, false] {
        let runtime = current_thread();
        let waits = runtime.block_on(async {
            let points = &[Point::DropKinds, Point::DropPolicy, Point::DropSchedule, Point::DropRanking];
            let nasty = Nasty::panics(is_compact, points);
            let waits =
                Waits::begin(Fleet::builder(jobs(true)).pacing(Kinds(nasty)).kind(|_| "nasty".to_owned()));
            sleep(Duration::from_millis(30)).await;
            waits
        });
        drop(runtime);
        waits.all_end("with destructors that panic");
    }
}
