//! Round trips, few and many operations, and operations that end.

use super::{broken, bucket, of, outage};
use crate::trouble::{Done, Failure, Place, Scenario};

pub(super) const LATENCY: &[Scenario] = &[
    Scenario {
        name: "rtt 0.001 s",
        operations: 1_000,
        round_trip: 0.001,
        spread: 0.3,
        oracle: 120_000.0,
        ..of("latency")
    },
    Scenario {
        name: "rtt 0.001 s bucket 30",
        operations: 300,
        quota: bucket(30.0, 10.0),
        round_trip: 0.001,
        spread: 0.3,
        until: 300.0,
        oracle: 9009.0,
        ..of("latency")
    },
    Scenario {
        name: "rtt 0.03 s",
        operations: 1_000,
        round_trip: 0.03,
        spread: 0.3,
        oracle: 116_621.0,
        ..of("latency")
    },
    Scenario {
        name: "rtt 0.03 s bucket 30",
        operations: 300,
        quota: bucket(30.0, 10.0),
        round_trip: 0.03,
        spread: 0.3,
        until: 300.0,
        oracle: 9009.0,
        ..of("latency")
    },
    Scenario {
        name: "rtt 0.2 s",
        operations: 1_000,
        round_trip: 0.2,
        spread: 0.3,
        oracle: 36_694.0,
        ..of("latency")
    },
    Scenario {
        name: "rtt 0.2 s bucket 30",
        operations: 300,
        quota: bucket(30.0, 10.0),
        round_trip: 0.2,
        spread: 0.3,
        until: 300.0,
        oracle: 9004.0,
        ..of("latency")
    },
    Scenario {
        name: "rtt 2.0 s",
        operations: 1_000,
        round_trip: 2.0,
        spread: 0.3,
        oracle: 3663.0,
        ..of("latency")
    },
    Scenario {
        name: "rtt 2.0 s bucket 30",
        operations: 300,
        quota: bucket(30.0, 10.0),
        round_trip: 2.0,
        spread: 0.3,
        until: 300.0,
        oracle: 8931.0,
        ..of("latency")
    },
];

pub(super) const SIZE: &[Scenario] = &[
    Scenario { name: "1 operations", operations: 1, rate: Some((100, 1)), oracle: 119.0, ..of("size") },
    Scenario {
        name: "1 operations chance 10%",
        operations: 1,
        chance: 0.1,
        until: 600.0,
        oracle: 553.0,
        ..of("size")
    },
    Scenario {
        name: "1 operations outage 60 s",
        operations: 1,
        weather: outage(30.0, 90.0, Failure::Unavailable),
        until: 200.0,
        oracle: 139.0,
        ..of("size")
    },
    Scenario { name: "5 operations", operations: 5, rate: Some((100, 1)), oracle: 595.0, ..of("size") },
    Scenario {
        name: "5 operations chance 10%",
        operations: 5,
        chance: 0.1,
        until: 600.0,
        oracle: 2722.0,
        ..of("size")
    },
    Scenario {
        name: "5 operations outage 60 s",
        operations: 5,
        weather: outage(30.0, 90.0, Failure::Unavailable),
        until: 200.0,
        oracle: 695.0,
        ..of("size")
    },
    Scenario { name: "rate 1", operations: 3, rate: Some((1, 1)), oracle: 120.0, ..of("size") },
    Scenario { name: "rate 10", operations: 30, rate: Some((10, 1)), oracle: 1200.0, ..of("size") },
    Scenario { name: "rate 100", operations: 300, rate: Some((100, 1)), oracle: 12_000.0, ..of("size") },
    Scenario {
        name: "rate 10000",
        operations: 30_000,
        rate: Some((10_000, 1)),
        max_in_flight: 256,
        oracle: 1_200_000.0,
        ..of("size")
    },
    Scenario {
        name: "100,000 bucket 2000",
        operations: 100_000,
        pace: 10.0,
        quota: bucket(2000.0, 100.0),
        max_in_flight: 256,
        until: 200.0,
        oracle: 400_079.0,
        ..of("size")
    },
    Scenario {
        name: "100,000 rate 10000 chance 5%",
        operations: 100_000,
        pace: 5.0,
        chance: 0.05,
        rate: Some((10_000, 1)),
        max_in_flight: 256,
        until: 60.0,
        oracle: 569_866.0,
        ..of("size")
    },
    Scenario {
        name: "hint 3600 once",
        hint_once: 3600.0,
        rate: Some((1_000, 1)),
        oracle: 119_999.0,
        ..of("size")
    },
];

pub(super) const NOTICE: &[Scenario] = &[
    Scenario {
        name: "ends, rate 1000",
        done: Done::Between(5.0, 60.0),
        rate: Some((1_000, 1)),
        oracle: 51_750.0,
        ..of("notice")
    },
    Scenario {
        name: "ends, bucket 500",
        done: Done::Between(5.0, 60.0),
        quota: bucket(500.0, 50.0),
        oracle: 28_271.0,
        ..of("notice")
    },
    Scenario {
        name: "ends, chance 5%",
        done: Done::Between(5.0, 60.0),
        chance: 0.05,
        rate: Some((1_000, 1)),
        oracle: 49_271.0,
        ..of("notice")
    },
    Scenario {
        name: "ends, 10% 500",
        done: Done::Between(5.0, 60.0),
        broken: broken(300, Failure::Internal, Place::Shuffled),
        rate: Some((1_000, 1)),
        oracle: 50_663.0,
        ..of("notice")
    },
    Scenario {
        name: "ends, worth, rate 300",
        done: Done::Between(5.0, 60.0),
        worth: true,
        rate: Some((300, 1)),
        oracle: 18_253.0,
        ..of("notice")
    },
    Scenario {
        name: "worth, rate 300, none ends",
        worth: true,
        rate: Some((300, 1)),
        until: 240.0,
        oracle: 72_000.0,
        ..of("notice")
    },
];
