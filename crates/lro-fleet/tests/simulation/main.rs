//! A real fleet on a paused clock, against a server that gives trouble by a seed, judged by a model.
//!
//! `LRO_SEEDS=0..100000 cargo test --release -p lro-fleet --test simulation -- --nocapture` runs more of them and prints
//! what they cost; `LRO_SEEDS=17 cargo test -p lro-fleet --test simulation` replays one.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{
    env,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle},
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
    let (mut calls, count) = (0, seeds.end - seeds.start);
    for seed in seeds {
        calls += simulate(seed);
    }
    println!("{count} fleets, {calls} calls, {:.1?}", began.elapsed());
}

/// Runs one seed, and names it if it fails. Returns the number of calls.
fn simulate(seed: u64) -> u64 {
    let scenario = Arc::new(Scenario::draw(seed));
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let log = runtime.block_on(async { Log::new() });
    let simulated = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let ran = timeout(LONGEST, run::run(&scenario, &log)).await.expect("all waits end");
            let calls = judge(&scenario, &ran);
            sleep(Duration::from_millis(1)).await;
            assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "the task of a fleet outlives it");
            calls
        })
    }));
    simulated.unwrap_or_else(|panic| {
        eprintln!("seed {seed} failed; LRO_SEEDS={seed} replays it: {scenario:?}");
        log.events().iter().rev().take(100).rev().for_each(|event| eprintln!("{event:?}"));
        std::panic::resume_unwind(panic)
    })
}

/// Those of the environment, else the usual ones.
fn seeds(usual: Range<u64>) -> Range<u64> {
    let Ok(wanted) = env::var("LRO_SEEDS") else {
        return usual;
    };
    let (first, end) = wanted.split_once("..").unwrap_or((&wanted, ""));
    let first = first.parse().expect("LRO_SEEDS is a number or two numbers with .. between");
    first..end.parse().unwrap_or(first + 1)
}

/// More than any scenario takes.
const LONGEST: Duration = Duration::from_secs(20_000);
