//! Whatever the trouble, each operation that is due is polled within a bound.

use lro_testkit::trouble::{Broken, Failure, Place, Quota, Scenario};

use crate::trouble::runs;

/// Three times as many polls are due as the rate allows.
const BUSY: Scenario = Scenario { operations: 300, rate: Some((100, 1)), until: 100.0, ..Scenario::DEFAULT };

#[test]
fn each_operation_that_is_due_is_polled_within_a_bound() {
    let broken = |count, failure, place| Some(Broken { count, failure, place });
    let rows = [
        ("no trouble", BUSY),
        ("refused at random", Scenario { chance: 0.05, ..BUSY }),
        ("often refused at random", Scenario { chance: 0.2, ..BUSY }),
        ("failed at random", Scenario { chance: 0.2, chance_failure: Failure::Internal, ..BUSY }),
        ("some broken", Scenario { broken: broken(30, Failure::Internal, Place::Shuffled), ..BUSY }),
        ("some refused", Scenario { broken: broken(30, Failure::Refused, Place::Shuffled), ..BUSY }),
        ("half broken", Scenario { broken: broken(150, Failure::Internal, Place::First), ..BUSY }),
        ("some hang", Scenario { broken: broken(10, Failure::Hangs, Place::First), ..BUSY }),
        ("a quota", Scenario { quota: Quota::Bucket { rate: 50.0, burst: 5.0 }, until: 150.0, ..BUSY }),
        ("lists", Scenario { operations: 301, collections: 60, ..BUSY }),
        ("unlike worth", Scenario { worth: true, ..BUSY }),
    ];
    for (trouble, scenario) in rows {
        let rate = if let Quota::Bucket { rate, .. } = scenario.quota { rate } else { 100.0 };
        // Every 16th call goes to the operation that is due longest.
        let bound = 16.0 * scenario.operations as f64 / rate;
        for figures in runs(&scenario) {
            assert!(figures.longest_wait <= bound, "{trouble}: more than {bound} s: {figures:?}");
        }
    }
}
