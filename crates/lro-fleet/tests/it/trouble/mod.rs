//! What a fleet gets from a server in trouble: broken operations, refusals at random, quotas, outages, lists. Each case runs
//! with several seeds on a paused clock.
#![allow(clippy::unwrap_used, reason = "tests")]

mod broken;
mod debug;
mod fairness;
mod held;
mod lists;
mod outage;
mod throttled;

use lro_testkit::{
    seeds::seeds,
    trouble::{Figures, Scenario, run},
};

/// Runs a scenario with several seeds. Asserts that no run exceeds the rate.
fn runs(scenario: &Scenario) -> Vec<Figures> {
    let runs: Vec<Figures> = seeds(1..4).map(|seed| run(scenario, seed)).collect();
    for figures in &runs {
        assert_eq!(figures.over_rate, 0, "calls over the rate: {figures:?}");
    }
    runs
}
