//! Computes when to poll next. The module is data and pure arithmetic.

#[cfg(feature = "backoff")]
mod backoff;
mod classic;
mod moment;
mod policy;
mod stored;

use std::{fmt, sync::Arc, time::Duration};

use self::classic::Classic;
pub use self::{
    moment::{Finish, Moment},
    policy::{CompactSchedule, CompactState, PacingByKind, PacingPolicy, Ranking, Schedule},
    stored::StoredSchedule,
};

/// The rule for the delays between polls.
///
/// A pacing is data: it can be cloned and compared. A [`Schedule`] is its state for one operation.
///
/// The built-in pacings make the first poll at once, because an operation may be done already.
/// The default delay is a tenth of the elapsed time, at least 250 ms and at most 45 s.
/// The end is therefore noticed within a tenth of the operation's duration, within those bounds.
///
/// ```
/// use std::time::Duration;
/// use lro::pacing::{Moment, Pacing};
///
/// let mut schedule = Pacing::default().schedule();
/// assert_eq!(schedule.delay(&Moment::new(Duration::from_secs(60), 9)), Some(Duration::from_secs(6)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Pacing(Kind);

#[derive(Clone)]
enum Kind {
    Classic(Classic),
    Custom(Arc<dyn PacingPolicy>),
}

impl Pacing {
    /// Returns a pacing whose delay is a share of the elapsed time: `delay = share * elapsed`.
    ///
    /// The delay is at least 250 ms and at most 45 s; [`at_least`](Self::at_least) and [`at_most`](Self::at_most)
    /// change the bounds.
    /// A share that is not positive and finite counts as zero: every delay is then the lower bound.
    pub fn proportional(share: f64) -> Self {
        Self(Kind::Classic(Classic::Proportional {
            share: if share.is_finite() { share.max(0.0) } else { 0.0 },
            at_least: Duration::from_millis(250),
            at_most: Duration::from_secs(45),
        }))
    }

    /// Returns the truncated exponential of AIP-151 clients: `delay = first * factor^(polls - 1)`, at most `at_most`.
    ///
    /// A factor that is below 1 or not finite counts as 1.
    pub fn exponential(first: Duration, factor: f64, at_most: Duration) -> Self {
        let factor = if factor.is_finite() { factor.max(1.0) } else { 1.0 };
        Self(Kind::Classic(Classic::Exponential { first, factor, at_most }))
    }

    /// Returns the exponential in common use: 1 s, 2 s, 4 s, up to 60 s.
    pub fn classic_exponential() -> Self {
        Self::exponential(Duration::from_secs(1), 2.0, Duration::from_secs(60))
    }

    /// Returns a pacing with a constant delay.
    pub fn fixed(delay: Duration) -> Self {
        Self::exponential(delay, 1.0, delay)
    }

    /// Returns a pacing that the caller implements.
    pub fn custom(policy: impl PacingPolicy + 'static) -> Self {
        Self(Kind::Custom(Arc::new(policy)))
    }

    /// Returns a pacing by the crate `backoff`. The closure creates the state of one operation.
    ///
    /// The crate does not use tokio's clock, so its limit on the elapsed time counts real time.
    /// [`Wait::deadline`](crate::Wait::deadline) limits a wait by tokio's clock.
    #[cfg(feature = "backoff")]
    pub fn backoff<B>(make: impl Fn() -> B + Send + Sync + 'static) -> Self
    where
        B: ::backoff::backoff::Backoff + Send + Sync + 'static,
    {
        Self::custom(backoff::MakeBackoff(make))
    }

    /// Sets the shortest delay of a proportional pacing, or the first delay of an exponential one.
    ///
    /// It does not change a [custom](Self::custom) pacing.
    pub fn at_least(mut self, delay: Duration) -> Self {
        if let Kind::Classic(
            Classic::Proportional { at_least: least, .. } | Classic::Exponential { first: least, .. },
        ) = &mut self.0
        {
            *least = delay;
        }
        self
    }

    /// Sets the longest delay. It does not change a [custom](Self::custom) pacing.
    pub fn at_most(mut self, delay: Duration) -> Self {
        if let Kind::Classic(Classic::Proportional { at_most, .. } | Classic::Exponential { at_most, .. }) =
            &mut self.0
        {
            *at_most = delay;
        }
        self
    }

    /// Returns one schedule for all operations, if 16 bytes of state per operation are enough.
    ///
    /// Returns `None` only for a [custom](Self::custom) pacing without [`PacingPolicy::compact`].
    pub fn compact(&self) -> Option<Arc<dyn CompactSchedule>> {
        match &self.0 {
            Kind::Classic(classic) => Some(Arc::new(*classic)),
            Kind::Custom(policy) => policy.compact(),
        }
    }

    /// Returns one schedule for operations whose position is stored between two polls.
    pub fn stored(&self) -> StoredSchedule {
        StoredSchedule::new(self.clone())
    }

    /// Returns the schedule of one operation whose cancellation the server accepted.
    pub(crate) fn schedule_of_cancelling(&self) -> Box<dyn Schedule> {
        match &self.0 {
            Kind::Classic(classic) => Box::new(*classic),
            Kind::Custom(policy) => policy.schedule_of_cancelling(),
        }
    }

    /// Returns the schedule of one operation that another process polled, after this number of [polls](Moment::polls).
    ///
    /// See [`PacingPolicy::resume`]. It is for a pacing without a [compact](Self::compact) schedule.
    pub fn resume(&self, polls: u32) -> Box<dyn Schedule> {
        match &self.0 {
            Kind::Classic(classic) => Box::new(*classic),
            Kind::Custom(policy) => policy.resume(polls),
        }
    }

    /// Returns the schedule of one operation.
    pub fn schedule(&self) -> Box<dyn Schedule> {
        match &self.0 {
            Kind::Classic(classic) => Box::new(*classic),
            Kind::Custom(policy) => policy.schedule(),
        }
    }
}

impl Default for Pacing {
    fn default() -> Self {
        Self::proportional(0.1)
    }
}

/// Two custom pacings are equal if they are clones of one object.
impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Classic(one), Self::Classic(other)) => one == other,
            (Self::Custom(one), Self::Custom(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Classic(classic) => classic.fmt(f),
            Self::Custom(policy) => policy.fmt(f),
        }
    }
}

/// Returns `duration * factor`. It saturates at `Duration::MAX`, which means "never", and does not panic.
pub(crate) fn scaled(duration: Duration, factor: f64) -> Duration {
    if duration.is_zero() {
        return Duration::ZERO;
    }
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}
