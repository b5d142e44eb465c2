//! Services that are down, or half down.

use super::{of, outage};
use crate::trouble::{Failure, Mode, Scenario, Weather};

pub(super) const OUTAGE: &[Scenario] = &[
    Scenario {
        name: "outage 60 s 503",
        weather: outage(30.0, 90.0, Failure::Unavailable),
        rate: Some((1_000, 1)),
        until: 200.0,
        oracle: 140_000.0,
        ..of("outage")
    },
    Scenario {
        name: "outage 600 s 503",
        weather: outage(30.0, 630.0, Failure::Unavailable),
        rate: Some((1_000, 1)),
        until: 800.0,
        oracle: 200_000.0,
        ..of("outage")
    },
    Scenario {
        name: "outage 60 s 500",
        weather: outage(30.0, 90.0, Failure::Internal),
        rate: Some((1_000, 1)),
        until: 200.0,
        oracle: 140_000.0,
        ..of("outage")
    },
    Scenario {
        name: "outage 600 s 500",
        weather: outage(30.0, 630.0, Failure::Internal),
        rate: Some((1_000, 1)),
        until: 800.0,
        oracle: 200_000.0,
        ..of("outage")
    },
    Scenario {
        name: "outage 60 s timeout",
        weather: outage(30.0, 90.0, Failure::Hangs),
        rate: Some((1_000, 1)),
        until: 200.0,
        oracle: 140_000.0,
        ..of("outage")
    },
    Scenario {
        name: "outage 600 s timeout",
        weather: outage(30.0, 630.0, Failure::Hangs),
        rate: Some((1_000, 1)),
        until: 800.0,
        oracle: 200_000.0,
        ..of("outage")
    },
    Scenario {
        name: "outage 60 s 503 no rate",
        weather: outage(30.0, 90.0, Failure::Unavailable),
        until: 200.0,
        oracle: 417_000.0,
        ..of("outage")
    },
    Scenario {
        name: "outage 60 s 503 hint 30",
        weather: Weather::During { from: 30.0, until: 90.0, mode: Mode::Down(Failure::Unavailable, 30.0) },
        rate: Some((1_000, 1)),
        until: 200.0,
        oracle: 140_000.0,
        ..of("outage")
    },
    Scenario {
        name: "outage 5 s 503",
        weather: outage(30.0, 35.0, Failure::Unavailable),
        rate: Some((1_000, 1)),
        oracle: 115_000.0,
        ..of("outage")
    },
    Scenario {
        name: "outage from the start",
        weather: outage(0.0, 20.0, Failure::Unavailable),
        rate: Some((1_000, 1)),
        oracle: 100_000.0,
        ..of("outage")
    },
    Scenario {
        name: "flapping 10/10 s",
        weather: Weather::Flapping(10.0),
        rate: Some((1_000, 1)),
        until: 200.0,
        oracle: 100_200.0,
        ..of("outage")
    },
    Scenario {
        name: "flapping 1/1 s",
        weather: Weather::Flapping(1.0),
        rate: Some((1_000, 1)),
        oracle: 62_350.0,
        ..of("outage")
    },
];

pub(super) const BROWNOUT: &[Scenario] = &[
    Scenario {
        name: "brownout 50 %",
        weather: Weather::During { from: 30.0, until: 90.0, mode: Mode::Brownout(0.5) },
        rate: Some((1_000, 1)),
        until: 150.0,
        oracle: 120_034.0,
        ..of("brownout")
    },
    Scenario {
        name: "brownout 50 % no rate",
        operations: 1_000,
        weather: Weather::During { from: 30.0, until: 90.0, mode: Mode::Brownout(0.5) },
        until: 150.0,
        oracle: 105_089.0,
        ..of("brownout")
    },
    Scenario {
        name: "brownout 80 %",
        weather: Weather::During { from: 30.0, until: 90.0, mode: Mode::Brownout(0.8) },
        rate: Some((1_000, 1)),
        until: 150.0,
        oracle: 96_676.0,
        ..of("brownout")
    },
];
