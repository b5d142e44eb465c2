//! Operations whose calls always fail.

use super::{broken, of};
use crate::trouble::{Failure, Place, Scenario};

pub(super) const BROKEN: &[Scenario] = &[
    Scenario {
        name: "0.3% 429 shuffled",
        broken: broken(9, Failure::Refused, Place::Shuffled),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "3.0% 429 first",
        broken: broken(90, Failure::Refused, Place::First),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "10.0% 429 shuffled",
        broken: broken(300, Failure::Refused, Place::Shuffled),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "30.0% 429 last",
        broken: broken(900, Failure::Refused, Place::Last),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "50.0% 429 first",
        broken: broken(1_500, Failure::Refused, Place::First),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "50.0% 429 shuffled",
        broken: broken(1_500, Failure::Refused, Place::Shuffled),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "0.3% 500 shuffled",
        broken: broken(9, Failure::Internal, Place::Shuffled),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "3.0% 500 first",
        broken: broken(90, Failure::Internal, Place::First),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "10.0% 500 shuffled",
        broken: broken(300, Failure::Internal, Place::Shuffled),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "30.0% 500 last",
        broken: broken(900, Failure::Internal, Place::Last),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "50.0% 500 first",
        broken: broken(1_500, Failure::Internal, Place::First),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "50.0% 500 shuffled",
        broken: broken(1_500, Failure::Internal, Place::Shuffled),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "0.3% timeout shuffled",
        broken: broken(9, Failure::Hangs, Place::Shuffled),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "3.0% timeout first",
        broken: broken(90, Failure::Hangs, Place::First),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "10.0% timeout shuffled",
        broken: broken(300, Failure::Hangs, Place::Shuffled),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "30.0% timeout last",
        broken: broken(900, Failure::Hangs, Place::Last),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "50.0% timeout first",
        broken: broken(1_500, Failure::Hangs, Place::First),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "50.0% timeout shuffled",
        broken: broken(1_500, Failure::Hangs, Place::Shuffled),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 180_000.0,
        ..of("broken")
    },
    Scenario {
        name: "90% 500 first",
        operations: 1_000,
        broken: broken(900, Failure::Internal, Place::First),
        rate: Some((1_000, 1)),
        until: 180.0,
        oracle: 17_900.0,
        ..of("broken")
    },
    Scenario {
        name: "10% 404 first",
        broken: broken(300, Failure::Missing, Place::First),
        rate: Some((1_000, 1)),
        oracle: 120_000.0,
        ..of("broken")
    },
];
