use std::time::Duration;

use super::{CompactSchedule, CompactState, Moment, Schedule, scaled};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Classic {
    Proportional { share: f64, at_least: Duration, at_most: Duration },
    Exponential { first: Duration, factor: f64, at_most: Duration },
}

impl Classic {
    fn delay_at(self, moment: &Moment) -> Duration {
        if moment.polls == 0 {
            return Duration::ZERO;
        }
        match self {
            Self::Proportional { share, at_least, at_most } => {
                scaled(moment.elapsed, share).max(at_least).min(at_most)
            }
            Self::Exponential { first, factor, at_most } => {
                let exponent = i32::try_from(moment.polls - 1).unwrap_or(i32::MAX);
                scaled(first, factor.powi(exponent)).min(at_most)
            }
        }
    }
}

impl Schedule for Classic {
    fn delay(&mut self, moment: &Moment) -> Option<Duration> {
        Some(self.delay_at(moment))
    }
}

/// The delay depends on the moment alone, so the state does not change.
impl CompactSchedule for Classic {
    fn delay(&self, _: &mut CompactState, moment: &Moment) -> Option<Duration> {
        Some(self.delay_at(moment))
    }
}
