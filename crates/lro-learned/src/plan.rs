//! When to ask about the next operation of a kind.

pub(crate) mod ranking;
mod solver;

use self::solver::Solver;
use crate::distribution::Distribution;

/// When to ask: instants in ascending order, until the operation is almost certainly done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    steps: Box<[Step]>,
    price: f64,
    polls: f64,
    delay: f64,
}

/// Polls evenly spaced since the step before, the last of them at `until` seconds.
///
/// Eight bytes, and no more steps than a distribution has cells (312 of 64 operations): 2.5 KB however many the polls.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    until: f32,
    /// Those of the steps before included.
    polls: u32,
}

impl Plan {
    /// The plan of the least expected `price * polls + delay`, where the price of a poll is in seconds.
    pub(crate) fn at_price(distribution: &Distribution, price: f64) -> Self {
        // Not `clamp`, which lets NaN pass.
        let price = if price > CHEAPEST { price.min(DEAREST) } else { CHEAPEST };
        Self::of(distribution, &Solver::new(distribution, price), price)
    }

    /// The plan of the least expected delay for an expected number of polls, at least 1.02, met to within 2.5 % as a
    /// rule. The search starts from a price in seconds: the last one of the kind, or 0 for none.
    ///
    /// Polls go as `price^(-1/2)` (Keller 1974), so two or three prices usually do. Near a single poll, and where
    /// [`MIN_GAP`](crate::distribution::MIN_GAP) decides, they do not; after a dozen prices the last one stands.
    pub(crate) fn with_polls(distribution: &Distribution, polls: f64, start: f64) -> Self {
        let target = polls.max(1.02);
        let (cheapest, dearest) = bounds(distribution);
        let mut price = if start > 0.0 { start.clamp(CHEAPEST, DEAREST) } else { 0.5 };
        let (mut below, mut above) = (0.0, f64::INFINITY);

        let mut policy = Solver::new(distribution, price);
        for _ in 0..12 {
            let factor = (policy.polls() / target).powi(2);
            if factor.ln().abs() < 0.05 {
                break;
            }
            if factor > 1.0 {
                below = price;
            } else {
                above = price;
            }
            let mut next = price * factor.clamp(0.05, 20.0);
            if below > 0.0 && above.is_finite() && (next <= below || next >= above) {
                next = (below * above).sqrt();
            }
            next = next.clamp(cheapest, dearest);
            if (next / price).ln().abs() < 0.01 {
                break;
            }
            price = next;
            policy.solve(price);
        }
        Self::of(distribution, &policy, price)
    }

    /// The instant of a poll, counted from 0, in seconds since the operation began; `None` after the last.
    pub(crate) fn instant(&self, poll: u32) -> Option<f64> {
        let index = self.steps.partition_point(|step| step.polls <= poll);
        let step = self.steps.get(index)?;
        let before = index.checked_sub(1).map_or(Step { until: 0.0, polls: 0 }, |before| self.steps[before]);
        let (from, until) = (f64::from(before.until), f64::from(step.until));
        let share = f64::from(poll - before.polls + 1) / f64::from(step.polls - before.polls);
        Some(from + (until - from) * share)
    }

    /// The first poll, counted from 0, whose instant is later than a time in seconds.
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

    /// The instant after another one, both in seconds, when the plan has none left: the density of polls for a hazard
    /// of one end in the time elapsed, at the same price.
    pub(crate) fn beyond(&self, last: f64) -> f64 {
        last + (2.0 * self.price * last.max(1.0)).sqrt()
    }

    /// What a poll is worth, in seconds of delay.
    pub(crate) fn price(&self) -> f64 {
        self.price
    }

    /// The expected number of polls, by the distribution.
    #[cfg(test)]
    pub(crate) fn polls(&self) -> f64 {
        self.polls
    }

    /// The expected time from the end to the poll that sees it, in seconds, by the distribution.
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

/// The prices among which one is sought, in seconds.
fn bounds(distribution: &Distribution) -> (f64, f64) {
    let (times, _) = distribution.cells();
    let middle = times[times.len() / 2];
    (1e-6 * middle + 1e-6, 10.0 * middle + 10.0)
}

/// The bounds of a price that is given, in seconds.
const CHEAPEST: f64 = 1e-6;
const DEAREST: f64 = 1e9;

#[cfg(test)]
mod tests {
    use proptest::{num, prelude::*};

    use super::*;
    use crate::distribution::{MIN_GAP, interval::strategies::rings};

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
        fn makes_no_more_polls_at_a_higher_price(ring in rings(), ln_price in -9.0..7.0, ln_factor in 0.0..5.0) {
            let distribution = Distribution::new(&ring).unwrap();
            let cheap = Plan::at_price(&distribution, f64::exp(ln_price));
            let dear = Plan::at_price(&distribution, f64::exp(ln_price + ln_factor));
            prop_assert!(dear.polls() <= cheap.polls() * 1.001, "{} after {}", dear.polls(), cheap.polls());
            prop_assert!(dear.delay() >= cheap.delay() * 0.999, "{} after {}", dear.delay(), cheap.delay());
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
