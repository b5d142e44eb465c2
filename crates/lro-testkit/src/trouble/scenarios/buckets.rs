//! Token buckets.

use super::{bucket, of};
use crate::trouble::{Hint, Scenario};

pub(super) const BUCKET: &[Scenario] = &[
    Scenario {
        name: "bucket 50/5",
        operations: 150,
        quota: bucket(50.0, 5.0),
        oracle: 6004.0,
        ..of("bucket")
    },
    Scenario {
        name: "bucket 50/5 rate 2x",
        operations: 150,
        quota: bucket(50.0, 5.0),
        rate: Some((100, 1)),
        oracle: 6004.0,
        ..of("bucket")
    },
    Scenario {
        name: "bucket 50/500",
        operations: 150,
        quota: bucket(50.0, 500.0),
        oracle: 6499.0,
        ..of("bucket")
    },
    Scenario {
        name: "bucket 50/500 rate 2x",
        operations: 150,
        quota: bucket(50.0, 500.0),
        rate: Some((100, 1)),
        oracle: 6499.0,
        ..of("bucket")
    },
    Scenario {
        name: "bucket 500/5",
        operations: 1_500,
        quota: bucket(500.0, 5.0),
        oracle: 59_999.0,
        ..of("bucket")
    },
    Scenario {
        name: "bucket 500/5 rate 2x",
        operations: 1_500,
        quota: bucket(500.0, 5.0),
        rate: Some((1_000, 1)),
        oracle: 59_999.0,
        ..of("bucket")
    },
    Scenario {
        name: "bucket 500/1000",
        operations: 1_500,
        quota: bucket(500.0, 1000.0),
        oracle: 60_994.0,
        ..of("bucket")
    },
    Scenario {
        name: "bucket 500/1000 rate 2x",
        operations: 1_500,
        quota: bucket(500.0, 1000.0),
        rate: Some((1_000, 1)),
        oracle: 60_994.0,
        ..of("bucket")
    },
    Scenario {
        name: "bucket 5000/50",
        operations: 20_000,
        quota: bucket(5000.0, 50.0),
        max_in_flight: 512,
        oracle: 599_999.0,
        ..of("bucket")
    },
    Scenario {
        name: "bucket 5000/50 rate 2x",
        operations: 20_000,
        quota: bucket(5000.0, 50.0),
        rate: Some((10_000, 1)),
        max_in_flight: 512,
        oracle: 599_999.0,
        ..of("bucket")
    },
    Scenario {
        name: "bucket 5000/5000",
        operations: 20_000,
        quota: bucket(5000.0, 5000.0),
        max_in_flight: 512,
        oracle: 604_949.0,
        ..of("bucket")
    },
    Scenario {
        name: "bucket 5000/5000 rate 2x",
        operations: 20_000,
        quota: bucket(5000.0, 5000.0),
        rate: Some((10_000, 1)),
        max_in_flight: 512,
        oracle: 604_949.0,
        ..of("bucket")
    },
    Scenario {
        name: "bucket 500/50 hint 1",
        hint: Hint::Seconds(1.0),
        quota: bucket(500.0, 50.0),
        oracle: 60_044.0,
        ..of("bucket")
    },
    Scenario {
        name: "bucket 500/50 rate 500",
        quota: bucket(500.0, 50.0),
        rate: Some((500, 1)),
        oracle: 60_000.0,
        ..of("bucket")
    },
    Scenario {
        name: "bucket 5/5",
        operations: 100,
        quota: bucket(5.0, 5.0),
        until: 300.0,
        oracle: 1504.0,
        ..of("bucket")
    },
];
