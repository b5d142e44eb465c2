use std::{sync::Arc, time::Duration};

use super::curve::Curve;

/// When operations of a kind are likely to finish, as far as is [learned](crate::Learned) at one moment.
///
/// For those who cannot ask about all that are due: it tells what it is worth to ask about each.
#[derive(Clone, Debug)]
pub struct Outlook {
    curve: Arc<Curve>,
    /// The integral of the share done, up to each time of the curve.
    areas: Vec<f64>,
}

impl Outlook {
    pub(super) fn new(curve: Arc<Curve>) -> Self {
        let (times, done) = curve.cells();
        let cells = times.windows(2).zip(done.windows(2));
        let areas = cells.scan(0.0, |sum, (times, done)| {
            *sum += (times[1] - times[0]) * 0.5 * (done[0] + done[1]);
            Some(*sum)
        });
        let areas = [0.0].into_iter().chain(areas).collect();
        Self { curve, areas }
    }

    /// The share of operations that are done at an age, from 0 to 1.
    pub fn share_done(&self, age: Duration) -> f64 {
        self.at(age.as_secs_f64()).0
    }

    /// What it is worth to ask about an operation of an age that was last seen running at another one, in seconds: the
    /// price of a poll at which it pays neither to ask now nor to wait a little longer.
    ///
    /// With `F` the share done, `s` the one and `t` the other age this is the integral of `F(t) - F(u)` over `u` from `s`
    /// to `t`, divided by `1 - F(t)`: the delay that is expected to have come together, against the chance that the poll is
    /// in vain. For a constant hazard `h` it is about `h (t - s)^2 / 2`, which put equal to a price is the density of
    /// polls of Keller (1974). It grows with the age.
    pub fn worth(&self, running: Duration, age: Duration) -> f64 {
        let (from, now) = (running.as_secs_f64(), age.as_secs_f64());
        if now <= from {
            return 0.0;
        }
        if self.curve.cells().0.last().is_some_and(|last| *last <= from) {
            // Nothing is known of what takes so long: a hazard of one end in the time elapsed.
            return (now - from).powi(2) / (2.0 * now);
        }
        let (done, area) = self.at(now);
        let (_, area_before) = self.at(from);
        let delay = (done * (now - from) - (area - area_before)).max(0.0);
        delay / (1.0 - done).max(LEAST_RUNNING)
    }

    /// The share done at an instant in seconds, and its integral up to there.
    fn at(&self, instant: f64) -> (f64, f64) {
        let (times, done) = self.curve.cells();
        let after = times.partition_point(|time| *time <= instant);
        let (Some(before), Some(to)) = (after.checked_sub(1), times.get(after)) else {
            let last = times.len() - 1;
            return (1.0, self.areas[last] + (instant - times[last]).max(0.0));
        };
        let from = times[before];
        let share = done[before] + (instant - from) / (to - from) * (done[after] - done[before]);
        (share, self.areas[before] + (instant - from) * 0.5 * (done[before] + share))
    }
}

/// The share that is always thought to be still running: nothing is certain.
const LEAST_RUNNING: f64 = 1e-6;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::learned::interval::{Interval, strategies::rings};

    fn secs(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    proptest! {
        #[test]
        fn it_is_worth_more_the_longer_one_waits(
            ring in rings(), running in 0.0..1e4_f64, gaps in prop::collection::vec(1e-3..1e3_f64, 1..20),
        ) {
            let outlook = Outlook::new(Arc::new(Curve::new(&ring).unwrap()));
            let mut before = 0.0_f64;
            let mut age = running;
            for gap in gaps {
                age += gap;
                let worth = outlook.worth(secs(running), secs(age));
                prop_assert!(worth >= before * (1.0 - 1e-6) - 1e-3, "{worth} after {before}");
                prop_assert!(worth.is_finite());
                before = worth;
            }
        }
    }

    #[test]
    fn the_one_that_should_be_done_is_worth_most() {
        let minute = Interval { ln_lo: 59.0_f32.ln(), ln_hi: 61.0_f32.ln() };
        let outlook = Outlook::new(Arc::new(Curve::new(&[minute; 40]).unwrap()));
        let worth = |running: f64, age: f64| outlook.worth(secs(running), secs(age));
        assert!(worth(0.0, 30.0) < worth(50.0, 62.0));
        assert!(worth(0.0, 62.0) > worth(30.0, 55.0));
        assert_eq!(worth(10.0, 10.0), 0.0);
        assert!((outlook.share_done(secs(60.0)) - 0.5).abs() < 0.2);
        assert_eq!(outlook.share_done(secs(1e9)), 1.0);
    }
}
