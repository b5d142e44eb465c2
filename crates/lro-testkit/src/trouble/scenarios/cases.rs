//! The cases that a fleet once failed.

use super::{broken, bucket, of, outage};
use crate::trouble::{Done, Failure, Place, Scenario};

pub(super) const CASES: &[Scenario] = &[
    Scenario {
        name: "f01",
        operations: 1_800,
        done: Done::At(0.0),
        broken: broken(300, Failure::Internal, Place::First),
        rate: Some((1_000, 1)),
        until: 90.0,
        oracle: 1500.0,
        ..of("f")
    },
    Scenario {
        name: "f02",
        operations: 1_800,
        done: Done::At(0.0),
        broken: broken(300, Failure::Refused, Place::First),
        rate: Some((1_000, 1)),
        until: 90.0,
        oracle: 1500.0,
        ..of("f")
    },
    Scenario {
        name: "f03",
        operations: 200,
        done: Done::At(0.0),
        broken: broken(100, Failure::Internal, Place::First),
        round_trip: 0.002,
        until: 75.0,
        oracle: 100.0,
        ..of("f")
    },
    Scenario {
        name: "f04 0.2%",
        chance: 0.002,
        rate: Some((1_000, 1)),
        until: 300.0,
        oracle: 299_423.0,
        ..of("f")
    },
    Scenario {
        name: "f04 1.0%",
        chance: 0.01,
        rate: Some((1_000, 1)),
        until: 300.0,
        oracle: 297_021.0,
        ..of("f")
    },
    Scenario {
        name: "f04 5.0%",
        chance: 0.05,
        rate: Some((1_000, 1)),
        until: 300.0,
        oracle: 285_008.0,
        ..of("f")
    },
    Scenario {
        name: "f04 20.0%",
        chance: 0.2,
        rate: Some((1_000, 1)),
        until: 300.0,
        oracle: 239_852.0,
        ..of("f")
    },
    Scenario {
        name: "f05",
        broken: broken(10, Failure::Refused, Place::First),
        rate: Some((1_000, 1)),
        oracle: 120_000.0,
        ..of("f")
    },
    Scenario { name: "f06", quota: bucket(500.0, 50.0), oracle: 60_044.0, ..of("f") },
    Scenario {
        name: "f07",
        operations: 100_000,
        pace: 30.0,
        done: Done::At(40.0),
        weather: outage(30.0, 90.0, Failure::Unavailable),
        rate: Some((4_000, 1)),
        until: 200.0,
        oracle: 200_000.0,
        ..of("f")
    },
    Scenario {
        name: "f08",
        collections: 20,
        operations: 101,
        pace: 0.2,
        done: Done::At(5.0),
        rate: Some((10, 1)),
        oracle: 1200.0,
        ..of("f")
    },
];
