/// The calls of a short time, and the replies to those of them that were sent within it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Round {
    /// `None` until the first call is sent.
    began: Option<f64>,
    sent: u32,
    good: u32,
    pub(crate) tally: Tally,
}

/// Replies to operations that had not failed when they were asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    calls: u32,
    bad: u32,
}

impl Round {
    pub(crate) fn from(now: f64) -> Self {
        Self { began: Some(now), ..Self::default() }
    }

    pub(crate) fn sent(&mut self, now: f64) {
        self.began.get_or_insert(now);
        self.sent = self.sent.saturating_add(1);
    }

    /// A good reply to any call, an earlier one included.
    pub(crate) fn good(&mut self) {
        self.good = self.good.saturating_add(1);
    }

    /// Whether a call was sent within this round.
    pub(crate) fn has(&self, sent_at: f64) -> bool {
        self.began.is_none_or(|began| sent_at >= began)
    }

    pub(crate) fn lasted(&self, now: f64) -> f64 {
        self.began.map_or(0.0, |began| (now - began).max(0.0))
    }

    /// The calls a second that were sent.
    pub(crate) fn made(&self, now: f64) -> f64 {
        f64::from(self.sent) / self.lasted(now).max(LEAST_TIME)
    }

    /// The good replies a second, one reply at least.
    pub(crate) fn delivered(&self, now: f64) -> f64 {
        f64::from(self.good.max(1)) / self.lasted(now).max(LEAST_TIME)
    }
}

impl Tally {
    pub(crate) fn count(&mut self, is_good: bool) {
        self.calls = self.calls.saturating_add(1);
        self.bad = self.bad.saturating_add(u32::from(!is_good));
    }

    pub(crate) fn calls(self) -> f64 {
        f64::from(self.calls)
    }

    pub(crate) fn bad(self) -> f64 {
        f64::from(self.bad)
    }

    /// The share that was refused or failed; zero of no calls.
    pub(crate) fn share(self) -> f64 {
        self.bad() / self.calls().max(1.0)
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self { calls: self.calls.saturating_add(other.calls), bad: self.bad.saturating_add(other.bad) }
    }
}

/// A microsecond, in seconds: rates are finite even if a clock stands still.
const LEAST_TIME: f64 = 1e-6;
