//! Adapts the crate `backoff` to a pacing.

use std::{fmt, time::Duration};

use ::backoff::backoff::Backoff;

use super::{Moment, PacingPolicy, Schedule};

pub(super) struct MakeBackoff<F>(pub(super) F);

impl<F, B> PacingPolicy for MakeBackoff<F>
where
    F: Fn() -> B + Send + Sync,
    B: Backoff + Send + Sync + 'static,
{
    fn schedule(&self) -> Box<dyn Schedule> {
        let mut backoff = (self.0)();
        backoff.reset();
        Box::new(BackoffSchedule(backoff))
    }

    /// Makes the steps that the other process made. A limit on the elapsed time counts from now.
    fn resume(&self, polls: u32) -> Box<dyn Schedule> {
        let mut backoff = (self.0)();
        backoff.reset();
        // A backoff that gives up at its first steps gives up at the next one as well.
        let _last = (0..polls.min(MOST_STEPS)).try_for_each(|_| backoff.next_backoff().map(drop));
        Box::new(BackoffSchedule(backoff))
    }
}

impl<F> fmt::Debug for MakeBackoff<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a backoff")
    }
}

struct BackoffSchedule<B>(B);

impl<B: Backoff + Send + Sync> Schedule for BackoffSchedule<B> {
    fn delay(&mut self, moment: &Moment) -> Option<Duration> {
        if moment.polls == 0 { Some(Duration::ZERO) } else { self.0.next_backoff() }
    }
}

impl<B> fmt::Debug for BackoffSchedule<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a backoff")
    }
}

/// The steps of a backoff that is resumed. Backoffs in use reach their longest delay within tens of steps. Without a limit, a
/// number of polls that was damaged in a store takes minutes.
const MOST_STEPS: u32 = 1_000;
