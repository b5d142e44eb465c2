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
