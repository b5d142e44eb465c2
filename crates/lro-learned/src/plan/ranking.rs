use std::{sync::Arc, time::Duration};

use lro::pacing::Ranking;

use super::solver::Solver;
use crate::distribution::Distribution;

/// What a poll of any operation of a kind is worth, by what was known at one moment.
///
/// It holds the best plans at several prices. A poll is worth the price of the plan that would make it just now.
#[derive(Clone, Debug)]
pub(crate) struct KindRanking {
    distribution: Arc<Distribution>,
    /// In the order of rising prices.
    levels: Vec<Level>,
}

/// The best plan at a price, from any age at which an operation was last seen running.
#[derive(Clone, Debug)]
struct Level {
    /// In seconds.
    price: f64,
    /// The next poll, from each cell of the distribution.
    next: Box<[Next]>,
}

/// When the next poll is due, in seconds.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// At this age.
    At(f32),
    /// This long after the operation was last seen running.
    After(f32),
}

impl KindRanking {
    /// Computes the ranking under a distribution. `price` is that of the plan of the kind.
    pub(crate) fn new(distribution: Arc<Distribution>, price: f64) -> Self {
        let mut levels = Vec::with_capacity(LEVELS.len());
        let (times, _) = distribution.cells();
        let mut policy = Solver::new(&distribution, price * STEP.powi(LEVELS.start));
        for step in LEVELS {
            let price = price * STEP.powi(step);
            if step > LEVELS.start {
                policy.solve(price);
            }
            let next = policy.moves().map(|(from, by)| match by.polls {
                0 | 1 => Next::At(times[by.to] as f32),
                polls => Next::After(((times[by.to] - times[from]) / f64::from(polls)) as f32),
            });
            levels.push(Level { price, next: next.collect() });
        }
        Self { distribution, levels }
    }
}

impl Ranking for KindRanking {
    /// The price, in seconds of delay, at which the best plan polls an operation of the age `age` just now if it was
    /// last seen running at the age `running`. It grows with the age.
    fn worth(&self, running: Duration, age: Duration) -> f64 {
        let (from, now) = (running.as_secs_f64(), age.as_secs_f64());
        if now <= from {
            return 0.0;
        }
        let (times, _) = self.distribution.cells();
        let cell = times.partition_point(|time| *time <= from).saturating_sub(1);
        let mut below: Option<(f64, f64)> = None;
        for level in &self.levels {
            let Some(next) = level.next.get(cell) else {
                // Nothing is known of what takes so long: the hazard rate is one end in the time that has passed.
                return (now - from).powi(2) / (2.0 * now);
            };
            let next = match *next {
                Next::At(at) => f64::from(at),
                Next::After(gap) => from + f64::from(gap),
            };
            if next > now {
                return match below {
                    // Between two prices, by how much of the time between their polls has passed.
                    Some((price, before)) => {
                        price * (level.price / price).powf((now - before) / (next - before))
                    }
                    None => level.price * ((now - from) / (next - from)).powi(2),
                };
            }
            below = Some((level.price, next));
        }
        below.map_or(0.0, |(price, next)| price * ((now - from) / (next - from).max(SHORTEST_GAP)).powi(2))
    }
}

/// From one price to the next. Where the gap goes with the root of the price, as for dense polls, interpolation in
/// between is right within 3 %. Half the step doubles the memory.
const STEP: f64 = 2.0;
/// The prices, as powers of [`STEP`] times the price of the plan. Under scarcity the worth of what is due is the price
/// of the plan and more: up to 2,000 times it, where an operation is polled once in 45 times as long as planned.
const LEVELS: std::ops::Range<i32> = -2..12;
/// In seconds: no plan has a shorter gap, and none is divided by.
const SHORTEST_GAP: f64 = 1e-3;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::distribution::interval::{Interval, strategies::rings};

    fn secs(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    proptest! {
        #[test]
        fn a_poll_is_worth_more_the_longer_it_is_put_off(
            ring in rings(), running in 0.0..1e4_f64, gaps in prop::collection::vec(1e-3..1e3_f64, 1..20),
        ) {
            let ranking = KindRanking::new(Arc::new(Distribution::new(&ring).unwrap()), 1.0);
            let mut before = 0.0_f64;
            let mut age = running;
            for gap in gaps {
                age += gap;
                let worth = ranking.worth(secs(running), secs(age));
                prop_assert!(worth >= before * (1.0 - 1e-6) - 1e-3, "{worth} after {before}");
                prop_assert!(worth.is_finite());
                before = worth;
            }
        }
    }

    #[test]
    fn what_should_be_done_is_worth_most() {
        let minute = Interval::new(59.0_f32.ln(), Some(61.0_f32.ln()));
        let ranking = KindRanking::new(Arc::new(Distribution::new(&[minute; 40]).unwrap()), 1.0);
        let worth = |running: f64, age: f64| ranking.worth(secs(running), secs(age));
        assert!(worth(0.0, 30.0) < worth(50.0, 62.0));
        assert!(worth(0.0, 62.0) > worth(30.0, 55.0));
        assert_eq!(worth(10.0, 10.0), 0.0);
    }
}
