//! How well the progress that an operation reports predicts its duration.

use crate::distribution::Distribution;

/// The error of the estimates of one kind.
///
/// An operation that reports a share done at some age takes about `age / share` in all. In the logarithm that estimate
/// is wrong by an error whose standard deviation is the [uncertainty](Estimate) of the estimate times a factor that all
/// operations of the kind share. The variance of that factor is learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ProgressModel {
    variance: f64,
    /// The operations that it was learned from.
    operations: u32,
}

/// What one report of progress says of the duration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Estimate {
    /// In seconds.
    duration: f64,
    /// How wrong it is beside other estimates of the kind, in ln of seconds.
    ///
    /// A progress bar that reports `x^b` when the share x of the time has passed is wrong by `(1/b - 1) ln share`. So
    /// the uncertainty is `-ln share`, plus a [constant](NOISE).
    uncertainty: f64,
}

/// Sums over the estimates of one operation, of the ln of its duration.
///
/// The weight of an estimate is the inverse square of its uncertainty. The sums are those that give the mean square of
/// the weighted errors once the duration is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Estimates {
    count: f64,
    weight: f64,
    sum: f64,
    squares: f64,
}

impl Estimates {
    /// Adds the report of a share done at an age in seconds. Returns the estimate, if the report gives one.
    pub(crate) fn add(&mut self, age: f64, share: f64) -> Option<Estimate> {
        let estimate = Some((age / share).ln()).filter(|estimate| share < 1.0 && estimate.is_finite())?;
        let uncertainty = NOISE - share.ln();
        let weight = 1.0 / (uncertainty * uncertainty);
        self.count += 1.0;
        self.weight += weight;
        self.sum += weight * estimate;
        self.squares += weight * estimate * estimate;
        Some(Estimate { duration: estimate.exp(), uncertainty })
    }
}

impl ProgressModel {
    /// Before anything is known: an estimate at 40 % is wrong by a factor of 1.8 (one standard deviation, 0.6 in ln),
    /// as a bad progress bar is. Measured: a quarter of this variance changes polls and delays by less than a
    /// twentieth, because nothing is planned by the progress before one operation has corrected it.
    pub(crate) const UNKNOWN: Self = Self { variance: 0.36, operations: 0 };

    /// Reads what was saved. Numbers that make no sense count as the nearest that do.
    pub(crate) fn saved((variance, operations): (f32, u32)) -> Self {
        let variance = f64::from(variance);
        let variance =
            if variance.is_finite() { variance.clamp(0.0, LARGEST_VARIANCE) } else { Self::UNKNOWN.variance };
        Self { variance, operations }
    }

    /// What is saved; `None` before anything is known.
    pub(crate) fn to_save(self) -> Option<(f32, u32)> {
        self.is_known().then_some((self.variance as f32, self.operations))
    }

    /// Learns from the estimates of an operation that took `duration` seconds.
    pub(crate) fn learn(&mut self, estimates: &Estimates, duration: f64) {
        if estimates.count == 0.0 {
            return;
        }
        let (end, Estimates { count, weight, sum, squares }) = (duration.ln(), *estimates);
        let square = ((end * end * weight - 2.0 * end * sum + squares) / count).max(0.0);
        if square.is_finite() {
            let weight = f64::from(self.operations.min(MOST_OPERATIONS)).max(WEIGHT_OF_UNKNOWN);
            self.variance = (self.variance * weight + square) / (weight + 1.0);
            self.operations = self.operations.saturating_add(1);
        }
    }

    /// Whether an operation that reported progress has ended. Before that, progress is not trusted.
    pub(crate) fn is_known(&self) -> bool {
        self.operations > 0
    }

    /// The distribution of the duration of an operation that is running at the age `now`, in seconds, by its last
    /// estimate.
    pub(crate) fn posterior(
        &self,
        prior: &Distribution,
        now: f64,
        estimate: Estimate,
    ) -> Option<Distribution> {
        let deviation = (self.variance.sqrt() * estimate.uncertainty).max(LEAST_DEVIATION);
        prior.posterior(now, estimate.duration, deviation)
    }
}

/// The uncertainty that is left when all is done, in ln of seconds: progress is rounded and read late. Measured: at a
/// half and at the double, polls and delays are within 15 %.
const NOISE: f64 = 0.1;
/// No estimate is taken to be better than one percent, because progress is reported in whole percents. Measured: at
/// five percent, a good progress bar saves 43 % of the polls of memoryless work instead of 55 %.
const LEAST_DEVIATION: f64 = 0.01;
/// What was learned before counts as up to 15 operations, so that a bar that changes is learned again within about as
/// many. Measured: with five, a good bar saves 52 % of the polls of memoryless work instead of 55 %.
const MOST_OPERATIONS: u32 = 15;
/// What is assumed before anything is known counts as a quarter of an operation: the first one that ends decides, and
/// one that fits by chance is not taken for perfect. Measured: at a whole operation, polls and delays are within a
/// tenth.
const WEIGHT_OF_UNKNOWN: f64 = 0.25;
/// A saved variance is not more: an estimate that is wrong by a factor of `e^10` says nothing.
const LARGEST_VARIANCE: f64 = 100.0;
