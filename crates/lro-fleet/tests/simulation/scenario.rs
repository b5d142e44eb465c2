//! What happens to one simulated fleet, all of it drawn from a seed.

use std::time::Duration;

use lro::{Tolerance, pacing::Pacing};
use lro_fleet::{Fleet, FleetBuilder, Rate};
use lro_learned::Learned;
use lro_testkit::{Dice, replies::Truth};

use crate::server::Door;

/// The operations of a server, the trouble on the way to them, and who waits for them.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) operations: Vec<Work>,
    pub(crate) wishes: Vec<Wish>,
    pub(crate) trouble: Trouble,
    pub(crate) lists: Option<Lists>,
    pub(crate) pace: Pace,
    pub(crate) failures: Option<u32>,
    pub(crate) not_found_for: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) attempt_timeout: Duration,
    pub(crate) tick: Duration,
    pub(crate) by_key: bool,
    /// The calls a second.
    pub(crate) rate: Option<u32>,
    pub(crate) max_in_flight: usize,
    pub(crate) most_completions: usize,
    /// Between two completions that are taken.
    pub(crate) taken_every: Duration,
    pub(crate) paused: Option<(Duration, Duration)>,
    pub(crate) shut_at: Option<Duration>,
}

/// An operation.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) name: String,
    pub(crate) key: usize,
    pub(crate) done_at: Duration,
    pub(crate) truth: Truth,
    pub(crate) hidden_until: Duration,
    pub(crate) is_listed: bool,
}

/// Somebody who waits for an operation.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) operation: usize,
    pub(crate) at: Duration,
    pub(crate) how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// And drops the watch then, if it has not ended; keeps it so long if it has.
    Awaits {
        drops_after: Duration,
        keeps_for: Duration,
    },
    Streams {
        drops_after: Duration,
    },
    Registers,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// A tenth of the elapsed time, from 250 ms to 45 s.
    Tenth,
    Every(Duration),
    Learned,
}

impl Scenario {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let is_calm = dice.below(4) == 0;
        let keys = 1 + dice.below(3);
        let operations: Vec<Work> =
            (0..1 + dice.below(24)).map(|number| Work::draw(&mut dice, number, keys)).collect();
        let deadline = (dice.below(3) == 0).then(|| dice.spread(1, 300_000));
        let shut_at = (dice.below(4) == 0).then(|| dice.spread(1, 60_000));
        let wishes = (0..1 + dice.below(2 * operations.len() as u64))
            .map(|_| Wish::draw(&mut dice, &operations))
            .collect();
        let mut scenario = Self {
            seed,
            wishes,
            trouble: Trouble::draw(&mut dice, keys),
            lists: (dice.below(3) == 0).then(|| Lists {
                page_size: 1 + dice.below(12) as usize,
                empty: dice.one_of([0.0, 0.2]),
                fails: dice.one_of([0.0, 0.1, 0.5]),
            }),
            pace: dice.one_of([Pace::Tenth, Pace::Tenth, Pace::Every(Duration::from_secs(3)), Pace::Learned]),
            failures: dice.one_of([None, Some(0), Some(1), Some(5), Some(5)]),
            not_found_for: dice.one_of([Duration::ZERO, Duration::from_secs(30), Duration::from_secs(90)]),
            deadline,
            attempt_timeout: Duration::from_millis(dice.one_of([30_000, 1_700])),
            tick: Duration::from_millis(dice.one_of([50, 50, 0])),
            by_key: dice.below(2) == 0,
            rate: (dice.below(3) == 0).then(|| dice.one_of([1, 3, 10, 40])),
            max_in_flight: dice.one_of([1, 3, 64]),
            most_completions: dice.one_of([1, 3, 1_024]),
            taken_every: Duration::from_millis(dice.one_of([0, 0, 200, 5_000])),
            paused: (dice.below(4) == 0).then(|| (dice.spread(1, 60_000), dice.spread(1, 60_000))),
            shut_at,
            operations,
        };
        if is_calm {
            scenario.calm();
        }
        scenario
    }

    /// Without whatever makes a call late.
    fn calm(&mut self) {
        self.trouble.outages.clear();
        (self.lists, self.rate, self.paused) = (None, None, None);
        (self.max_in_flight, self.most_completions) = (64, 1_024);
    }

    /// Whether nothing but failed calls may make a call late.
    pub(crate) fn is_calm(&self) -> bool {
        let is_free = self.rate.is_none() && self.paused.is_none() && self.lists.is_none();
        is_free
            && self.max_in_flight >= self.operations.len()
            && self.most_completions >= self.operations.len()
    }

    pub(crate) fn fleet(&self, door: Door) -> Fleet {
        let builder = Fleet::builder(door)
            .tolerance(Tolerance::default().failures(self.failures).not_found_for(self.not_found_for))
            .deadline(self.deadline)
            .attempt_timeout(self.attempt_timeout)
            .tick(self.tick)
            .rate(self.rate.map(Rate::per_second))
            .max_in_flight(self.max_in_flight)
            .most_completions(self.most_completions)
            .seed(self.seed);
        let by_key = |builder: FleetBuilder| {
            builder.quota_key(|name| name.segments().next().unwrap_or_default().to_owned())
        };
        let builder = if self.by_key { by_key(builder) } else { builder };
        match self.pace {
            Pace::Tenth => builder.pacing(Pacing::default()),
            Pace::Every(delay) => builder.pacing(Pacing::fixed(delay)),
            Pace::Learned => builder.pacing(Learned::new().seed(self.seed)),
        }
        .start()
    }

    /// The number of the quota that the calls about an operation count against.
    pub(crate) fn quota(&self, key: usize) -> usize {
        if self.by_key { key } else { 0 }
    }
}

impl Work {
    fn draw(dice: &mut Dice, number: u64, keys: u64) -> Self {
        let key = dice.below(keys) as usize;
        Self {
            name: format!("k{key}/operations/{number}"),
            key,
            done_at: if dice.below(6) == 0 { Duration::ZERO } else { dice.spread(10, 400_000) },
            truth: match dice.below(10) {
                0..6 => Truth::Response,
                6..9 => Truth::Error(1 + dice.below(20) as i32),
                _ => Truth::Neither,
            },
            hidden_until: if dice.below(6) == 0 { dice.spread(1, 60_000) } else { Duration::ZERO },
            is_listed: dice.below(5) > 0,
        }
    }
}

impl Wish {
    fn draw(dice: &mut Dice, operations: &[Work]) -> Self {
        let drops_after = if dice.below(2) == 0 { Duration::MAX } else { dice.spread(1, 100_000) };
        Self {
            operation: dice.below(operations.len() as u64) as usize,
            at: if dice.below(2) == 0 { Duration::ZERO } else { dice.spread(1, 100_000) },
            how: match dice.below(4) {
                0 => How::Registers,
                1 => How::Streams { drops_after },
                _ => {
                    How::Awaits { drops_after, keeps_for: Duration::from_millis(dice.one_of([0, 0, 20_000])) }
                }
            },
        }
    }
}

mod trouble;

use trouble::Trouble;
pub(crate) use trouble::{Down, Lists};
