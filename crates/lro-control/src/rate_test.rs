use crate::{
    chance::Chance,
    dip::{Dip, TEST_LONGEST, Test, Verdict},
    finding::{EXCESS_HIGH, EXCESS_LOW, Finding, ROUND_FEW, ROUND_LONGEST, finding},
    pace::Pace,
    round::Round,
};

/// Does the share of calls that is refused depend on the rate?
///
/// Nothing is limited until a round has more refusals than chance explains. Then a test, not a cut: the share is measured at
/// the present rate, then in a dip below it. As many refusals as before are chance, and the rate goes back; hardly any are a
/// quota, and the rate is what was delivered. From then on the rate stays where a few calls are refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateTest {
    pace: Pace,
    chance: Chance,
    phase: Phase,
    round: Round,
    /// When refusals last were more than chance.
    excess_at: f64,
    /// The rate before it was taken from a cycle of a window.
    before_cycle: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Cruise,
    Measure(Test),
    Dip(Dip),
}

impl RateTest {
    pub(crate) fn new(stated: f64) -> Self {
        Self {
            pace: Pace::new(stated),
            chance: Chance::default(),
            phase: Phase::Cruise,
            round: Round::default(),
            excess_at: f64::NEG_INFINITY,
            before_cycle: None,
        }
    }

    pub(crate) fn pace(&self) -> &Pace {
        &self.pace
    }

    pub(crate) fn chance(&self) -> f64 {
        self.chance.share()
    }

    /// Whether no rate is limited, no test runs, and no share of chance is known.
    pub(crate) fn is_as_new(&self) -> bool {
        !self.pace.is_limited() && self.chance.share() == 0.0 && matches!(self.phase, Phase::Cruise)
    }

    pub(crate) fn sent(&mut self, now: f64, is_probe: bool) {
        self.round.sent(now);
        if !is_probe {
            self.pace.sent(now);
        }
    }

    /// A good reply to any call.
    pub(crate) fn good(&mut self) {
        self.round.good();
    }

    /// A reply to an operation that had not failed when it was asked.
    pub(crate) fn count(&mut self, sent_at: f64, now: f64, rtt: f64, is_good: bool) {
        if !self.round.has(sent_at) {
            return;
        }
        self.round.tally.count(is_good);
        match self.phase {
            Phase::Cruise => self.cruise(now, rtt),
            Phase::Measure(test) => self.measure(test, now, rtt),
            Phase::Dip(mut dip) => {
                let verdict = dip.count(is_good, &self.round, now, rtt);
                self.phase = Phase::Dip(dip);
                if let Some(verdict) = verdict {
                    self.conclude(verdict, dip, now);
                }
            }
        }
    }

    /// The key is shut. A running test is abandoned without a verdict.
    pub(crate) fn shut(&mut self) {
        if let Phase::Dip(dip) = self.phase {
            self.pace.restore(dip.old_rate);
        }
        self.phase = Phase::Cruise;
    }

    /// A window's quota had shut the key. Sets the rate of its last cycle, and holds it for `hold` seconds.
    pub(crate) fn set_from_cycle(&mut self, rate: f64, hold: f64, now: f64) {
        self.before_cycle.get_or_insert_with(|| self.pace.rate());
        self.pace.restore(rate);
        self.pace.hold(now, hold);
        self.excess_at = now;
    }

    pub(crate) fn reopen(&mut self, now: f64) {
        self.phase = Phase::Cruise;
        self.pace.restart(now);
        self.round = Round::from(now);
    }

    fn cruise(&mut self, now: f64, rtt: f64) {
        let made = self.round.made(now);
        let is_idle = self.pace.is_idle(made);
        match finding(&self.round, &self.chance, is_idle, now, rtt) {
            Finding::Nothing => {}
            Finding::Excess(excess) => self.measure_from(Test::new(self.chance.share(), excess, now), now),
            Finding::Calm { is_over, is_complete } => {
                if is_over {
                    self.chance.end();
                }
                if is_complete {
                    self.end_round(made, is_idle, now);
                }
            }
        }
    }

