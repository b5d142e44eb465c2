//! Pages of lists and gets share a rate.

use lro_testkit::trouble::{Scenario, case};

use crate::trouble::runs;

#[test]
fn an_operation_alone_is_noticed_among_collections_that_are_listed() {
    let scenario = Scenario { until: 60.0, ..case("f08") };
    for figures in runs(&scenario) {
        assert_eq!((figures.unnoticed, figures.delivered), (0, 1), "{figures:?}");
        assert!(figures.longest_notice < 5.0, "{figures:?}");
        // Also what is listed is polled: the rate allows a call about each collection every 2.1 s.
        assert!(figures.longest_wait < 16.0 * 2.1, "{figures:?}");
    }
}
