//! Refusals at random cost what is refused and little more. Refusals by a quota are few.

use lro_testkit::trouble::{Scenario, case};

use crate::trouble::runs;

fn holds_its_rate(name: &str, share: f64) {
    let scenario = Scenario { until: 120.0, ..case(name) };
    let possible = (1.0 - scenario.chance) * 1_000.0 * scenario.until;
    for figures in runs(&scenario) {
        let useful = figures.good as f64 / possible;
        assert!(useful >= share, "{:.1} % of what the refusals leave: {figures:?}", 100.0 * useful);
        // Three seconds for all of them, and the first line's turn of the one that is due longest.
        assert!(figures.longest_wait < 12.0, "{figures:?}");
    }
}

#[test]
fn two_of_a_thousand_refused_cost_no_more() {
    holds_its_rate("f04 0.2%", 0.98);
}

#[test]
fn one_in_a_hundred_refused_costs_no_more() {
    holds_its_rate("f04 1.0%", 0.98);
}

#[test]
fn one_in_twenty_refused_costs_little_more() {
    holds_its_rate("f04 5.0%", 0.95);
}

#[test]
fn one_in_five_refused_costs_little_more() {
    holds_its_rate("f04 20.0%", 0.90);
}

#[test]
fn a_token_bucket_is_used_and_few_calls_are_refused() {
    let scenario = Scenario { until: 60.0, ..case("f06") };
    for figures in runs(&scenario) {
        let good = figures.good_when_warm as f64 / (scenario.until - scenario.warm);
        assert!(good >= 475.0, "{good:.0} good calls a second: {figures:?}");
        assert!(figures.refused_share_when_warm() <= 0.05, "{figures:?}");
        assert!(figures.all_answered.is_some_and(|all| all < 20.0), "{figures:?}");
    }
}
