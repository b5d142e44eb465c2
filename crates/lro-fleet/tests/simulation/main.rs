//! A real fleet on a paused clock, against a server that gives trouble by a seed, judged by a model.
//!
//! `LRO_SEEDS=0..100000 cargo test --release -p lro-fleet --test simulation -- --nocapture` runs more of them and prints
//! what they cost; `LRO_SEEDS=17 cargo test -p lro-fleet --test simulation` replays one.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{cell::OnceCell, sync::Arc, time::Duration};

use lro_testkit::seeds::{seeds, simulate};
use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};

mod judge;
mod log;
mod model;
mod run;
mod scenario;
mod server;

use judge::judge;
use log::Log;
use scenario::Scenario;

/// SPEC 2, 7, 9, 20, 21, 26-37
#[test]
fn every_fleet_does_as_the_model_says() {
    let seeds = seeds(0..2_000);
    let began = std::time::Instant::now();
    let (mut calls, mut ambiguous, count) = (0, 0, seeds.end - seeds.start);
    for seed in seeds {
        match simulated(seed) {
            Some(more) => calls += more,
            None => ambiguous += 1,
        }
    }
    println!("{count} fleets, {ambiguous} of them ambiguous, {calls} calls, {:.1?}", began.elapsed());
    assert!(ambiguous <= count / 5, "{ambiguous} of {count} were not judged to their end");
}

/// Runs one seed, and prints its last events if it fails. As [`judge`].
fn simulated(seed: u64) -> Option<u64> {
    let scenario = Arc::new(Scenario::draw(seed));
    let log = OnceCell::new();
    let report = || {
        let events = log.get().map(Log::events).unwrap_or_default();
        let last: Vec<String> =
            events.iter().rev().take(100).rev().map(|event| format!("{event:?}")).collect();
        format!("{scenario:?}\n{}", last.join("\n"))
    };
    simulate(seed, report, async || {
        let log = log.get_or_init(Log::new);
        let ran = timeout(LONGEST, run::run(&scenario, log)).await.expect("all waits end");
        let calls = judge(&scenario, &ran);
        sleep(Duration::from_millis(1)).await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "the task of a fleet outlives it");
        calls
    })
}

/// More than any scenario takes.
const LONGEST: Duration = Duration::from_secs(20_000);
