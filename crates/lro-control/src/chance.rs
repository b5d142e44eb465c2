/// The share of calls that is refused or fails at any rate.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Chance {
    share: f64,
    /// How long the next test whether it is still so is put off.
    retest: f64,
    retest_at: f64,
}

impl Chance {
    pub(crate) fn share(&self) -> f64 {
        self.share
    }

    /// The share of the other calls that is refused, if `share` of all is.
    pub(crate) fn excess(&self, share: f64) -> f64 {
        (share - self.share) / (1.0 - self.share)
    }

    /// Whether it is time to test if refusals still do not depend on the rate.
    pub(crate) fn is_to_be_tested(&self, now: f64) -> bool {
        self.share > 0.0 && now >= self.retest_at
    }

    /// A test has shown that this share does not depend on the rate.
    pub(crate) fn found(&mut self, share: f64) {
        self.share = share.min(CHANCE_MOST);
    }

    /// `n` calls have shown that it is less by now. It never rises without a test.
    pub(crate) fn lower(&mut self, n: f64, share: f64) {
        if share < self.share {
            self.share += (n / FORGETS_IN).min(0.5) * (share - self.share);
            if self.share < NOTHING {
                self.share = 0.0;
            }
        }
    }

    /// Nothing fails any more.
    pub(crate) fn end(&mut self) {
        self.share = 0.0;
    }

    /// A test of this length has found chance. The next test comes later than the last.
    pub(crate) fn retest_later(&mut self, now: f64, test_lasted: f64) {
        let gap = (2.0 * self.retest).max(TEST_SHARE * test_lasted).max(RETEST_FIRST);
        self.retest_in(gap.min(RETEST_MOST), now);
    }

    /// A test has found chance and a quota. The next test comes as late as the last.
    pub(crate) fn retest_as_before(&mut self, now: f64) {
        self.retest_in(self.retest.max(RETEST_FIRST), now);
    }

    pub(crate) fn retest_soon(&mut self, now: f64) {
        self.retest_in(RETEST_FIRST, now);
    }

    /// The test has ended with a quota.
    pub(crate) fn retest_at_once(&mut self) {
        self.retest = 0.0;
    }

    fn retest_in(&mut self, gap: f64, now: f64) {
        self.retest = gap;
        self.retest_at = now + gap;
    }
}

/// More is an outage in all but name.
const CHANCE_MOST: f64 = 0.6;
/// A mean over the last thousand calls or so: 1 % of them is ten.
const FORGETS_IN: f64 = 1_000.0;
/// A quarter of the least excess that matters.
const NOTHING: f64 = 0.0025;
/// The first tests are soon, because a quota is dear that is mistaken for chance …
const RETEST_FIRST: f64 = 2.0;
/// … and the later tests find a quota within a minute.
const RETEST_MOST: f64 = 60.0;
/// A test takes at most a twentieth of the time.
const TEST_SHARE: f64 = 20.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_falls_by_itself_and_rises_by_a_test_alone() {
        let mut chance = Chance::default();
        chance.found(0.2);
        chance.lower(100.0, 0.5);
        assert_eq!(chance.share(), 0.2);
        chance.lower(100.0, 0.1);
        assert!((chance.share() - 0.19).abs() < 1e-9);
        (0..100).for_each(|_| chance.lower(400.0, 0.0));
        assert_eq!(chance.share(), 0.0);
        chance.found(0.9);
        assert_eq!(chance.share(), CHANCE_MOST);
    }

    #[test]
    fn tests_become_rare() {
        let mut chance = Chance::default();
        chance.found(0.2);
        let mut gaps = Vec::new();
        for _ in 0..7 {
            chance.retest_later(100.0, 0.05);
            gaps.push(chance.retest_at - 100.0);
        }
        assert_eq!(gaps, [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
        assert!(!chance.is_to_be_tested(159.0));
        assert!(chance.is_to_be_tested(160.0));
        chance.retest_at_once();
        chance.retest_later(0.0, 1.5);
        assert_eq!(chance.retest_at, 30.0);
    }
}
