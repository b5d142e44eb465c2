use crate::round::{Round, Tally};

/// The second half of a test: are fewer calls refused at a rate somewhat below what was delivered?
///
/// A sequential likelihood ratio test (Wald 1945) of two hypotheses: as many are refused as before (chance), or hardly any (a
/// quota, and the rate is below it).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dip {
    pub(crate) test: Test,
    /// The rate before the test.
    pub(crate) old_rate: f64,
    /// The rate that was delivered, chance aside.
    pub(crate) delivered: f64,
    /// The share that was refused before the dip.
    share: f64,
    /// The logarithm of the likelihood ratio. Positive is for chance.
    llr: f64,
    /// The replies before the dip.
    seen: Tally,
}

/// What is tested.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Test {
    /// The share that counts as chance. Zero tests whether it still is.
    pub(crate) base: f64,
    /// How many calls are looked at before the dip.
    pub(crate) calls: f64,
    pub(crate) began: f64,
}

/// What a dip has shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// More calls are refused than before the dip: the trouble had only begun.
    Worse,
    /// Fewer, but many still: the rest of them is chance.
    Both { left: f64 },
    /// As many as before; `share` is known if the test was clear.
    Chance { share: Option<f64> },
    /// Hardly any: the delivered rate is what the service gives.
    Quota,
}

impl Test {
    pub(crate) fn new(base: f64, excess: f64, now: f64) -> Self {
        Self { base, calls: (SEEN / excess).clamp(ROUND_LEAST, TEST_MOST), began: now }
    }

    /// The dip after this round.
    pub(crate) fn dip(self, round: &Round, old_rate: f64, now: f64) -> Dip {
        let delivered = round.delivered(now) / (1.0 - self.base);
        let share = round.tally.share().min(SHARE_MOST);
        Dip { test: self, old_rate, delivered, share, llr: 0.0, seen: round.tally }
    }
}

impl Dip {
    /// The rate of the dip.
    pub(crate) fn rate(&self) -> f64 {
        self.delivered * DIP
    }

    /// Counts one more reply. `round` has all replies since the dip began. Returns `None` as long as the test is open.
    pub(crate) fn count(&mut self, is_good: bool, round: &Round, now: f64, rtt: f64) -> Option<Verdict> {
        let (was, n) = (self.share, round.tally.calls());
        let left = (self.test.base + LEFT * (was - self.test.base)).max(LEFT_LEAST);
        self.llr += if is_good { ((1.0 - was) / (1.0 - left)).ln() } else { (was / left).ln() };
        if round.tally.bad() >= 1.5 * n * was + WORSE && was < WORSE_BELOW {
            return Some(Verdict::Worse);
        }
        let lasted = round.lasted(now);
        let is_sure = self.llr.abs() >= VERDICT && n * was >= VERDICT && lasted >= 2.0 * rtt;
        let is_sure = is_sure && (self.llr <= 0.0 || n >= CHANCE_LEAST);
        (is_sure || n >= TEST_MOST || lasted >= TEST_LONGEST).then(|| self.verdict(round.tally))
    }

    fn verdict(&self, tally: Tally) -> Verdict {
        let (n, share) = (tally.calls(), tally.share());
        let both = tally.and(self.seen).share();
        let noise = (both * (1.0 - both) * (1.0 / n + 1.0 / self.seen.calls().max(1.0))).sqrt();
        let is_clear = self.llr > UNSURE;
        if is_clear && n >= CHANCE_LEAST && self.share - share > (FALL_SIGMAS * noise).max(FALL_LEAST) {
            return Verdict::Both { left: share };
        }
        if self.llr > if n >= TEST_MOST { -UNSURE } else { QUOTA_BELOW } {
            return Verdict::Chance { share: is_clear.then_some(both) };
        }
        Verdict::Quota
    }
}

/// The delivered rate is known to 5-10 % from 100 calls: 15 % less is surely below it, and costs 15 of 100 calls.
const DIP: f64 = 0.85;
/// e^3 is 20:1.
const VERDICT: f64 = 3.0;
/// 11:1 is enough for a quota: a rate that is too low grows again within seconds.
const QUOTA_BELOW: f64 = -0.8 * VERDICT;
/// Below e:1 the test is unclear.
const UNSURE: f64 = 1.0;
/// Below a quota some of the refusals stay, because of bursts and of other clients.
const LEFT: f64 = 0.15;
/// No share is zero to a logarithm.
const LEFT_LEAST: f64 = 0.002;
const SHARE_MOST: f64 = 0.95;
/// 20 refusals give the share to a fifth.
const SEEN: f64 = 20.0;
/// The least calls of a test, and of a round that shows an excess.
pub(crate) const ROUND_LEAST: f64 = 20.0;
/// 5 % refused are 20 refusals. With less at stake no test is worth more.
const TEST_MOST: f64 = 400.0;
/// A share out of fewer calls is noise, and makes every later test wrong.
const CHANCE_LEAST: f64 = 60.0;
/// Seconds after which a test gives up.
pub(crate) const TEST_LONGEST: f64 = 10.0;
/// Half as many again as before, and six: by chance once in a thousand tests.
const WORSE: f64 = 6.0;
/// Above, half as many again are all of them.
const WORSE_BELOW: f64 = 0.6;
/// 1 % of tests by chance …
const FALL_SIGMAS: f64 = 2.5;
/// … and less than an excess that is tested is no fall.
const FALL_LEAST: f64 = 0.04;

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdict on a dip in which every `every`-th call is refused, after a fifth was refused, and the calls that it took.
    fn verdict(every: usize) -> (Verdict, usize) {
        let mut before = Round::from(0.0);
        for call in 0..100 {
            before.tally.count(call % 5 != 0);
        }
        let mut dip = Test::new(0.0, 0.2, 0.0).dip(&before, f64::INFINITY, 1.0);
        let mut round = Round::from(1.0);
        for call in 1..1_000 {
            let is_good = call % every != 0;
            round.tally.count(is_good);
            if let Some(verdict) = dip.count(is_good, &round, 1.0 + call as f64 / 100.0, 0.01) {
                return (verdict, call);
            }
        }
        panic!("no verdict");
    }

    #[test]
    fn as_many_as_before_is_chance() {
        let (verdict, calls) = verdict(5);
        assert_eq!(calls, CHANCE_LEAST as usize);
        assert!(matches!(verdict, Verdict::Chance { share: Some(share) } if (share - 0.2).abs() < 0.01));
    }

    #[test]
    fn hardly_any_is_a_quota() {
        let (verdict, calls) = verdict(usize::MAX);
        assert_eq!(verdict, Verdict::Quota);
        assert!(calls < 30, "{calls}");
    }

    #[test]
    fn more_than_before_had_only_begun() {
        assert_eq!(verdict(1).0, Verdict::Worse);
    }

    #[test]
    fn a_test_looks_at_some_twenty_refusals() {
        for (excess, calls) in [(0.5, 40.0), (0.04, 400.0), (0.001, 400.0), (1.0, 20.0)] {
            assert_eq!(Test::new(0.0, excess, 0.0).calls, calls);
        }
    }
}
