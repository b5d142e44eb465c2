use std::time::Duration;

use lro_testkit::Dice;

/// What goes wrong on the way.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    /// The share of calls that go wrong.
    pub(crate) share: f64,
    /// The share of those that no wait survives.
    pub(crate) fatal: f64,
    /// The share of those that are unanswered.
    pub(crate) silent: f64,
    /// Whether good replies ask for time.
    pub(crate) hints: bool,
    pub(crate) slowest: u64,
    pub(crate) outages: Vec<Outage>,
}

/// A key whose calls all fail for a while.
#[derive(Clone, Debug)]
pub(crate) struct Outage {
    pub(crate) key: usize,
    pub(crate) from: Duration,
    pub(crate) until: Duration,
    pub(crate) is: Down,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Down {
    Unavailable,
    Silent,
    Throttled(Option<Duration>),
}

#[derive(Clone, Debug)]
pub(crate) struct Lists {
    pub(crate) page_size: usize,
    /// The share of pages that are empty and yet have a next one.
    pub(crate) empty: f64,
    pub(crate) fails: f64,
}

impl Trouble {
    pub(super) fn draw(dice: &mut Dice, keys: u64) -> Self {
        let outage = |dice: &mut Dice| {
            let from = dice.spread(1, 100_000);
            Outage {
                key: dice.below(keys) as usize,
                from,
                until: from + dice.spread(10, 60_000),
                is: dice.one_of([
                    Down::Unavailable,
                    Down::Silent,
                    Down::Throttled(None),
                    Down::Throttled(Some(Duration::from_secs(7))),
                ]),
            }
        };
        Self {
            share: dice.one_of([0.0, 0.0, 0.05, 0.2, 0.6]),
            fatal: dice.one_of([0.0, 0.0, 0.05, 0.3]),
            silent: dice.one_of([0.0, 0.1]),
            hints: dice.below(3) == 0,
            slowest: dice.one_of([1, 30, 2_500]),
            outages: (0..dice.below(3)).map(|_| outage(dice)).collect(),
        }
    }
}
