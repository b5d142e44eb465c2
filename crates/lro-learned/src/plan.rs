//! When the next operation of a kind is polled.

pub(crate) mod ranking;
mod solver;

use self::solver::Solver;
use crate::distribution::Distribution;

/// The ages at which an operation is polled, in ascending order, until it is almost certainly done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    steps: Box<[Step]>,
    price: f64,
    polls: f64,
    delay: f64,
}

/// Evenly spaced polls since the step before, the last of them at `until` seconds.
///
/// A step takes eight bytes, and there are no more steps than the distribution has cells (312 for 64 operations): a
/// plan takes 2.5 KB however many polls it has.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    until: f32,
    /// The polls up to the end of this step.
    polls: u32,
}

impl Plan {
    /// Returns the plan of the least expected `price * polls + delay`, where the price of a poll is in seconds.
    pub(crate) fn at_price(distribution: &Distribution, price: f64) -> Self {
        // Not `clamp`, which lets NaN pass.
        let price = if price > CHEAPEST { price.min(DEAREST) } else { CHEAPEST };
        Self::of(distribution, &Solver::new(distribution, price), price)
    }

    /// Returns the plan of the least expected delay for an expected number of polls, which it meets to within 2.5 % as
    /// a rule. The search starts from a price in seconds: the last one of the kind, or 0 for none.
    ///
    /// The number of polls is proportional to `price^(-1/2)` (Keller 1974), so two or three prices are usually enough.
    /// They are not near a single poll and where [`MIN_GAP`](crate::distribution::MIN_GAP) decides; then the last price
    /// tried is taken.
    pub(crate) fn with_polls(distribution: &Distribution, polls: f64, start: f64) -> Self {
        let target = polls.max(FEWEST_POLLS);
        let (cheapest, dearest) = bounds(distribution);
        let mut price = if start > 0.0 { start.clamp(CHEAPEST, DEAREST) } else { FIRST_PRICE };
        let (mut below, mut above) = (0.0, f64::INFINITY);

        let mut policy = Solver::new(distribution, price);
        for _ in 0..MOST_PRICES {
            let factor = (policy.polls() / target).powi(2);
            if factor.ln().abs() < CLOSE_ENOUGH {
                break;
            }
            if factor > 1.0 {
                below = price;
            } else {
                above = price;
            }
            let mut next = price * factor.clamp(1.0 / LONGEST_STEP, LONGEST_STEP);
            if below > 0.0 && above.is_finite() && (next <= below || next >= above) {
                next = (below * above).sqrt();
            }
            next = next.clamp(cheapest, dearest);
            if (next / price).ln().abs() < SHORTEST_STEP {
                break;
            }
            price = next;
            policy.solve(price);
        }
        Self::of(distribution, &policy, price)
    }

    /// The age at a poll, counted from 0, in seconds; `None` after the last.
    pub(crate) fn instant(&self, poll: u32) -> Option<f64> {
        let index = self.steps.partition_point(|step| step.polls <= poll);
        let step = self.steps.get(index)?;
        let before = index.checked_sub(1).map_or(Step { until: 0.0, polls: 0 }, |before| self.steps[before]);
        let (from, until) = (f64::from(before.until), f64::from(step.until));
        let share = f64::from(poll - before.polls + 1) / f64::from(step.polls - before.polls);
        Some(from + (until - from) * share)
    }

    /// The first poll, counted from 0, after an age in seconds.
    pub(crate) fn first_after(&self, time: f64) -> u32 {
        let (mut first, mut end) = (0, self.steps.last().map_or(0, |step| step.polls));
        while first < end {
            let middle = first + (end - first) / 2;
            match self.instant(middle) {
                Some(instant) if instant <= time => first = middle + 1,
                _ => end = middle,
            }
        }
        first
    }

    /// The age at the poll after one at the age `last`, both in seconds, when the plan has none left.
    ///
    /// Nothing is known of what takes so long. The hazard rate is assumed to be one end in the time that has passed, so
    /// the density of polls is that of Keller for this rate.
    pub(crate) fn beyond(&self, last: f64) -> f64 {
        last + (2.0 * self.price * last.max(SHORTEST_AGE)).sqrt()
    }

    /// What a poll is worth, in seconds of delay.
    pub(crate) fn price(&self) -> f64 {
        self.price
    }

    /// The expected number of polls under the distribution.
    #[cfg(test)]
    pub(crate) fn polls(&self) -> f64 {
        self.polls
    }

    /// The expected time from the end to the poll that sees it, in seconds, under the distribution.
    #[cfg(test)]
    pub(crate) fn delay(&self) -> f64 {
        self.delay
    }

    fn of(distribution: &Distribution, policy: &Solver<'_>, price: f64) -> Self {
        let (times, _) = distribution.cells();
        let steps = policy.path().scan(0_u32, |polls, (_, by)| {
            *polls = polls.saturating_add(by.polls);
            Some(Step { until: times[by.to] as f32, polls: *polls })
        });
        Self { steps: steps.collect(), price, polls: policy.polls(), delay: policy.delay() }
    }
}

