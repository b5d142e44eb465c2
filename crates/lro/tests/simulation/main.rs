//! The real poller on a paused clock, against a server that gives trouble by a seed, judged by a model.
//!
//! `LRO_SEEDS=0..100000 cargo test --release -p lro --test simulation -- --nocapture judged` runs more of them on one
//! core and prints what they cost; `LRO_SEEDS=17 cargo test -p lro --test simulation` replays one.

#![allow(clippy::unwrap_used, reason = "a helper panics where its test would")]

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use lro::{Code, Origin, Status};
use lro_testkit::{
    replies::assert_true,
    seeds::{seeds, simulate},
};
use serde_json::Value;

mod model;
mod scenario;
mod server;

use model::{End, Expected, Model, TICK};
use scenario::Scenario;
use server::{Call, Server};

type Outcome = Result<Value, Status>;

/// SPEC 2, 7, 9, 20, 21, 26-36
#[test]
fn every_wait_ends_as_the_model_says() {
    let seeds = seeds(0..4_000);
    let began = std::time::Instant::now();
    let (mut calls, count) = (0, seeds.end - seeds.start);
    let mut early = None;
    for (done, seed) in (1..).zip(seeds) {
        calls += simulated(seed, async || {
            let scenario = Scenario::draw(seed);
            let server = Server::new(&scenario);
            let outcome = scenario.outcome(&mut scenario.wait(&server)).await;
            judge(&scenario, &server, 0, Duration::ZERO, &outcome);
            server.calls().len()
        });
        if done == count / 10 {
            early = peak_memory();
        }
    }
    println!("{count} waits, {calls} calls, {:.1?}", began.elapsed());
    if let (Some(early), Some(late)) = (early, peak_memory()) {
        println!("memory: at most {early} kB after a tenth of them, {late} kB after all");
        assert!(late < early + 8_192, "it grows with the number of waits");
    }
}

/// SPEC 37: and what the first wait saw of the operation is no other than what the second sees.
#[test]
fn a_wait_that_is_dropped_anywhere_is_made_good_by_a_new_one() {
    for seed in seeds(0..250) {
        simulated(seed, async || {
            let scenario = if seed % 2 == 0 { Scenario::survivable(seed) } else { Scenario::draw(seed) };
            for drops_at in 1.. {
                let server = Server::new(&scenario);
                let mut first = scenario.wait(&server);
                if let Some(outcome) = polled(drops_at, scenario.outcome(&mut first)).await {
                    judge(&scenario, &server, 0, Duration::ZERO, &outcome);
                    break;
                }
                drop(first);
                let (calls, began) = (server.calls().len(), server.now());
                let outcome = scenario.outcome(&mut scenario.wait(&server)).await;
                judge(&scenario, &server, calls, began, &outcome);
                if seed % 2 == 0 && !scenario.is_cancelled {
                    assert_true(scenario.truth, &outcome);
                }
            }
        });
    }
}

/// SPEC 9, 37: the same wait goes on, and asks for nothing that it knows.
#[test]
fn a_step_that_is_dropped_anywhere_is_taken_again() {
    for seed in seeds(0..250) {
        simulated(seed, async || {
            let scenario = Scenario::survivable(seed);
            for drops_at in 1.. {
                let server = Server::new(&scenario);
                let mut wait = scenario.wait(&server);
                let ended = polled(drops_at, wait.outcome()).await;
                let mut last = false;
                while let Some(snapshot) = wait.next().await {
                    assert!(!last, "a snapshot after the last");
                    last = snapshot.unwrap().is_done();
                }
                assert!(last, "the last snapshot is told");
                let calls = server.calls().len();
                let outcome = wait.outcome().await;
                assert_true(scenario.truth, &outcome);
                assert_true(scenario.truth, &wait.await);
                assert_eq!(server.calls().len(), calls, "a call after the end");
                if ended.is_some() {
                    break;
                }
            }
        });
    }
}

#[test]
fn a_seed_replays() {
    for seed in seeds(0..200) {
        let [one, two] = [(); 2].map(|()| {
            simulated(seed, async || {
                let scenario = Scenario::draw(seed);
                let server = Server::new(&scenario);
                let outcome = scenario.outcome(&mut scenario.wait(&server)).await;
                format!("{outcome:?} {:?}", server.calls())
            })
        });
        assert_eq!(one, two, "seed {seed}");
    }
}

/// Holds the calls of a wait, those before it aside, and its outcome against the model.
fn judge(scenario: &Scenario, server: &Server, calls_before: usize, began: Duration, outcome: &Outcome) {
    let mut model = Model::new(scenario);
    let calls = &server.calls()[calls_before..];
    for (k, call) in calls.iter().enumerate() {
        let call = Call { at: call.at - began, ..call.clone() };
        match model.expected() {
            Expected::Call(verb, times) if times.contains(&call.at) && verb == call.verb => {}
            expected => panic!("call {k} is {:?} at {:?}, but expected {expected:?}", call.verb, call.at),
        }
        model.heed(&call);
    }
    let Expected::End(end, at) = model.expected() else {
        panic!("ended as {outcome:?}, but expected {:?} of it", model.expected());
    };
    let now = server.now() - began;
    assert!((at..=at + TICK).contains(&now), "ended at {now:?}, but expected {end:?} at {at:?}");
    match end {
        End::True(truth) => assert_true(truth, outcome),
        End::CallFailed(code) => assert_status(outcome, Origin::CallFailed, code),
        End::Malformed => assert_status(outcome, Origin::MalformedReply, Code::Internal),
        End::Stopped => assert_status(outcome, Origin::StoppedAsking, Code::DeadlineExceeded),
    }
    if let Err(status) = outcome {
        let report = status.report().unwrap();
        assert_eq!(report.name, Some(server::name()));
        assert_eq!(report.polls as usize, calls.len());
        assert!((at..=at + TICK).contains(&report.elapsed), "{:?} of {at:?}", report.elapsed);
        assert_eq!(status.may_be_running(), !matches!(end, End::True(_)), "{status}");
    }
}

fn assert_status(outcome: &Outcome, origin: Origin, code: Code) {
    let status = outcome.as_ref().expect_err("it must fail");
    assert_eq!((status.origin(), status.code()), (origin, code), "{status:?}");
}

/// Polls a future no more than so many times.
async fn polled<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 1 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Runs one seed, and prints its scenario if it fails.
fn simulated<T>(seed: u64, run: impl AsyncFnOnce() -> T) -> T {
    simulate(seed, || format!("{:#?}", Scenario::draw(seed)), run)
}

/// The most memory so far in kB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}
