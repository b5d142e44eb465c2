//! A wait is stopped by name, and its handle is returned.

use std::time::Duration;

use futures::{FutureExt, StreamExt};
use lro::{Code, Operation, Service, pacing::Pacing};
use lro_fleet::{Fleet, Registration};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::api::jobs::{Jobs, assert_stopped, done, millis, name, response, secs};

const SERVICE: Service = Service::new("jobs.example.com", "v1");

#[tokio::test(start_paused = true)]
async fn its_watches_end_and_it_has_no_completion() {
    let jobs = Jobs::done_at(secs(1_000)).shared();
    let fleet = Fleet::builder(jobs.clone()).start();
    let mut streams = fleet.watch::<Value>(name(1));
    let awaits = tokio::spawn(fleet.watch::<Value>(name(1)).into_stream().collect::<Vec<_>>());
    fleet.register_with(Registration::new(name(1)).kind("ignored")).unwrap();
    sleep(secs(5)).await;
    let handle = fleet.forget(&name(1)).unwrap();
    assert_eq!(handle.name_for(&SERVICE).unwrap(), name(1));
    let snapshots = timeout(millis(1), awaits).await.unwrap().unwrap();
    assert_stopped(snapshots.into_iter().next_back().unwrap());
    let status = assert_stopped(timeout(millis(1), streams.outcome()).await.unwrap());
    let report = status.report().unwrap();
    assert_eq!(report.name, Some(name(1)));
    assert!(report.polls > 3 && report.elapsed == secs(5), "{report:?}");
    assert!(fleet.completions().next().now_or_never().is_none());
    assert_eq!(fleet.metrics().pending, 0);
    let calls = jobs.all().len();
    sleep(secs(100)).await;
    assert_eq!(jobs.all().len(), calls);
}

#[tokio::test(start_paused = true)]
async fn what_the_fleet_does_not_wait_for_has_no_handle() {
    let fleet = Fleet::builder(Jobs::done_at(secs(1))).start();
    assert!(fleet.forget(&name(1)).is_none());
    fleet.register(name(1)).unwrap();
    sleep(secs(5)).await;
    assert!(fleet.forget(&name(1)).is_none(), "it is done");
    assert!(fleet.completions().next().now_or_never().unwrap().unwrap().outcome().is_ok());
    assert!(fleet.forget(&name(1)).is_none());
    fleet.register(name(2)).unwrap();
    assert!(fleet.forget(&name(2)).is_some());
    assert!(fleet.forget(&name(2)).is_none());
}

