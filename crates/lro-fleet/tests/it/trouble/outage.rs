//! While the whole service is down few calls are made, and nothing is lost.

use lro_testkit::trouble::{Scenario, case};

use crate::trouble::runs;

/// A tenth of the operations and of the rate of the bench.
#[test]
fn few_calls_are_made_during_an_outage_and_all_outcomes_are_delivered() {
    let scenario = Scenario { operations: 10_000, rate: Some((400, 1)), ..case("f07") };
    for figures in runs(&scenario) {
        assert!(figures.calls_when_down <= 300, "{figures:?}");
        assert_eq!((figures.delivered, figures.unnoticed), (10_000, 0), "{figures:?}");
        // The outage ends at 90 s, and the backlog takes 25 s.
        assert!(figures.last_noticed < 90.0 + 1.3 * 25.0, "{figures:?}");
    }
}
