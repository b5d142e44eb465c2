//! How many polls a kind may be ahead of the usual backoff.

/// The balance of one kind: what the usual backoff would have polled, or the multiple of that which is allowed, minus
/// the polls that were made, plus an opening balance.
///
/// The shares of the running waits are separate from what the ended ones left, because only the latter are saved and
/// replaced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ledger {
    settled: f64,
    running: f64,
    /// The largest sum of the two.
    most: f64,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self { settled: OPENING, running: 0.0, most: MOST }
    }

    /// How many polls are left.
    pub(crate) fn tokens(&self) -> f64 {
        self.settled + self.running
    }

    /// From 0, when the kind is as far ahead as it may be, to 1.
    pub(crate) fn fullness(&self) -> f64 {
        (self.tokens() / OPENING).clamp(0.0, 1.0)
    }

    /// Sets the share `own` of a running wait to `balance`: the polls allowed for it minus its own, whenever it ends.
    pub(crate) fn account(&mut self, own: &mut f32, balance: f64) {
        // In the smaller type, so that exactly what was added is subtracted in the end.
        let balance = balance as f32;
        self.running += f64::from(balance) - f64::from(*own);
        *own = balance;
        self.settled = self.settled.min(self.most - self.running);
    }

    /// Allows the kind to save up the polls of two operations of this many, if those are more than [`MOST`].
    pub(crate) fn allow_for(&mut self, polls: f64) {
        self.most = MOST.max(OPERATIONS_SAVED_UP * polls);
    }

    /// Moves the share of a wait that has ended to what is settled.
    pub(crate) fn settle(&mut self, own: &mut f32) {
        self.running -= f64::from(*own);
        self.settled += f64::from(*own);
        *own = 0.0;
    }

    /// Takes out the share of a wait that goes on in another process or later.
    pub(crate) fn take_out(&mut self, own: &mut f32) {
        self.running -= f64::from(*own);
        *own = 0.0;
    }

    /// What the waits that have ended left.
    pub(crate) fn settled(&self) -> f64 {
        self.settled
    }

    /// Replaces what the waits that have ended left by what was saved. The shares of the running ones stay. Not more
    /// than the opening balance is taken, so that a saved history allows no more polls than none.
    pub(crate) fn remember(&mut self, saved: f64) {
        self.settled = if saved.is_finite() { saved.clamp(0.0, OPENING) } else { 0.0 };
    }
}

/// The polls that a kind may be ahead of the usual backoff. A plan needs a few in advance, because it polls densely
/// where the end is likely and saves polls elsewhere; 16 are those of two or three operations of a minute. Measured:
/// with 8, the delay after two or three operations is 0.44 of the usual backoff's instead of 0.41; with 32 it is 0.40.
const OPENING: f64 = 16.0;
/// The most that a kind of short operations can save up: a kind that was cheap for long cannot then be expensive for
/// long.
const MOST: f64 = 64.0;
/// A plan for hours makes few polls at first and then hundreds around the end. With the polls of one operation the last
/// of them would find the ledger empty whenever the operation takes longer than usual.
const OPERATIONS_SAVED_UP: f64 = 2.0;
