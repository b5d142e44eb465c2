//! The completions end after the last outcome, and nothing more is accepted.

use std::collections::HashSet;

use futures::{FutureExt, StreamExt};
use lro::{Code, Operation, Origin};
use lro_fleet::{Fleet, Registration};
use lro_testkit::{
    seeds::{seeds, simulate},
    trouble::{Done, Scenario, Server},
};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::api::jobs::{Jobs, done, millis, name, secs};

#[test]
fn completions_end_after_the_last_outcome() {
    let scenario = Scenario { operations: 100, done: Done::Between(1.0, 50.0), ..Scenario::DEFAULT };
    for most in [1, 3, 1_024] {
        for drains_first in [true, false] {
            for seed in seeds(1..4) {
                let names = simulate(
                    seed,
                    || format!("{scenario:?}"),
                    async || {
                        let server = Server::new(&scenario, seed);
                        let fleet = Fleet::builder(server.clone()).most_completions(most).seed(seed).start();
                        let before = fleet.completions();
                        server.names().for_each(|name| fleet.register(name).unwrap());
                        let completions = if drains_first {
                            fleet.drain();
                            drop(before);
                            fleet.completions()
                        } else {
                            sleep(secs(20)).await;
                            fleet.drain();
                            before
                        };
                        let taken = completions.map(|completion| completion.name().clone());
                        timeout(secs(200), taken.collect::<Vec<_>>()).await.unwrap()
                    },
                );
                assert_eq!(names.len(), 100, "{most} {drains_first}");
                assert_eq!(names.into_iter().collect::<HashSet<_>>().len(), 100);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fleet_without_registrations_is_drained_at_once() {
    let jobs = Jobs::done_at(secs(1_000)).shared();
    let fleet = Fleet::builder(jobs).start();
    let mut waiting = fleet.completions();
    assert!(waiting.next().now_or_never().is_none());
    let task = tokio::spawn(async move { waiting.next().await.is_none() });
    sleep(secs(1)).await;
    fleet.drain();
    assert!(timeout(millis(1), task).await.unwrap().unwrap(), "a stream that waited is woken");
    assert!(fleet.completions().next().now_or_never().unwrap().is_none());
    assert!(fleet.completions().next().now_or_never().unwrap().is_none(), "and each one after it");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_accepted_after_it() {
    let jobs = Jobs::done_at(secs(10)).shared();
    let fleet = Fleet::builder(jobs.clone()).start();
    fleet.register(name(1)).unwrap();
    fleet.drain();
    fleet.drain();
    let service = lro::Service::new("jobs.example.com", "v1");
    let refused = [
        fleet.register(name(2)),
        fleet.register(name(1)),
        fleet.register_with(Registration::new(name(2))),
        fleet.register_handles(&[lro::Handle::new(&service, name(2))]),
        fleet.watch::<Value>(name(2)).await.map(drop),
        fleet.started::<Value>(Operation::running("operations/2")).unwrap().await.map(drop),
        fleet.started::<Value>(done("operations/2")).unwrap().await.map(drop),
    ];
    for refused in refused {
        let status = refused.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::FailedPrecondition, Origin::StoppedAsking));
        assert!(status.to_string().contains("drained"), "{status}");
    }
    let completions: Vec<_> = timeout(secs(60), fleet.completions().collect()).await.unwrap();
    assert_eq!(completions.len(), 1);
    assert!(jobs.gets(&name(2)).is_empty());
    assert_eq!(fleet.metrics().pending, 0);
}

/// The completions end although a watch goes on, and the watch has its outcome.
#[tokio::test(start_paused = true)]
async fn watches_go_on_and_hold_nothing_back() {
    let jobs = Jobs::new(|name, now| {
        let at = if name == "operations/1" { secs(5) } else { secs(500) };
        Ok(if now < at { Operation::running(name) } else { done(name) })
    });
    let fleet = Fleet::builder(jobs).start();
    let watch = fleet.watch::<Value>(name(2));
    fleet.register(name(1)).unwrap();
    let both = fleet.watch::<Value>(name(1));
    fleet.drain();
    let joined = fleet.watch::<Value>(name(2));
    let completions: Vec<_> = timeout(secs(20), fleet.completions().collect()).await.unwrap();
    assert_eq!(completions[0].name(), &name(1));
    assert!(both.now_or_never().unwrap().is_ok());
    assert!(timeout(secs(700), watch).await.unwrap().is_ok());
    drop(joined);
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_when_what_is_left_is_forgotten() {
    for with_watch in [false, true] {
        let fleet = Fleet::builder(Jobs::done_at(secs(1_000))).start();
        fleet.register(name(1)).unwrap();
        let watch = with_watch.then(|| fleet.watch::<Value>(name(1)));
        fleet.drain();
        let mut completions = fleet.completions();
        let ended = tokio::spawn(async move { completions.next().await.is_none() });
        sleep(secs(10)).await;
        assert!(!ended.is_finished());
        assert!(fleet.forget(&name(1)).is_some());
        assert!(timeout(secs(1), ended).await.unwrap().unwrap());
        drop(watch);
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_with_operations_that_failed_or_passed_their_deadline() {
    let jobs = Jobs::new(|name, _| match name {
        "operations/1" => Err(lro::Status::new(Code::PermissionDenied, "no")),
        _ => Ok(Operation::running(name)),
    });
    let fleet = Fleet::builder(jobs).most_completions(1).start();
    fleet.register(name(1)).unwrap();
    fleet.register_with(Registration::new(name(2)).deadline(secs(9))).unwrap();
    fleet.register_with(Registration::new(name(3)).deadline(secs(9))).unwrap();
    fleet.drain();
    let completions: Vec<_> = timeout(secs(30), fleet.completions().collect()).await.unwrap();
    assert_eq!(completions.len(), 3);
    assert!(completions.iter().all(|completion| completion.outcome().is_err()));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_during_a_drain_hands_back_what_is_left() {
    let fleet = Fleet::builder(Jobs::done_at(secs(1_000))).start();
    fleet.register(name(1)).unwrap();
    fleet.drain();
    let mut completions = fleet.completions();
    let ended = tokio::spawn(async move { completions.next().await.is_none() });
    sleep(secs(3)).await;
    assert_eq!(fleet.shutdown().await.len(), 1);
    assert!(timeout(secs(1), ended).await.unwrap().unwrap());
}
