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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_begins_with_its_first_call() {
        let mut round = Round::default();
        assert!(round.has(-1.0));
        round.sent(10.0);
        round.sent(11.0);
        round.good();
        assert_eq!((round.has(10.0), round.has(9.9)), (true, false));
        assert_eq!((round.lasted(12.0), round.made(12.0), round.delivered(12.0)), (2.0, 1.0, 0.5));
    }

    #[test]
    fn rates_are_finite_in_no_time() {
        let round = Round::from(10.0);
        assert_eq!(round.lasted(9.0), 0.0);
        assert!(round.made(10.0).is_finite() && round.delivered(10.0).is_finite());
        assert_eq!(round.tally.share(), 0.0);
    }

    #[test]
    fn a_tally_counts_what_is_bad() {
        let mut tally = Tally::default();
        [true, false, true, true].into_iter().for_each(|is_good| tally.count(is_good));
        assert_eq!(tally.share(), 0.25);
        assert_eq!((tally.and(tally).calls(), tally.and(tally).bad()), (8.0, 2.0));
    }
}