/// The reply of the call changes nothing, nor the wait of another operation.
#[tokio::test(start_paused = true)]
async fn a_call_in_flight_does_not_matter() {
    for keeps_watch in [true, false] {
        let jobs = Jobs::new(|name, _| Ok(done(name))).round_trip(secs(10)).shared();
        let fleet = Fleet::builder(jobs.clone()).start();
        let watch = fleet.watch::<Value>(name(1));
        sleep(secs(1)).await;
        assert_eq!(fleet.metrics().in_flight, 1);
        if !keeps_watch {
            fleet.register(name(1)).unwrap();
        }
        let watch = keeps_watch.then_some(watch);
        assert!(fleet.forget(&name(1)).is_some());
        // The name and its number are used again while the call is in flight.
        let again = fleet.watch::<Value>(name(1));
        let others: Vec<_> = (2..5).map(|number| fleet.watch::<Value>(name(number))).collect();
        if let Some(watch) = watch {
            assert_stopped(timeout(millis(1), watch).await.unwrap());
        }
        let began = jobs.now();
        assert_eq!(again.await.unwrap(), response("operations/1"));
        assert_eq!(jobs.now() - began, secs(10), "a call of its own");
        for (number, other) in (2..5).zip(others) {
            assert_eq!(other.await.unwrap(), response(&format!("operations/{number}")));
        }
        assert_eq!(jobs.gets(&name(1)).len(), 2);
        assert!(fleet.completions().next().now_or_never().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_is_used_again_at_once() {
    let jobs = Jobs::done_at(secs(50)).shared();
    let fleet = Fleet::builder(jobs.clone()).pacing(Pacing::fixed(secs(1))).max_in_flight(1).start();
    for turn in 0..200 {
        fleet.register(name(turn)).unwrap();
        if turn % 3 == 0 {
            sleep(millis(7)).await;
        }
        assert!(fleet.forget(&name(turn)).is_some(), "{turn}");
        assert_eq!(fleet.metrics().pending, 0);
    }
    let last = fleet.watch::<Value>(name(1_000));
    assert_eq!(timeout(secs(60), last).await.unwrap().unwrap(), response("operations/1000"));
    assert_eq!((fleet.metrics().pending, fleet.metrics().in_flight, fleet.metrics().due), (0, 0, 0));
}

/// Room that a forgotten operation had is used by what is held back.
#[tokio::test(start_paused = true)]
async fn its_room_among_the_completions_is_free_at_once() {
    let jobs = Jobs::new(|name, now| {
        Ok(if name == "operations/1" && now < secs(100) { Operation::running(name) } else { done(name) })
    });
    let jobs = jobs.round_trip(secs(20)).shared();
    let fleet = Fleet::builder(jobs.clone()).most_completions(1).start();
    fleet.register(name(1)).unwrap();
    fleet.register(name(2)).unwrap();
    sleep(secs(5)).await;
    assert!(jobs.gets(&name(2)).is_empty());
    fleet.forget(&name(1)).unwrap();
    sleep(secs(1)).await;
    assert_eq!(jobs.gets(&name(2)), [secs(5)]);
}

#[tokio::test(start_paused = true)]
async fn what_was_forgotten_while_paused_stays_so() {
    let jobs = Jobs::done_at(secs(1)).shared();
    let fleet = Fleet::builder(jobs.clone()).start();
    fleet.pause();
    let watch = fleet.watch::<Value>(name(1));
    sleep(secs(1)).await;
    assert!(fleet.forget(&name(1)).is_some());
    assert_stopped(timeout(millis(1), watch).await.unwrap());
    fleet.unpause();
    sleep(secs(10)).await;
    assert!(jobs.all().is_empty());
}

/// `get` makes no call, and knows an operation from its registration on.
#[tokio::test(start_paused = true)]
async fn the_last_snapshot_is_had_without_a_call() {
    let jobs = Jobs::new(|name, now| {
        let metadata = lro::Any::from_value(&json!({"at": now.as_secs()})).unwrap();
        let operation = if now < secs(20) { Operation::running(name) } else { done(name) };
        Ok(operation.with_metadata(metadata))
    });
    let jobs = jobs.shared();
    let fleet = Fleet::builder(jobs.clone()).pacing(Pacing::fixed(secs(5))).tick(Duration::ZERO).start();
    assert!(fleet.get::<Value>(&name(1)).is_none());
    fleet.register(name(1)).unwrap();
    let snapshot = fleet.get::<Value>(&name(1)).unwrap();
    assert_eq!((snapshot.polls(), snapshot.metadata(), snapshot.is_done()), (0, None, false));
    sleep(secs(7)).await;
    let calls = jobs.all().len();
    let snapshot = fleet.get::<Value>(&name(1)).unwrap();
    assert_eq!((snapshot.polls(), snapshot.metadata()), (2, Some(json!({"at": 5}))));
    assert_eq!(snapshot.elapsed(), secs(7));
    assert_eq!(snapshot.next_poll(), Some(secs(3) + millis(40)));
    assert_eq!(jobs.all().len(), calls);
    sleep(secs(60)).await;
    let snapshot = fleet.get::<Value>(&name(1)).unwrap();
    assert!(snapshot.is_done() && snapshot.next_poll().is_none());
    assert!(fleet.completions().next().await.unwrap().outcome().is_ok());
    assert!(fleet.get::<Value>(&name(1)).is_none(), "taken");
}

/// A watch of a name whose last wait failed begins anew, and the old watches keep the old end.
#[tokio::test(start_paused = true)]
async fn a_watch_after_a_failed_wait_begins_anew() {
    let jobs = Jobs::new(|name, now| match now {
        now if now < secs(10) => Err(lro::Status::new(Code::PermissionDenied, "not yet")),
        _ => Ok(done(name)),
    });
    let jobs = jobs.shared();
    let fleet = Fleet::builder(jobs.clone()).start();
    let mut old = fleet.watch::<Value>(name(1));
    let mut older = fleet.watch::<Value>(name(1));
    fleet.register(name(1)).unwrap();
    assert_eq!(old.outcome().await.unwrap_err().code(), Code::PermissionDenied);
    sleep(secs(12)).await;
    let mut new = fleet.watch::<Value>(name(1));
    assert!(new.outcome().now_or_never().is_none());
    assert_eq!(new.outcome().await.unwrap(), response("operations/1"));
    let joined = fleet.watch::<Value>(name(1));
    assert!(joined.now_or_never().unwrap().is_ok(), "it joins the wait that succeeded");
    for watch in [&mut old, &mut older] {
        assert_eq!(watch.outcome().await.unwrap_err().code(), Code::PermissionDenied);
        assert_eq!(watch.next().await.unwrap().unwrap_err().code(), Code::PermissionDenied);
        assert!(watch.next().await.is_none());
    }
    let completion = fleet.completions().next().now_or_never().unwrap().unwrap();
    assert_eq!(completion.outcome().unwrap_err().code(), Code::PermissionDenied);
    drop((old, older));
    assert!(new.outcome().await.is_ok());
}
