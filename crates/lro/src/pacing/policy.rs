use std::{fmt, sync::Arc, time::Duration};

use super::{Finish, Moment, Pacing};

/// How the operations of a caller's own pacing are polled: it makes one [`Schedule`] for each operation.
///
/// ```
/// use std::time::Duration;
/// use lro::pacing::{Moment, Pacing, PacingPolicy, Schedule};
///
/// /// One poll a second for ten seconds, then one a minute.
/// #[derive(Debug)]
/// struct Patient;
///
/// impl PacingPolicy for Patient {
///     fn schedule(&self) -> Box<dyn Schedule> {
///         Box::new(Self)
///     }
/// }
///
/// impl Schedule for Patient {
///     fn delay(&mut self, moment: &Moment) -> Option<Duration> {
///         Some(Duration::from_secs(if moment.elapsed < Duration::from_secs(10) { 1 } else { 60 }))
///     }
/// }
///
/// let pacing = Pacing::custom(Patient);
/// ```
pub trait PacingPolicy: fmt::Debug + Send + Sync {
    /// Returns the schedule of an operation whose wait begins now.
    fn schedule(&self) -> Box<dyn Schedule>;

    /// Returns the schedule of an operation from the moment at which the server accepts its cancellation. Its ages
    /// begin at zero again.
    ///
    /// The default is that of any operation. A policy that depends on how long the work takes overrides it.
    fn schedule_of_cancelling(&self) -> Box<dyn Schedule> {
        self.schedule()
    }

    /// Returns one schedule for all operations, if 16 bytes of state an operation are enough.
    ///
    /// A driver of very many operations then stores those bytes instead of one [`Schedule`] for each.
    fn compact(&self) -> Option<Arc<dyn CompactSchedule>> {
        None
    }
}

/// The schedule of one operation: pure arithmetic, it neither sleeps nor reads a clock.
pub trait Schedule: fmt::Debug + Send + Sync {
    /// Returns the delay from now to the next poll, or `None` to give up.
    ///
    /// It is called before the first poll and after each good reply. A delay that the server asks for is a floor under
    /// it.
    fn delay(&mut self, moment: &Moment) -> Option<Duration>;

    /// Learns how the operation ended. It is called once, when the operation is done or the wait is given up.
    fn finished(&mut self, _: &Finish) {}
}

/// One schedule for many operations: the driver stores the [`CompactState`] of each.
///
/// It gives the same delays as a [`Schedule`] of the same policy, except that it may ignore what the progress of one
/// operation reveals.
pub trait CompactSchedule: fmt::Debug + Send + Sync {
    /// Returns the delay from now to the next poll of one operation, or `None` to give up, as [`Schedule::delay`] does.
    fn delay(&self, state: &mut CompactState, moment: &Moment) -> Option<Duration>;

    /// Learns how one operation ended, as [`Schedule::finished`] does.
    fn finished(&self, _: &mut CompactState, _: &Finish) {}

    /// Returns the present ranking of operations, for a driver that may not poll all that are due. `None` if nothing is
    /// known by which they differ.
    ///
    /// A ranking does not change. A driver asks for the latest one from time to time; it is cheap where nothing
    /// changed.
    fn ranking(&self) -> Option<Arc<dyn Ranking>> {
        None
    }
}

/// What a [`CompactSchedule`] knows of one operation. It begins as zeroes.
///
/// The bytes mean something to that schedule alone, as long as it lives. In another process an operation begins as
/// zeroes again.
pub type CompactState = [u8; 16];

/// Which of many due operations are polled first.
pub trait Ranking: fmt::Debug + Send + Sync {
    /// Returns what a poll is worth now, in seconds of delay that it saves on average, for an operation of the age
    /// `age` that was last seen running at the age `running`.
    fn worth(&self, running: Duration, age: Duration) -> f64;
}

/// A default pacing for each kind of operation.
///
/// A kind is a name for operations that take a similar time, such as those of one method:
/// `routeoptimization.googleapis.com/OptimizeToursLongRunning`. A [`Pacing`] is one pacing for every kind.
pub trait PacingByKind: fmt::Debug + Send + Sync {
    /// Returns the pacing of the operations of a kind.
    fn pacing(&self, kind: &str) -> Pacing;
}

impl PacingByKind for Pacing {
    fn pacing(&self, _: &str) -> Pacing {
        self.clone()
    }
}

impl<T: PacingByKind + ?Sized> PacingByKind for Arc<T> {
    fn pacing(&self, kind: &str) -> Pacing {
        (**self).pacing(kind)
    }
}