    /// A round of cruising has ended without an excess.
    fn end_round(&mut self, made: f64, is_idle: bool, now: f64) {
        let tally = self.round.tally;
        let (n, share) = (tally.calls(), tally.share());
        self.pace.went_well(made, self.round.lasted(now));
        if self.chance.is_to_be_tested(now) && !is_idle {
            self.measure_from(Test::new(0.0, share.max(EXCESS_HIGH), now), now);
            return;
        }
        let (expected, excess) = (n * self.chance.share(), self.chance.excess(share));
        self.chance.lower(n, share);
        if self.pace.is_limited() {
            if now - self.excess_at > FORGET {
                self.pace.lift();
            } else if excess >= EXCESS_LOW.max(expected.sqrt() / n) {
                self.pace.stay();
            } else {
                self.pace.grow(now, made);
            }
        }
        self.round = Round::from(now);
    }

    fn measure_from(&mut self, test: Test, now: f64) {
        self.phase = Phase::Measure(test);
        self.round = Round::from(now);
    }

    fn measure(&mut self, test: Test, now: f64, rtt: f64) {
        let (n, share, time) = (self.round.tally.calls(), self.round.tally.share(), self.round.lasted(now));
        if n < test.calls && time >= TEST_LONGEST {
            // Too few calls are made to know.
            self.phase = Phase::Cruise;
            self.round = Round::from(now);
            return;
        }
        let is_enough = n >= test.calls || (n >= ROUND_FEW && time >= ROUND_LONGEST);
        if !is_enough || time < rtt {
            return;
        }
        if (share - test.base) / (1.0 - test.base) < EXCESS_LOW {
            self.phase = Phase::Cruise;
            self.chance.lower(n, share);
            self.round = Round::from(now);
            return;
        }
        self.excess_at = now;
        self.dip(test, self.pace.rate(), now);
    }

    fn dip(&mut self, test: Test, old_rate: f64, now: f64) {
        let dip = test.dip(&self.round, old_rate, now);
        self.phase = Phase::Dip(dip);
        self.set_rate(dip.rate(), now);
    }

    fn conclude(&mut self, verdict: Verdict, dip: Dip, now: f64) {
        if verdict == Verdict::Worse {
            self.dip(dip.test, dip.old_rate, now);
            return;
        }
        self.phase = Phase::Cruise;
        match verdict {
            Verdict::Worse => {}
            Verdict::Both { left } => {
                self.chance.found(left);
                self.chance.retest_as_before(now);
                let delivered = dip.delivered * (1.0 - dip.test.base) / (1.0 - self.chance.share());
                self.keep(delivered, now);
            }
            Verdict::Chance { share } => {
                self.chance.retest_later(now, now - dip.test.began);
                if let Some(share) = share {
                    self.chance.found(share);
                }
                let rate = if share.is_some() { self.undo_cycle(dip.old_rate, now) } else { dip.old_rate };
                self.set_rate(rate, now);
            }
            Verdict::Quota => {
                let tally = self.round.tally;
                self.chance.lower(QUOTA_LOWERS * tally.calls(), tally.share());
                self.chance.retest_at_once();
                self.keep(dip.delivered, now);
            }
        }
    }

    /// If the rate was taken from a cycle, it was no quota that had shut the key: back up, by doubling.
    fn undo_cycle(&mut self, rate: f64, now: f64) -> f64 {
        let Some(before) = self.before_cycle else {
            return rate;
        };
        self.chance.retest_soon(now);
        if 2.0 * rate < before.min(self.pace.stated()) {
            return 2.0 * rate;
        }
        self.before_cycle = None;
        before
    }

    /// This rate is what the service gives, and a little more, to see when it gives more.
    fn keep(&mut self, delivered: f64, now: f64) {
        self.before_cycle = None;
        self.set_rate(delivered * (1.0 + EXCESS_AIM), now);
        self.pace.hold(now, HOLD);
    }

    fn set_rate(&mut self, rate: f64, now: f64) {
        self.pace.set(rate, now);
        self.round = Round::from(now);
    }
}

/// The 2 % that are refused show a grown quota at once; less would be slower to grow, more would be rude.
const EXCESS_AIM: f64 = 0.02;
/// A quota that was found is strong evidence against chance: the calls of its dip count fivefold.
const QUOTA_LOWERS: f64 = 5.0;
/// Seconds before a found rate is tried again.
const HOLD: f64 = 2.0;
/// Seconds since the last excess: what the service gave ten minutes ago is no reason to limit anything.
pub(crate) const FORGET: f64 = 600.0;
