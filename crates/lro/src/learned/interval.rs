//! What is remembered of an operation.

/// When an operation was seen to finish: after `ln_lo` and not later than `ln_hi`, both ln of seconds since it began.
///
/// An interval wider than a factor of 12 is one-sided: its operation was given up, and ran for longer than `ln_lo`.
/// Any two numbers will do: what lies beyond 50 us or 2000 years, or is none, counts as that bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    pub(crate) ln_lo: f32,
    pub(crate) ln_hi: f32,
}

/// An interval reduced to a point with a spread, both in ln of seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) lo: f64,
    pub(super) hi: f64,
    /// Where it finished, by the best guess so far.
    pub(super) at: f64,
    /// The standard deviation of that guess.
    pub(super) spread: f64,
    /// The standard deviation of its kernel.
    pub(super) band: f64,
}

impl From<&Interval> for Sample {
    /// The first guess: uniform within the interval, or soon after the beginning of a one-sided one.
    fn from(interval: &Interval) -> Self {
        // Not `clamp`, which lets NaN pass.
        let lo = f64::from(if interval.ln_lo > EARLIEST { interval.ln_lo.min(LATEST) } else { EARLIEST });
        let hi = f64::from(interval.ln_hi.min(LATEST)).max(lo);
        let (at, spread) =
            if hi - lo > ONE_SIDED { (lo + 0.3, 0.3) } else { (0.5 * (lo + hi), (hi - lo) / 12_f64.sqrt()) };
        Self { lo, hi, at, spread, band: 0.0 }
    }
}

impl Sample {
    /// Replaces the guess by the mean and the deviation of a distribution within the interval: cumulative `shares` at
    /// ascending `points`, linear between them.
    pub(super) fn refine(&mut self, points: &[f64], shares: &[f64]) {
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
            // Counted from the interval's beginning, lest the variance cancel.
            let middle = 0.5 * (from + to) - self.lo;
            weight += part;
            mean += part * middle;
            square += part * middle * middle;
        }
        if weight > 1e-12 {
            mean /= weight;
            self.at = self.lo + mean;
            self.spread = (square / weight - mean * mean).max(0.0).sqrt();
        }
    }
}

const EARLIEST: f32 = -10.0;
const LATEST: f32 = 25.0;
/// The width above which only the beginning counts.
const ONE_SIDED: f64 = 2.5;
/// The width below which the middle is as good as anything.
const NARROW: f64 = 0.02;
