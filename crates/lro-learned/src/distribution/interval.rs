//! What is remembered of an operation: the interval in which it ended.

/// An operation ended after `ln_lo` and not later than `ln_hi`, both in ln of seconds since it began.
///
/// An interval wider than a factor of 12 is one-sided: the wait was given up, and the operation ran for longer than
/// `ln_lo`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    /// From [`EARLIEST`] to [`LATEST`].
    ln_lo: f32,
    /// Not less than `ln_lo`; infinite if the operation was given up.
    ln_hi: f32,
}

/// An interval reduced to a point and a spread, both in ln of seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) lo: f64,
    pub(crate) hi: f64,
    /// When the operation ended, by the best estimate so far.
    pub(crate) at: f64,
    /// The standard deviation of that estimate.
    pub(crate) spread: f64,
    /// The standard deviation of its kernel.
    pub(crate) band: f64,
}

impl Interval {
    /// Takes any two numbers. Each is clamped to [`EARLIEST`] and [`LATEST`]; NaN counts as a bound.
    pub(crate) fn new(ln_lo: f32, ln_hi: Option<f32>) -> Self {
        // Not `clamp`, which lets NaN pass.
        let ln_lo = if ln_lo > EARLIEST { ln_lo.min(LATEST) } else { EARLIEST };
        let ln_hi = ln_hi.map_or(f32::INFINITY, |ln_hi| ln_hi.min(LATEST).max(ln_lo));
        Self { ln_lo, ln_hi }
    }

    /// The two numbers. The second is absent if the wait was given up.
    pub(crate) fn bounds(&self) -> (f32, Option<f32>) {
        (self.ln_lo, Some(self.ln_hi).filter(|ln_hi| ln_hi.is_finite()))
    }
}

impl From<&Interval> for Sample {
    /// The first estimate: uniform within the interval, or shortly after the beginning of a one-sided one.
    fn from(interval: &Interval) -> Self {
        let (lo, hi) = (f64::from(interval.ln_lo), f64::from(interval.ln_hi.min(LATEST)));
        let (at, spread) = if hi - lo > ONE_SIDED {
            (lo + ONE_SIDED_SPREAD, ONE_SIDED_SPREAD)
        } else {
            (0.5 * (lo + hi), (hi - lo) / 12_f64.sqrt())
        };
        Self { lo, hi, at, spread, band: 0.0 }
    }
}

impl Sample {
    /// Replaces the estimate by the mean and the standard deviation of a distribution within the interval. The
    /// distribution has cumulative `shares` at ascending `points` and is linear between them.
    pub(crate) fn refine(&mut self, points: &[f64], shares: &[f64]) {
        if self.hi - self.lo < NARROW {
            return;
        }
        let first = points.partition_point(|&point| point <= self.lo).saturating_sub(1);
        let (mut weight, mut mean, mut square) = (0.0, 0.0, 0.0);
        for (point, share) in points.windows(2).zip(shares.windows(2)).skip(first) {
            if point[0] >= self.hi {
                break;
            }
            let (from, to) = (point[0].max(self.lo), point[1].min(self.hi));
            if to <= from {
                continue;
            }
            let part = (share[1] - share[0]) * (to - from) / (point[1] - point[0]);
            // Relative to the beginning of the interval, because the variance is a difference of squares.
            let middle = 0.5 * (from + to) - self.lo;
            weight += part;
            mean += part * middle;
            square += part * middle * middle;
        }
        if weight > LEAST_WEIGHT {
            mean /= weight;
            self.at = self.lo + mean;
            self.spread = (square / weight - mean * mean).max(0.0).sqrt();
        }
    }
}

/// In ln of seconds: 45 microseconds and 15 years. Beyond either a number is a mistake, and exponentials stay finite in
/// between.
const EARLIEST: f32 = -10.0;
const LATEST: f32 = 20.0;
/// The width, in ln of seconds, above which only the beginning counts. An operation that was done is in an interval of
/// a factor of 8 at most (2.08), and one that was given up is in one without an end.
const ONE_SIDED: f64 = 2.5;
/// For a one-sided interval, the distance and the spread of the first estimate, in ln of seconds: the operation is
/// assumed to take a third longer than it was seen to. The distribution of the others corrects it.
const ONE_SIDED_SPREAD: f64 = 0.3;
/// The width, in ln of seconds, below which the middle is as good as any other estimate: 2 % of the duration.
const NARROW: f64 = 0.02;
/// Where the distribution has less than this within the interval, a mean would be rounding errors.
const LEAST_WEIGHT: f64 = 1e-12;

#[cfg(test)]
pub(crate) mod strategies {
    use proptest::{collection::vec, num, prelude::*};

    use super::Interval;

    /// Histories of 1 to 64 operations from 1 ms to 30 days: similar, dissimilar or equal durations, given up, or
    /// nonsense.
    pub(crate) fn rings() -> impl Strategy<Value = Vec<Interval>> {
        let bounds = -6.9_f32..14.8;
        let width = || prop_oneof![Just(5e-4_f32), 1e-3_f32..0.1, 0.1_f32..2.4, Just(5.01_f32)];
        let interval = |ln_lo, width| Interval::new(ln_lo, Some(ln_lo + width));
        let dissimilar =
            vec((bounds.clone(), width()).prop_map(move |(lo, width)| interval(lo, width)), 1..=64);
        let similar = (bounds.clone(), 0.0_f32..1.0).prop_flat_map(move |(center, sd)| {
            vec((-2.0_f32..2.0, width()).prop_map(move |(z, w)| interval(center + sd * z, w)), 1..=64)
        });
        let equal =
            (bounds.clone(), width(), 1..=64_usize).prop_map(move |(lo, w, n)| vec![interval(lo, w); n]);
        let given_up = vec(bounds.prop_map(|ln_lo| Interval::new(ln_lo, None)), 1..=64);
        let raw = vec(
            (num::f32::ANY, num::f32::ANY).prop_map(|(ln_lo, ln_hi)| Interval::new(ln_lo, Some(ln_hi))),
            1..=64,
        );
        let nonsense = prop_oneof![raw, Just(vec![Interval::new(f32::NAN, Some(f32::NAN)); 3])];
        prop_oneof![2 => dissimilar, 4 => similar, 1 => equal, 1 => given_up, 1 => nonsense]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_the_middle_or_soon_after_an_open_beginning() {
        let guess = |ln_lo, ln_hi| Sample::from(&Interval::new(ln_lo, Some(ln_hi)));
        assert_eq!((guess(1.0, 2.0).at, guess(1.0, 2.0).spread), (1.5, 1.0 / 12_f64.sqrt()));
        assert_eq!((guess(1.0, f32::INFINITY).at, guess(1.0, f32::INFINITY).spread), (1.3, 0.3));
        assert_eq!((guess(f32::NAN, f32::NAN).at, guess(3.0, 2.0).at), (-9.7, 3.0));
    }

    #[test]
    fn refines_a_guess_within_its_interval() {
        let mut sample = Sample::from(&Interval::new(1.0, Some(2.0)));
        sample.refine(&[0.0, 1.5, 2.0, 4.0], &[0.0, 0.4, 0.4, 1.0]);
        assert_eq!((sample.at, sample.spread), (1.25, 0.0));
        sample.refine(&[1.0, 1.5, 2.0], &[0.0, 0.5, 1.0]);
        assert_eq!((sample.at, sample.spread), (1.5, 0.25));
        sample.refine(&[3.0, 4.0], &[0.0, 1.0]);
        assert_eq!((sample.at, sample.spread), (1.5, 0.25), "nothing is said of the interval");
    }
}
