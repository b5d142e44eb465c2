/// Whether the key is shut. A shut key sends only probes, each for another operation, until a probe succeeds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage {
    is_shut: bool,
    /// Whether refusals shut it last.
    by_quota: bool,
    /// The probes in flight.
    probes: u32,
    /// How many of the next probes follow each other quickly.
    quick: u32,
    probe_at: f64,
    shut_at: f64,
    opened_at: f64,
    /// How long it was shut the last time.
    lasted: f64,
}

impl Outage {
    pub(crate) fn new() -> Self {
        let never = f64::NEG_INFINITY;
        Self {
            is_shut: false,
            by_quota: false,
            probes: 0,
            quick: 0,
            probe_at: 0.0,
            shut_at: never,
            opened_at: never,
            lasted: 0.0,
        }
    }

    pub(crate) fn is_shut(&self) -> bool {
        self.is_shut
    }

    pub(crate) fn by_quota(&self) -> bool {
        self.by_quota
    }

    /// How long it was shut the last time.
    pub(crate) fn lasted(&self) -> f64 {
        self.lasted
    }

    pub(crate) fn is_full_of_probes(&self) -> bool {
        self.probes >= PROBES
    }

    pub(crate) fn probe_at(&self) -> f64 {
        self.probe_at
    }

    /// Whether a call was sent since the key was shut last.
    pub(crate) fn is_since_shutting(&self, sent_at: f64) -> bool {
        sent_at > self.shut_at
    }

    /// Whether a call was sent since the key was opened last.
    pub(crate) fn is_since_opening(&self, sent_at: f64) -> bool {
        sent_at >= self.opened_at
    }

    /// Whether the next probe is one of those that ask all of a small crowd.
    pub(crate) fn is_quick(&self) -> bool {
        self.is_shut && self.quick > 0
    }

    /// Asks each operation of a small crowd. This finds a single healthy operation among many broken operations.
    pub(crate) fn ask_all(&mut self, crowd: usize) {
        let is_small = crowd <= SMALL_CROWD && !self.by_quota;
        self.quick = if is_small { crowd as u32 } else { 0 };
    }

    /// Shuts the key. Returns whether refusals did so twice in a row, soon after it was opened.
    pub(crate) fn shut(&mut self, now: f64, by_quota: bool, hint: Option<f64>, chance: f64) -> bool {
        let was_shut = self.shut_at > f64::NEG_INFINITY;
        let is_soon = was_shut && now - self.opened_at <= SOON * self.lasted;
        let is_again = is_soon && by_quota && self.by_quota;
        self.is_shut = true;
        self.by_quota = by_quota;
        self.shut_at = now;
        self.probes = 0;
        let wait = jitter(PROBE_FIRST, chance);
        let hint = hint.filter(|_| by_quota).unwrap_or(0.0).min(HINT_MOST);
        self.probe_at = now + wait.max(hint);
        is_again
    }

    pub(crate) fn probe_sent(&mut self, now: f64, chance: f64) {
        self.probes = self.probes.saturating_add(1);
        let share = if self.by_quota { PROBE_SHARE_QUOTA } else { PROBE_SHARE };
        let gap = (share * (now - self.shut_at)).clamp(PROBE_FIRST, PROBE_LONGEST);
        self.probe_at = now + jitter(if self.quick > 0 { PROBE_QUICK } else { gap }, chance);
        self.quick = self.quick.saturating_sub(1);
    }

    /// A probe has ended. Those of an earlier outage do not count any more.
    pub(crate) fn probe_ended(&mut self, sent_at: f64) {
        if sent_at >= self.shut_at {
            self.probes = self.probes.saturating_sub(1);
        }
    }

    pub(crate) fn reopen(&mut self, now: f64) {
        self.is_shut = false;
        self.lasted = now - self.shut_at;
        self.opened_at = now;
    }
}

