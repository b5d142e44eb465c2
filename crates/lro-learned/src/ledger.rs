/// How many polls a kind may be ahead of the classic backoff, or of what it may spend beside that.
///
/// What a running wait has added is kept apart from what those before it left, for that alone is saved and replaced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ledger {
    settled: f64,
    running: f64,
    /// The most that both may come to.
    most: f64,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self { settled: OPENING, running: 0.0, most: MOST }
    }

    pub(crate) fn tokens(&self) -> f64 {
        self.settled + self.running
    }

    /// From 0, when the kind is as far ahead as it may be, to 1.
    pub(crate) fn fullness(&self) -> f64 {
        (self.tokens() / OPENING).clamp(0.0, 1.0)
    }

    /// Sets what a running wait has added, whenever its operation ends: the polls allowed for it less its own.
    pub(crate) fn account(&mut self, own: &mut f32, balance: f64) {
        // In the smaller type, so that just what was added is taken away in the end.
        let balance = balance as f32;
        self.running += f64::from(balance) - f64::from(*own);
        *own = balance;
        self.settled = self.settled.min(self.most - self.running);
    }

    /// Lets the kind save up the polls that are allowed for two operations, if those are more than 64: one of hours makes
    /// few of its own for long, and then needs hundreds.
    pub(crate) fn allow_for(&mut self, operation: f64) {
        self.most = MOST.max(2.0 * operation);
    }

    /// A wait has ended: what it added stays.
    pub(crate) fn settle(&mut self, own: &mut f32) {
        self.running -= f64::from(*own);
        self.settled += f64::from(*own);
        *own = 0.0;
    }

    /// What the waits that have ended left.
    pub(crate) fn settled(&self) -> f64 {
        self.settled
    }

    /// Replaces what the waits that have ended left by what was saved; those that run keep theirs.
    pub(crate) fn remember(&mut self, saved: f64) {
        self.settled = if saved.is_finite() { saved.clamp(0.0, OPENING) } else { 0.0 };
    }
}

/// The opening balance.
const OPENING: f64 = 16.0;
/// The most that a kind of short operations can save up.
const MOST: f64 = 64.0;
