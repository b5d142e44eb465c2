//! What comes of the parts together: a simulated client of one quota key and simulated services, by a virtual clock.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod simulation;

use lro_control::{Rate, Reply};
use simulation::{Bucket, Simulation};

const REFUSED: Reply = Reply::Refused { hint: None };
const SEEDS: std::ops::Range<u64> = 0..3;

/// 300 operations that always fail are due before 1,500 that are done at the first call.
#[test]
fn broken_operations_in_front_do_not_delay_the_healthy() {
    for (case, reply) in [("f01", Reply::Failed), ("f02", REFUSED)] {
        for seed in SEEDS {
            let mut simulation = Simulation::new(seed, 1_800);
            simulation.rate = Some(Rate::per_second(1_000));
            simulation.ends_at = 0.0;
            let seen = simulation.run(10.0, |item, _, _| if item < 300 { reply } else { Reply::Good });
            assert!(seen.first_good(300..1_800) <= 1.0, "{case} {seed}: {}", seen.first_good(300..1_800));
            assert!(seen.all_good(300..1_800) <= 3.0, "{case} {seed}: {}", seen.all_good(300..1_800));
        }
    }
}

#[test]
fn without_a_rate_either() {
    for seed in SEEDS {
        for (case, healthy, within) in [("f03", 100, 1.0), ("f03, one", 1, 5.0)] {
            let mut simulation = Simulation::new(seed, 100 + healthy);
            simulation.rtt = 0.002;
            simulation.ends_at = 0.0;
            let seen =
                simulation.run(10.0, |item, _, _| if item < 100 { Reply::Failed } else { Reply::Good });
            let all = seen.all_good(100..100 + healthy);
            assert!(all <= within, "{case} {seed}: {all}");
        }
    }
}

#[test]
fn random_refusals_cost_no_more_than_they_refuse() {
    for (case, refused, useful) in
        [("f04", 0.002, 0.98), ("f04", 0.01, 0.98), ("f04", 0.05, 0.95), ("f04", 0.2, 0.9)]
    {
        for seed in SEEDS {
            let mut simulation = Simulation::new(seed, 3_000);
            simulation.rate = Some(Rate::per_second(1_000));
            let seen =
                simulation.run(40.0, |_, _, chance| if chance < refused { REFUSED } else { Reply::Good });
            let share = seen.good as f64 / (40_000.0 * (1.0 - refused));
            assert!(share >= useful, "{case} {refused} {seed}: {share}");
        }
    }
}

#[test]
fn a_few_operations_that_are_always_refused_cost_the_others_nothing() {
    for (case, seed) in SEEDS.map(|seed| ("f05", seed)) {
        let mut simulation = Simulation::new(seed, 3_000);
        simulation.rate = Some(Rate::per_second(1_000));
        let seen = simulation.run(60.0, |item, _, _| if item < 10 { REFUSED } else { Reply::Good });
        assert!(seen.good >= 58_800, "{case} {seed}: {}", seen.good);
    }
}

#[test]
fn a_quota_that_nobody_stated_is_found_and_used() {
    for (case, seed) in SEEDS.map(|seed| ("f06", seed)) {
        let simulation = Simulation::new(seed, 3_000);
        let mut bucket = Bucket::new(500.0, 50.0);
        let seen = simulation.run(60.0, |_, now, _| if bucket.gives(now) { Reply::Good } else { REFUSED });
        assert!(seen.good >= 475 * 60, "{case} {seed}: {}", seen.good);
        let late = seen.calls.iter().filter(|call| call.at >= 10.0);
        let refused = late.clone().filter(|call| !call.is_good).count() as f64 / late.count() as f64;
        assert!(refused <= 0.05, "{case} {seed}: {refused}");
    }
}

#[test]
fn an_outage_costs_few_calls_and_its_end_is_noticed() {
    for (case, seed) in [("f07", 1), ("f07", 2)] {
        let mut simulation = Simulation::new(seed, 100_000);
        simulation.rate = Some(Rate::per_second(4_000));
        simulation.pace = 30.0;
        simulation.ends_at = 40.0;
        let is_down = |now: f64| (30.0..90.0).contains(&now);
        let seen = simulation.run(150.0, |_, now, _| if is_down(now) { Reply::Failed } else { Reply::Good });
        let meanwhile = seen.calls.iter().filter(|call| is_down(call.at)).count();
        assert!(meanwhile <= 300, "{case} {seed}: {meanwhile}");
        assert_eq!(seen.ended, 100_000, "{case} {seed}");
        assert!(seen.last_end <= 90.0 + 1.3 * 25.0, "{case} {seed}: {}", seen.last_end);
    }
}

/// A crowd of a hundred is asked whole, and the probes are few nevertheless.
#[test]
fn an_outage_of_a_small_crowd_costs_few_calls_too() {
    for (case, seed) in SEEDS.map(|seed| ("f07, few", seed)) {
        for rate in [None, Some(Rate::per_second(100))] {
            let mut simulation = Simulation::new(seed, 100);
            simulation.rate = rate;
            let is_down = |now: f64| (30.0..90.0).contains(&now);
            let seen =
                simulation.run(110.0, |_, now, _| if is_down(now) { Reply::Failed } else { Reply::Good });
            let meanwhile = seen.calls.iter().filter(|call| is_down(call.at)).count();
            assert!(meanwhile <= 300, "{case} {seed}: {meanwhile}");
            let after =
                seen.calls.iter().filter(|call| (95.0..100.0).contains(&call.at) && call.is_good).count();
            assert!(after >= 450, "{case} {seed}: {after}");
        }
    }
}

/// Twenty pages of lists are always due, and one operation that is done after 5 s.
#[test]
fn pages_and_operations_have_equal_turns() {
    for (case, seed) in SEEDS.map(|seed| ("f08", seed)) {
        let mut simulation = Simulation::new(seed, 21);
        simulation.rate = Some(Rate::per_second(10));
        simulation.pace = 0.2;
        let seen = simulation.run(20.0, |_, _, _| Reply::Good);
        let noticed = seen.calls.iter().find(|call| call.item == 20 && call.at >= 5.0).map(|call| call.at);
        assert!(noticed.is_some_and(|at| at <= 10.0), "{case} {seed}: {noticed:?}");
    }
}

/// A tenth of the operations hang for 30 s, with few slots.
#[test]
fn operations_that_hang_do_not_hold_the_slots() {
    for seed in SEEDS {
        let mut simulation = Simulation::new(seed, 900);
        simulation.rate = Some(Rate::per_second(300));
        simulation.most = 32;
        let seen =
            simulation.run(60.0, |item, _, _| if item % 10 == 0 { Reply::TimedOut } else { Reply::Good });
        assert!(seen.good >= 60 * 300 * 3 / 4, "{seed}: {}", seen.good);
        assert!(seen.cut > 0);
    }
}

#[test]
fn the_rate_is_never_exceeded() {
    for seed in SEEDS {
        let mut simulation = Simulation::new(seed, 3_000);
        simulation.rate = Some(Rate::per_second(1_000));
        let seen = simulation.run(30.0, |_, now, chance| {
            if (10.0..15.0).contains(&now) || chance < 0.1 { Reply::Failed } else { Reply::Good }
        });
        let within = |span: f64| {
            let first = |at: f64| seen.calls.partition_point(|call| call.at <= at - span);
            seen.calls.iter().enumerate().map(|(last, call)| last + 1 - first(call.at)).max()
        };
        assert!(within(1.0 - 1e-6).is_some_and(|most| most <= 1_000));
        assert!(within(0.1 - 1e-6).is_some_and(|most| most <= 100));
    }
}
