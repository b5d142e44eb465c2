use crate::distribution::Distribution;

/// How well the progress that a kind tells fits how long its operations take.
///
/// An operation of which a share is done after a time will take about `time / share` in all. By how much that is wrong,
/// beside the [doubt](Estimate), has one variance, which every operation that finished mends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ProgressModel {
    /// The mean square of the error, in ln of seconds, over the doubt.
    pub(crate) variance: f64,
    /// The operations that it was learned from.
    pub(crate) operations: u32,
}

/// What one share done tells of the duration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Estimate {
    /// In seconds.
    duration: f64,
    /// How wrong it may be beside others of the kind, in ln of seconds.
    ///
    /// A bent bar, which tells `x^b` of the share x of the time that has passed, is wrong by `(1/b - 1) ln share`. So the
    /// doubt is `-ln share`, and [a bit more](NOISE).
    doubt: f64,
}

/// What one operation told of its progress, as estimates of the ln of its duration: their number, and by the inverse squares
/// of their doubts the sums of those, of the estimates and of their squares.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Estimates {
    count: f64,
    weight: f64,
    sum: f64,
    squares: f64,
}

impl Estimates {
    /// Adds what a share done after a time in seconds tells of the duration, if it tells any.
    pub(crate) fn add(&mut self, elapsed: f64, share: f64) -> Option<Estimate> {
        let estimate = Some((elapsed / share).ln()).filter(|estimate| share < 1.0 && estimate.is_finite())?;
        let doubt = NOISE - share.ln();
        let weight = 1.0 / (doubt * doubt);
        self.count += 1.0;
        self.weight += weight;
        self.sum += weight * estimate;
        self.squares += weight * estimate * estimate;
        Some(Estimate { duration: estimate.exp(), doubt })
    }
}

impl ProgressModel {
    /// Before anything is known: wrong by a factor of 1.8, one standard deviation, when 40 % are done.
    pub(crate) const UNKNOWN: Self = Self { variance: 0.36, operations: 0 };

    /// Learns from the estimates about an operation that took `duration` seconds. What it knew before counts as up to 15
    /// operations, and what it supposed at first as a quarter of one.
    pub(crate) fn learn(&mut self, estimates: &Estimates, duration: f64) {
        if estimates.count == 0.0 {
            return;
        }
        let (end, Estimates { count, weight, sum, squares }) = (duration.ln(), *estimates);
        let square = ((end * end * weight - 2.0 * end * sum + squares) / count).max(0.0);
        if square.is_finite() {
            let weight = f64::from(self.operations.min(15)).max(0.25);
            self.variance = (self.variance * weight + square) / (weight + 1.0);
            self.operations = self.operations.saturating_add(1);
        }
    }

    /// Whether an operation that told its progress has finished.
    pub(crate) fn is_known(&self) -> bool {
        self.operations > 0
    }

    /// The distribution of an operation that is running at `now`, in seconds, by what it told last.
    pub(crate) fn bent(
        &self,
        distribution: &Distribution,
        now: f64,
        estimate: Estimate,
    ) -> Option<Distribution> {
        distribution.given(
            now,
            estimate.duration,
            (self.variance.sqrt() * estimate.doubt).max(LEAST_DEVIATION),
        )
    }
}

/// The doubt that is left at the end, for what is rounded or read with noise. Twice or half of it is as good.
const NOISE: f64 = 0.1;
/// No estimate is taken to be better than to one in a hundred: bars tell whole percents.
const LEAST_DEVIATION: f64 = 0.01;
