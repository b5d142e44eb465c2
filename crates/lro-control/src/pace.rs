/// The rate that was found, and the even pace of calls that keeps it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The stated rate, which the found rate never exceeds; infinite if no rate is stated.
    stated: f64,
    /// The found rate; infinite as long as no limit is known.
    rate: f64,
    /// When the next call may be made.
    next: f64,
    /// The share by which the rate grows next.
    growth: f64,
    hold_until: f64,
    /// The most calls a second of late that went well.
    best: f64,
}

impl Pace {
    pub(crate) fn new(stated: f64) -> Self {
        Self { stated, rate: f64::INFINITY, next: 0.0, growth: GROWTH_FIRST, hold_until: 0.0, best: 0.0 }
    }

    pub(crate) fn rate(&self) -> f64 {
        self.rate
    }

    pub(crate) fn stated(&self) -> f64 {
        self.stated
    }

    pub(crate) fn is_limited(&self) -> bool {
        self.rate.is_finite()
    }

    /// When the next call may be made.
    pub(crate) fn opens_at(&self) -> f64 {
        if self.is_limited() { self.next } else { 0.0 }
    }

    pub(crate) fn sent(&mut self, now: f64) {
        if self.is_limited() {
            self.next = self.next.max(now - BURST) + 1.0 / self.rate;
        }
    }

    pub(crate) fn set(&mut self, rate: f64, now: f64) {
        self.restore(rate);
        self.best = self.best.min(self.rate);
        self.next = self.next.min(now + 1.0 / self.rate).max(now);
    }

    /// Back to a rate of before; the next call may be made when it could.
    pub(crate) fn restore(&mut self, rate: f64) {
        self.rate = if rate.is_finite() { rate.max(RATE_LEAST).min(self.stated) } else { f64::INFINITY };
    }

    pub(crate) fn lift(&mut self) {
        self.rate = f64::INFINITY;
    }

    /// Calls may be made at once, and what was made before counts no more.
    pub(crate) fn restart(&mut self, now: f64) {
        self.next = now;
        self.best = 0.0;
    }

    /// The rate is not to grow for this time, and then slowly at first.
    pub(crate) fn hold(&mut self, now: f64, time: f64) {
        self.hold_until = now + time;
        self.growth = GROWTH_FIRST;
    }

    /// The rate is just above what the service gives.
    pub(crate) fn stay(&mut self) {
        self.growth = GROWTH_FIRST;
    }

    /// Lets the rate grow if `made` calls a second made use of it.
    pub(crate) fn grow(&mut self, now: f64, made: f64) {
        if now >= self.hold_until && made >= USED * self.rate {
            self.rate = (self.rate * (1.0 + self.growth)).min(self.stated);
            self.growth = (2.0 * self.growth).min(GROWTH_MOST);
        }
    }

    /// Whether far fewer calls are made than went well of late. Refusals then do not depend on the rate.
    pub(crate) fn is_idle(&self, made: f64) -> bool {
        made < IDLE * self.best
    }

    /// A round of `time` went well.
    pub(crate) fn went_well(&mut self, made: f64, time: f64) {
        self.best = made.max(self.best * (-time / BEST_FOR).exp());
    }
}

/// One call a minute. A slower service is down.
const RATE_LEAST: f64 = 1.0 / 60.0;
/// The grain of a timer. The batches of 50 ms of a configured rate are 25 calls at 500/s: a bucket of 5 refuses 20 of them.
const BURST: f64 = 0.002;
/// The first steps are too small to hurt if the quota has not grown …
const GROWTH_FIRST: f64 = 0.02;
/// … and doubled up to a half they are tenfold in ten rounds, 2.5 s at 1,000/s.
const GROWTH_MOST: f64 = 0.5;
/// If less of the rate is used, good replies do not show that a higher rate is possible.
const USED: f64 = 0.7;
/// A test while demand is low would measure the demand, and keep it as the rate when the demand comes back.
const IDLE: f64 = 0.25;
/// The best falls to a half in 80 s: demand that comes back after a hint of a minute still finds it.
const BEST_FOR: f64 = 120.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_spaced_evenly() {
        let mut pace = Pace::new(f64::INFINITY);
        pace.sent(1.0);
        assert_eq!(pace.opens_at(), 0.0);
        pace.set(10.0, 1.0);
        pace.sent(1.0);
        assert!((pace.opens_at() - 1.1).abs() < 1e-9);
        pace.sent(5.0);
        assert!((pace.opens_at() - (5.1 - BURST)).abs() < 1e-9);
    }

    #[test]
    fn the_rate_grows_by_doubling_shares_where_it_is_used() {
        let mut pace = Pace::new(150.0);
        pace.set(100.0, 0.0);
        pace.hold(0.0, 2.0);
        pace.grow(1.0, 100.0);
        assert_eq!(pace.rate(), 100.0);
        pace.grow(2.0, 60.0);
        assert_eq!(pace.rate(), 100.0);
        pace.grow(2.0, 100.0);
        assert!((pace.rate() - 102.0).abs() < 1e-9);
        pace.grow(3.0, 102.0);
        assert!((pace.rate() - 102.0 * 1.04).abs() < 1e-9);
        (4..14).for_each(|second| pace.grow(f64::from(second), 1e6));
        assert_eq!(pace.rate(), 150.0);
    }

    #[test]
    fn a_quarter_of_the_calls_of_late_is_idle() {
        let mut pace = Pace::new(f64::INFINITY);
        assert!(!pace.is_idle(0.1));
        pace.went_well(100.0, 1.0);
        assert!(pace.is_idle(20.0));
        pace.went_well(20.0, 240.0);
        assert!(!pace.is_idle(5.1));
    }
}