/// A quarter more or less, so that clients that saw the same outage part.
fn jitter(gap: f64, chance: f64) -> f64 {
    gap * (0.75 + 0.5 * chance)
}

/// Seconds to the first probe, and the least time between two probes.
const PROBE_FIRST: f64 = 0.1;
/// The end is noticed within 5 % of what the outage lasted: 88 probes in a minute, 200 in ten.
const PROBE_SHARE: f64 = 0.05;
/// The window of a minute's quota shuts each minute: half as many probes that are refused.
const PROBE_SHARE_QUOTA: f64 = 0.1;
/// Seconds: a longer gap saves few calls.
const PROBE_LONGEST: f64 = 5.0;
/// A crowd of this size is asked whole within 5 s. At the usual pace, finding a single healthy operation among a hundred takes up to
/// a minute. An outage of a minute costs a small crowd some 200 calls.
const SMALL_CROWD: usize = 128;
const PROBE_QUICK: f64 = 0.035;
/// If probes hang, that many slots are enough to see the end.
pub(crate) const PROBES: u32 = 8;
/// Seconds. A wrong hint of an hour must not stop a key; the operation that got it waits longer (see `delay_after`).
const HINT_MOST: f64 = 60.0;
/// Shut again before it was open for twice as long as it had been shut: the same cause.
const SOON: f64 = 2.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_become_rare_as_an_outage_lasts() {
        let mut outage = Outage::new();
        outage.shut(100.0, false, None, 0.5);
        assert!((outage.probe_at() - 100.1).abs() < 1e-9);
        for (lasted, gap) in [(1.0, 0.1), (10.0, 0.5), (60.0, 3.0), (600.0, 5.0)] {
            outage.probe_sent(100.0 + lasted, 0.5);
            assert!((outage.probe_at() - 100.0 - lasted - gap).abs() < 1e-9, "{lasted}");
        }
    }

    #[test]
    fn a_small_crowd_is_asked_whole_within_five_seconds() {
        for (crowd, by_quota, is_quick) in [(128, false, true), (129, false, false), (100, true, false)] {
            let mut outage = Outage::new();
            outage.shut(0.0, by_quota, None, 0.5);
            outage.ask_all(crowd);
            assert_eq!(outage.is_quick(), is_quick, "{crowd}");
            (0..crowd).for_each(|_| outage.probe_sent(outage.probe_at(), 0.5));
            assert!(!outage.is_quick());
            assert_eq!(outage.probe_at() < 5.0, is_quick, "{crowd}");
        }
    }

    #[test]
    fn a_hint_delays_the_first_probe_of_a_quota_by_a_minute_at_most() {
        for (by_quota, hint, wait) in [(true, 20.0, 20.0), (true, 3_600.0, 60.0), (false, 20.0, 0.1)] {
            let mut outage = Outage::new();
            outage.shut(0.0, by_quota, Some(hint), 0.5);
            assert!((outage.probe_at() - wait).abs() < 1e-9);
        }
    }

    #[test]
    fn eight_probes_are_in_flight_at_most() {
        let mut outage = Outage::new();
        outage.shut(0.0, false, None, 0.5);
        for probe in 1..=PROBES {
            assert!(!outage.is_full_of_probes());
            outage.probe_sent(f64::from(probe), 0.5);
        }
        assert!(outage.is_full_of_probes());
        outage.probe_ended(1.0);
        assert!(!outage.is_full_of_probes());
    }

    #[test]
    fn refusals_that_shut_twice_in_a_row_are_the_quota_of_a_window() {
        for (open_for, by_quota, is_window) in
            [(100.0, true, true), (101.0, true, false), (1.0, false, false)]
        {
            let mut outage = Outage::new();
            assert!(!outage.shut(10.0, true, None, 0.5));
            outage.reopen(60.0);
            assert_eq!(outage.shut(60.0 + open_for, by_quota, None, 0.5), is_window);
        }
    }
}
