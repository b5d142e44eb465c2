//! Operations whose calls always fail do not delay the others.

use lro_testkit::trouble::{Broken, Failure, Place, Scenario, case};

use crate::trouble::runs;

#[test]
fn hundreds_of_broken_ones_do_not_stop_those_behind_them() {
    for name in ["f01", "f02"] {
        for figures in runs(&case(name)) {
            assert!(figures.first_good.is_some_and(|first| first < 1.0), "{name}: {figures:?}");
            assert!(figures.all_answered.is_some_and(|all| all < 3.0), "{name}: {figures:?}");
            assert_eq!(figures.delivered, 1_500, "{name}: {figures:?}");
        }
    }
}

#[test]
fn without_a_rate_those_behind_broken_ones_are_answered_at_once() {
    for (good, bound) in [(100, 1.0), (1, 5.0)] {
        let scenario = Scenario { operations: 100 + good, until: 30.0, ..case("f03") };
        for figures in runs(&scenario) {
            assert!(figures.all_answered.is_some_and(|all| all < bound), "{good}: {figures:?}");
        }
    }
}

#[test]
fn a_few_that_are_always_refused_cost_the_others_nothing() {
    let scenario = Scenario { until: 60.0, ..case("f05") };
    for figures in runs(&scenario) {
        assert!(figures.good as f64 >= 0.98 * 1_000.0 * scenario.until, "{figures:?}");
        assert!(figures.longest_wait < 12.0, "{figures:?}");
    }
}

/// Half of them are broken, in each way and at each place.
#[test]
fn all_healthy_ones_are_answered_among_as_many_broken_ones() {
    for failure in [Failure::Internal, Failure::Refused, Failure::Unavailable] {
        for place in [Place::First, Place::Last, Place::Shuffled] {
            let broken = Some(Broken { count: 500, failure, place });
            let rate = Some((1_000, 1));
            let scenario = Scenario { operations: 1_000, broken, rate, until: 12.0, ..Scenario::DEFAULT };
            for figures in runs(&scenario) {
                // Three turns of all at the rate, and five seconds.
                assert!(
                    figures.all_answered.is_some_and(|all| all < 8.0),
                    "{failure:?} {place:?}: {figures:?}"
                );
            }
        }
    }
}
