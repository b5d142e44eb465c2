use super::curve::Curve;

/// How well the progress that a kind tells fits how long its operations take.
///
/// An operation of which a share is done after a time will take about `time / share` in all; by how much that is wrong has
/// one variance, in ln of seconds, which every operation that finished mends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bar {
    /// The mean square of the error, in ln of seconds.
    pub(super) variance: f64,
    /// The operations that it was learned from.
    pub(super) operations: u32,
}

/// What one operation told of its progress, as guesses of the ln of its duration: their number, sum and sum of squares.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Guesses {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Guesses {
    /// Adds what a share done after a time in seconds tells, and returns the duration that it lets expect.
    pub(super) fn add(&mut self, elapsed: f64, share: f64) -> Option<f64> {
        let guess = Some((elapsed / share).ln()).filter(|guess| share < 1.0 && guess.is_finite())?;
        self.count += 1.0;
        self.sum += guess;
        self.squares += guess * guess;
        Some(guess.exp())
    }
}

impl Bar {
    /// Before anything is known: wrong by a factor of 1.8, one standard deviation.
    pub(super) const UNKNOWN: Self = Self { variance: 0.36, operations: 0 };

    /// Learns from the guesses about an operation that took `duration` seconds. What it knew before counts as up to 15
    /// operations, and what it supposed at first as a quarter of one.
    pub(super) fn learn(&mut self, guesses: &Guesses, duration: f64) {
        if guesses.count == 0.0 {
            return;
        }
        let (end, Guesses { count, sum, squares }) = (duration.ln(), *guesses);
        let square = (end * end - 2.0 * end * sum / count + squares / count).max(0.0);
        if square.is_finite() {
            let weight = f64::from(self.operations.min(15)).max(0.25);
            self.variance = (self.variance * weight + square) / (weight + 1.0);
            self.operations = self.operations.saturating_add(1);
        }
    }

    /// Whether an operation that told its progress has finished.
    pub(super) fn is_known(&self) -> bool {
        self.operations > 0
    }

    /// The curve of an operation that is running at `now` and is expected to take `duration`, both in seconds.
    pub(super) fn bent(&self, curve: &Curve, now: f64, duration: f64) -> Option<Curve> {
        curve.given(now, duration, self.variance.sqrt().max(0.01))
    }
}