/// The lowest and the highest price to try, in seconds.
fn bounds(distribution: &Distribution) -> (f64, f64) {
    let (times, _) = distribution.cells();
    let middle = times[times.len() / 2];
    (LOWEST * (middle + 1.0), HIGHEST * (middle + 1.0))
}

/// One poll always is made. Two in a hundred operations may need another one: with exactly one, the only plan would be
/// to poll at the end of the distribution.
const FEWEST_POLLS: f64 = 1.02;
/// The price, in seconds, at which the search starts for a kind without a plan: that of work of about a minute. Three
/// of the longest steps reach everything from a second to hours.
const FIRST_PRICE: f64 = 0.5;
/// The search ends when the number of polls is right within 2.5 % (5 % of its square): the distribution is not known
/// better.
const CLOSE_ENOUGH: f64 = 0.05;
/// The longest step of the search, as a factor: a first number of polls near one says little about how far the price is
/// off.
const LONGEST_STEP: f64 = 20.0;
/// A step of less than one percent changes no plan.
const SHORTEST_STEP: f64 = 0.01;
/// The search takes two or three prices as a rule. Twelve are three steps to find a bracket, and nine that halve a
/// factor of 20 down to a percent.
const MOST_PRICES: usize = 12;
/// The lowest and the highest price to try, as a share of the median (and one second more): hundreds of polls before
/// it, more than a budget ever pays for; and a poll so dear that there is a single one.
const LOWEST: f64 = 1e-6;
const HIGHEST: f64 = 10.0;
/// The bounds of a price that the caller sets, in seconds: the resolution of the clock, and 30 years.
const CHEAPEST: f64 = 1e-6;
const DEAREST: f64 = 1e9;
/// In seconds. Below this age, the gaps beyond a plan do not shrink further.
const SHORTEST_AGE: f64 = 1.0;

#[cfg(test)]
mod tests {
    use proptest::{num, prelude::*, test_runner::RngSeed};

    use super::*;
    use crate::distribution::{MIN_GAP, interval::strategies::rings};

    proptest! {
        // Always the same cases. In a few of a million a fill of two polls, which would be cheaper, is not tried.
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..Default::default() })]

        #[test]
        fn makes_no_more_polls_at_a_higher_price(ring in rings(), ln_price in -9.0..7.0, ln_factor in 0.0..5.0) {
            let distribution = Distribution::new(&ring).unwrap();
            let cheap = Plan::at_price(&distribution, f64::exp(ln_price));
            let dear = Plan::at_price(&distribution, f64::exp(ln_price + ln_factor));
            prop_assert!(dear.polls() <= cheap.polls() * 1.001, "{} after {}", dear.polls(), cheap.polls());
            prop_assert!(dear.delay() >= cheap.delay() * 0.999, "{} after {}", dear.delay(), cheap.delay());
        }
    }

    proptest! {
        #[test]
        fn keeps_a_distance_between_polls(ring in rings(), ln_price in -9.0..7.0) {
            let plan = Plan::at_price(&Distribution::new(&ring).unwrap(), f64::exp(ln_price));
            let count = plan.steps.last().unwrap().polls;
            prop_assert!(plan.instant(count).is_none() && plan.instant(u32::MAX).is_none());
            let mut last = 0.0;
            // The last poll is the end of the distribution, however close.
            for poll in 0..(count - 1).min(3000) {
                let instant = plan.instant(poll).unwrap();
                let rounding = instant * f64::from(f32::EPSILON);
                prop_assert!(instant - last >= MIN_GAP - rounding, "{last} then {instant}");
                last = instant;
            }
            prop_assert!(plan.instant(count - 1).unwrap() >= last);
            prop_assert!(plan.beyond(last) > last);
        }

        #[test]
        fn spends_what_it_is_given(ring in rings(), ln_polls in 0.7..6.0, ln_start in -9.0..7.0) {
            let distribution = Distribution::new(&ring).unwrap();
            let target = f64::exp(ln_polls);
            // Where the least gap decides, the price does not; and years are too far from any first price.
            prop_assume!(distribution.share_done(20.0 * MIN_GAP * target) < 0.2 && distribution.share_done(1e7) > 0.8);
            let plan = Plan::with_polls(&distribution, target, f64::exp(ln_start));
            let near = |factor: f64| Plan::at_price(&distribution, plan.price() * factor).polls();
            let met = (plan.polls() / target - 1.0).abs() <= 0.1;
            let jumped = near(1.5) <= target && target <= near(1.0 / 1.5);
            let (cheapest, dearest) = bounds(&distribution);
            let at_bound = plan.price() <= 1.01 * cheapest || plan.price() >= 0.99 * dearest;
            prop_assert!(met || jumped || at_bound, "{} polls for {target} at {}", plan.polls(), plan.price());
        }

        #[test]
        fn survives_any_number(ring in rings(), polls in num::f64::ANY, price in num::f64::ANY) {
            let distribution = Distribution::new(&ring).unwrap();
            for plan in [Plan::at_price(&distribution, price), Plan::with_polls(&distribution, polls, price)] {
                prop_assert!(plan.price().is_finite() && plan.price() > 0.0);
                prop_assert!(plan.polls().is_finite() && plan.polls() >= 1.0);
                prop_assert!(plan.delay().is_finite() && plan.delay() >= 0.0);
            }
        }
    }
}
