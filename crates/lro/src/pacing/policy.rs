use std::{fmt, time::Duration};

use super::{Finish, Moment};
use crate::LearnedKind;

/// A pacing of one's own: one [`Schedule`] for each operation.
pub trait Pace: fmt::Debug + Send + Sync {
    /// The schedule of an operation whose wait begins now.
    fn schedule(&self) -> Box<dyn Schedule>;

    /// The schedule of an operation that the server accepted to cancel, which begins anew then: as any other, unless it
    /// goes by how long the work takes.
    fn schedule_of_cancelling(&self) -> Box<dyn Schedule> {
        self.schedule()
    }

    /// The kind of operation by which it is paced, if that is all that it goes by: who waits for many then keeps sixteen
    /// bytes for each instead of a schedule.
    fn learned_kind(&self) -> Option<LearnedKind> {
        None
    }
}

/// The pace of one operation: pure arithmetic, it neither sleeps nor reads a clock.
pub trait Schedule: fmt::Debug + Send + Sync {
    /// The delay from now to the next poll, or `None` to give up. A server's own wish is a floor under it.
    fn delay(&mut self, moment: &Moment) -> Option<Duration>;

    /// Told once, when the operation finished or the wait was given up.
    fn finished(&mut self, _: &Finish) {}
}
