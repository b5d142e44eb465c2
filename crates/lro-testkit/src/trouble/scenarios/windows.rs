//! Quotas over a window, quotas that change, and limits on concurrent calls.

use super::{bucket, of};
use crate::trouble::{Hint, Quota, Scenario, Slots, Weather};

pub(super) const WINDOW: &[Scenario] = &[
    Scenario {
        name: "sliding 600/min",
        operations: 600,
        quota: Quota::Sliding { calls: 600, seconds: 60.0 },
        warm: 120.0,
        until: 600.0,
        oracle: 6000.0,
        ..of("window")
    },
    Scenario {
        name: "fixed 600/min",
        operations: 600,
        quota: Quota::Fixed { calls: 600, seconds: 60.0 },
        warm: 120.0,
        until: 600.0,
        oracle: 6000.0,
        ..of("window")
    },
    Scenario {
        name: "sliding 600/min hints",
        operations: 600,
        hint: Hint::UntilRoom,
        quota: Quota::Sliding { calls: 600, seconds: 60.0 },
        warm: 120.0,
        until: 600.0,
        oracle: 6000.0,
        ..of("window")
    },
    Scenario {
        name: "fixed 600/min hints",
        operations: 600,
        hint: Hint::UntilRoom,
        quota: Quota::Fixed { calls: 600, seconds: 60.0 },
        warm: 120.0,
        until: 600.0,
        oracle: 6000.0,
        ..of("window")
    },
    Scenario {
        name: "sliding 600/min rate 100",
        operations: 600,
        quota: Quota::Sliding { calls: 600, seconds: 60.0 },
        rate: Some((100, 1)),
        warm: 120.0,
        until: 600.0,
        oracle: 6000.0,
        ..of("window")
    },
    Scenario {
        name: "fixed 600/min rate 100",
        operations: 600,
        quota: Quota::Fixed { calls: 600, seconds: 60.0 },
        rate: Some((100, 1)),
        warm: 120.0,
        until: 600.0,
        oracle: 6000.0,
        ..of("window")
    },
    Scenario {
        name: "fixed 6000/min",
        operations: 6_000,
        quota: Quota::Fixed { calls: 6_000, seconds: 60.0 },
        warm: 120.0,
        until: 600.0,
        oracle: 60_000.0,
        ..of("window")
    },
    Scenario {
        name: "fixed 600/min rate 600/min",
        operations: 600,
        quota: Quota::Fixed { calls: 600, seconds: 60.0 },
        rate: Some((600, 60)),
        warm: 120.0,
        until: 600.0,
        oracle: 6000.0,
        ..of("window")
    },
];

pub(super) const STEPS_OF_QUOTAS: &[Scenario] = &[
    Scenario {
        name: "bucket 1000 steps",
        weather: STEPS,
        quota: bucket(1000.0, 100.0),
        until: 180.0,
        oracle: 114_090.0,
        ..of("steps")
    },
    Scenario {
        name: "bucket 1000 steps rate 1000",
        weather: STEPS,
        quota: bucket(1000.0, 100.0),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 114_052.0,
        ..of("steps")
    },
    Scenario {
        name: "bucket 100 steps",
        operations: 600,
        weather: STEPS,
        quota: bucket(100.0, 10.0),
        until: 180.0,
        oracle: 11_409.0,
        ..of("steps")
    },
    Scenario {
        name: "bucket 1000 noisy",
        weather: Weather::Noisy,
        quota: bucket(1000.0, 20.0),
        until: 180.0,
        oracle: 125_197.0,
        ..of("steps")
    },
    Scenario {
        name: "slow start server",
        weather: Weather::Rising,
        quota: bucket(1000.0, 20.0),
        oracle: 92_466.0,
        ..of("steps")
    },
];

pub(super) const CONCURRENCY: &[Scenario] = &[
    Scenario {
        name: "64 at once, queue 64, most 64",
        slots: Some(Slots { at_once: 64, queue: 64, service: 0.05 }),
        oracle: 128_007.0,
        ..of("concurrency")
    },
    Scenario {
        name: "64 at once, queue 64, most 512",
        operations: 5_000,
        slots: Some(Slots { at_once: 64, queue: 64, service: 0.05 }),
        max_in_flight: 512,
        oracle: 153_615.0,
        ..of("concurrency")
    },
    Scenario {
        name: "16 at once, queue 16",
        slots: Some(Slots { at_once: 16, queue: 16, service: 0.05 }),
        oracle: 38_417.0,
        ..of("concurrency")
    },
    Scenario {
        name: "8 at once, queue 0",
        slots: Some(Slots { at_once: 8, queue: 0, service: 0.02 }),
        oracle: 48_030.0,
        ..of("concurrency")
    },
];

/// Other clients come and go.
const STEPS: Weather =
    Weather::Steps(&[(0.0, 1.0), (30.0, 0.1), (60.0, 0.5), (90.0, 1.0), (120.0, 0.2), (150.0, 1.0)]);
