use std::{sync::Arc, time::Duration};

use lro::{
    OperationName, Pacing,
    pacing::{CompactSchedule, CompactState, Moment, PacingByKind, PacingPolicy, Ranking, Schedule},
};

/// The same delay for all operations, and a worth of a poll that depends on the kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) delay: Duration,
    pub(super) worth: bool,
}

/// The kind of an operation: the first segment of its name.
pub(super) fn kind(name: &OperationName) -> String {
    name.segments().next().unwrap_or_default().to_owned()
}

impl PacingByKind for Pace {
    fn pacing(&self, kind: &str) -> Pacing {
        if !self.worth {
            return Pacing::fixed(self.delay);
        }
        let number: u32 = kind.trim_start_matches('k').parse().unwrap();
        // The logarithms cover two standard deviations on either side.
        let worth = ((f64::from(number) + 0.5) / KINDS as f64 * 4.0 - 2.0).exp();
        Pacing::custom(Ranked { delay: self.delay, worth })
    }
}

#[derive(Clone, Copy, Debug)]
struct Ranked {
    delay: Duration,
    worth: f64,
}

impl Ranked {
    fn delay_at(self, moment: &Moment) -> Option<Duration> {
        Some(if moment.polls == 0 { Duration::ZERO } else { self.delay })
    }
}

impl PacingPolicy for Ranked {
    fn schedule(&self) -> Box<dyn Schedule> {
        Box::new(*self)
    }

    fn compact(&self) -> Option<Arc<dyn CompactSchedule>> {
        Some(Arc::new(*self))
    }
}

impl Schedule for Ranked {
    fn delay(&mut self, moment: &Moment) -> Option<Duration> {
        self.delay_at(moment)
    }
}

impl CompactSchedule for Ranked {
    fn delay(&self, _: &mut CompactState, moment: &Moment) -> Option<Duration> {
        self.delay_at(moment)
    }

    fn ranking(&self) -> Option<Arc<dyn Ranking>> {
        Some(Arc::new(*self))
    }
}

impl Ranking for Ranked {
    fn worth(&self, _: Duration, _: Duration) -> f64 {
        self.worth
    }
}

/// The kinds of operations, if polls of some are worth more.
pub(super) const KINDS: usize = 16;
