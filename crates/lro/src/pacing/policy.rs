use std::{fmt, sync::Arc, time::Duration};

use super::{Finish, Moment, Pacing};

/// A pacing that the caller implements, for [`Pacing::custom`]. It creates one [`Schedule`] per operation.
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

    /// Returns the schedule of an operation whose cancellation the server has accepted.
    ///
    /// Its elapsed time and its polls count from the acceptance.
    /// [`Schedule::finished`] is not called on it.
    /// The default is [`schedule`](Self::schedule). A policy that depends on the duration of the work overrides it.
    fn schedule_of_cancelling(&self) -> Box<dyn Schedule> {
        self.schedule()
    }

    /// Returns the schedule of an operation that another process polled, after this number of [polls](Moment::polls).
    ///
    /// The first delay that it returns is the one after the next successful reply.
    /// The default is [`schedule`](Self::schedule). A policy whose schedules count their calls overrides it.
    /// It is not called for a policy with a [compact](Self::compact) schedule, whose state is saved.
    fn resume(&self, _polls: u32) -> Box<dyn Schedule> {
        self.schedule()
    }

    /// Returns one schedule for all operations, if 16 bytes of state per operation are enough. Default: `None`.
    ///
    /// A driver of many operations then stores these bytes instead of one [`Schedule`] per operation.
    fn compact(&self) -> Option<Arc<dyn CompactSchedule>> {
        None
    }
}

/// The delays between the polls of one operation.
///
/// A schedule is pure arithmetic: it neither sleeps nor reads a clock.
pub trait Schedule: fmt::Debug + Send + Sync {
    /// Returns the delay from now to the next poll, or `None` to give up.
    ///
    /// It is called before the first poll and after each successful reply. Before the first poll `None` counts as zero.
    /// The wait sleeps at least for the delay that the server asks for.
    /// After a held call the delay counts from the request.
    fn delay(&mut self, moment: &Moment) -> Option<Duration>;

    /// Receives the end of the operation. Default: does nothing.
    ///
    /// It is called at most once, when the operation is done or the wait ends before.
    /// It is not called after a panic of the schedule, nor while the thread unwinds.
    fn finished(&mut self, _: &Finish) {}
}

/// One schedule for many operations. The driver stores the [`CompactState`] of each.
///
/// It returns the same delays as a [`Schedule`] of the same policy, except that it may ignore [`Moment::progress`].
pub trait CompactSchedule: fmt::Debug + Send + Sync {
    /// Returns the delay from now to the next poll of one operation, or `None` to give up. See [`Schedule::delay`].
    fn delay(&self, state: &mut CompactState, moment: &Moment) -> Option<Duration>;

    /// Receives the end of one operation. See [`Schedule::finished`].
    fn finished(&self, _: &mut CompactState, _: &Finish) {}

    /// Returns what another process needs in order to go on with one operation. Default: nothing.
    ///
    /// It takes the operation's share out of what this schedule knows of the operations that are running.
    /// The driver then drops the state, or continues with [`restore`](Self::restore).
    fn save(&self, _: &mut CompactState) -> Vec<u8> {
        Vec::new()
    }

    /// Returns the state of an operation of which [`save`](Self::save) returned these bytes, in any process.
    /// Default: zeroes.
    ///
    /// Bytes that it does not know, such as those of a later version or of another policy, give the state of a new operation.
    fn restore(&self, _saved: &[u8]) -> CompactState {
        CompactState::default()
    }

    /// Returns the current ranking of operations, for a driver that cannot poll all that are due.
    ///
    /// Returns `None` if the schedule knows nothing that distinguishes them. Default: `None`.
    /// A ranking is immutable. A driver fetches the latest one from time to time; that is cheap if nothing changed.
    fn ranking(&self) -> Option<Arc<dyn Ranking>> {
        None
    }
}

/// The state of one operation in a [`CompactSchedule`]. The state of a new operation is all zeroes.
///
/// The bytes are valid only for this schedule and only while it lives. They must not be stored.
/// A driver stores what [`CompactSchedule::save`] makes of them.
pub type CompactState = [u8; 16];

/// A function from the ages of an operation to the worth of a poll. The due operations of highest worth are polled
/// first.
pub trait Ranking: fmt::Debug + Send + Sync {
    /// Returns the worth of a poll at the age `age` of an operation that was last seen running at the age `running`.
    ///
    /// The unit is seconds of delay that the poll saves on average.
    fn worth(&self, running: Duration, age: Duration) -> f64;
}

/// A function from a kind of operation to its default pacing.
///
/// A kind names operations that take a similar time, such as those of one method:
/// `routeoptimization.googleapis.com/OptimizeToursLongRunning`.
/// A [`Pacing`] implements this trait: it returns itself for every kind.
pub trait PacingByKind: fmt::Debug + Send + Sync {
    /// Returns the pacing of the operations of this kind.
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
