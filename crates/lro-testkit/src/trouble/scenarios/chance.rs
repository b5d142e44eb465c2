//! Calls that fail at random.

use super::{bucket, of};
use crate::trouble::{Failure, Hint, Scenario};

pub(super) const CHANCE: &[Scenario] = &[
    Scenario {
        name: "chance 0.1%",
        chance: 0.001,
        rate: Some((1_000, 1)),
        oracle: 119_872.0,
        ..of("chance")
    },
    Scenario {
        name: "chance 0.5%",
        chance: 0.005,
        rate: Some((1_000, 1)),
        oracle: 119_410.0,
        ..of("chance")
    },
    Scenario { name: "chance 2.0%", chance: 0.02, rate: Some((1_000, 1)), oracle: 117_613.0, ..of("chance") },
    Scenario { name: "chance 10.0%", chance: 0.1, rate: Some((1_000, 1)), oracle: 107_937.0, ..of("chance") },
    Scenario { name: "chance 30.0%", chance: 0.3, rate: Some((1_000, 1)), oracle: 83_866.0, ..of("chance") },
    Scenario {
        name: "chance 2% no rate",
        operations: 1_000,
        chance: 0.02,
        oracle: 117_400.0,
        ..of("chance")
    },
    Scenario {
        name: "chance 10% no rate",
        operations: 1_000,
        chance: 0.1,
        oracle: 108_957.0,
        ..of("chance")
    },
    Scenario { name: "chance 30% no rate", operations: 1_000, chance: 0.3, oracle: 77_631.0, ..of("chance") },
    Scenario {
        name: "chance 5% rate 20",
        operations: 100,
        chance: 0.05,
        rate: Some((20, 1)),
        until: 300.0,
        oracle: 5697.0,
        ..of("chance")
    },
    Scenario {
        name: "chance 20% rate 20",
        operations: 100,
        chance: 0.2,
        rate: Some((20, 1)),
        until: 300.0,
        oracle: 4807.0,
        ..of("chance")
    },
    Scenario {
        name: "chance 2% of 500",
        chance: 0.02,
        chance_failure: Failure::Internal,
        rate: Some((1_000, 1)),
        oracle: 117_613.0,
        ..of("chance")
    },
    Scenario {
        name: "chance 20% of 500",
        chance: 0.2,
        chance_failure: Failure::Internal,
        rate: Some((1_000, 1)),
        oracle: 95_849.0,
        ..of("chance")
    },
    Scenario {
        name: "chance 10% + bucket 500",
        chance: 0.1,
        quota: bucket(500.0, 50.0),
        rate: Some((1_000, 1)),
        oracle: 60_044.0,
        ..of("chance")
    },
];

pub(super) const HINTS: &[Scenario] = &[
    Scenario {
        name: "hint 1 s 0.5%",
        chance: 0.005,
        hint: Hint::Seconds(1.0),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 179_124.0,
        ..of("hints")
    },
    Scenario {
        name: "hint 1 s 5.0%",
        chance: 0.05,
        hint: Hint::Seconds(1.0),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 171_011.0,
        ..of("hints")
    },
    Scenario {
        name: "hint 1 s 20.0%",
        chance: 0.2,
        hint: Hint::Seconds(1.0),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 143_850.0,
        ..of("hints")
    },
    Scenario {
        name: "hint 10 s 0.5%",
        chance: 0.005,
        hint: Hint::Seconds(10.0),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 179_124.0,
        ..of("hints")
    },
    Scenario {
        name: "hint 10 s 5.0%",
        chance: 0.05,
        hint: Hint::Seconds(10.0),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 171_011.0,
        ..of("hints")
    },
    Scenario {
        name: "hint 10 s 20.0%",
        chance: 0.2,
        hint: Hint::Seconds(10.0),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 143_850.0,
        ..of("hints")
    },
    Scenario {
        name: "hint 60 s 0.5%",
        chance: 0.005,
        hint: Hint::Seconds(60.0),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 179_124.0,
        ..of("hints")
    },
    Scenario {
        name: "hint 60 s 5.0%",
        chance: 0.05,
        hint: Hint::Seconds(60.0),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 136_411.0,
        ..of("hints")
    },
    Scenario {
        name: "hint 60 s 20.0%",
        chance: 0.2,
        hint: Hint::Seconds(60.0),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 36_136.0,
        ..of("hints")
    },
];
