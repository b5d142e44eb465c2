//! When to ask next: data and pure arithmetic.

#[cfg(feature = "backoff")]
mod backoff;
mod classic;
mod moment;
mod policy;

use std::{fmt, sync::Arc, time::Duration};

use self::classic::Classic;
pub use self::{
    moment::{Finish, Moment},
    policy::{CompactSchedule, CompactState, PacingByKind, PacingPolicy, Ranking, Schedule},
};

/// When to ask next: data, compared and cloned; [`Schedule`] is its state for one operation.
///
/// The first poll is made at once, for an operation may be done already. The default grows with the elapsed time: a
/// tenth of it, at least 250 ms, at most 45 s, so the end is noticed within a tenth of the operation's duration.
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
    /// A share of the elapsed time: `delay = share * elapsed`, within bounds of 250 ms and 45 s until
    /// [`at_least`](Self::at_least) and [`at_most`](Self::at_most) say otherwise.
    ///
    /// A share that is not positive and finite counts as zero: the lower bound is the pace.
    pub fn proportional(share: f64) -> Self {
        Self(Kind::Classic(Classic::Proportional {
            share: if share.is_finite() { share.max(0.0) } else { 0.0 },
            at_least: Duration::from_millis(250),
            at_most: Duration::from_secs(45),
        }))
    }

    /// The truncated exponential of AIP-151 clients: `delay = first * factor^(polls - 1)` up to `at_most`.
    ///
    /// A factor below 1 counts as 1.
    pub fn exponential(first: Duration, factor: f64, at_most: Duration) -> Self {
        let factor = if factor.is_finite() { factor.max(1.0) } else { 1.0 };
        Self(Kind::Classic(Classic::Exponential { first, factor, at_most }))
    }

    /// The exponential in common use: 1 s, 2 s, 4 s, up to 60 s.
    pub fn classic_exponential() -> Self {
        Self::exponential(Duration::from_secs(1), 2.0, Duration::from_secs(60))
    }

    /// Always the same delay.
    pub fn fixed(delay: Duration) -> Self {
        Self::exponential(delay, 1.0, delay)
    }

    /// A pacing of the caller's own.
    pub fn custom(policy: impl PacingPolicy + 'static) -> Self {
        Self(Kind::Custom(Arc::new(policy)))
    }

    /// A pacing by the crate `backoff`: the closure makes one state per operation.
    ///
    /// Its clock is not tokio's, so a limit on its elapsed time counts real time; use the wait's own deadline instead.
    #[cfg(feature = "backoff")]
    pub fn backoff<B>(make: impl Fn() -> B + Send + Sync + 'static) -> Self
    where
        B: ::backoff::backoff::Backoff + Send + Sync + 'static,
    {
        Self::custom(backoff::MakeBackoff(make))
    }

    /// Sets the shortest delay of a proportional pacing, or the first delay of an exponential one.
    pub fn at_least(mut self, delay: Duration) -> Self {
        if let Kind::Classic(
            Classic::Proportional { at_least: least, .. } | Classic::Exponential { first: least, .. },
        ) = &mut self.0
        {
            *least = delay;
        }
        self
    }

    /// Sets the longest delay.
    pub fn at_most(mut self, delay: Duration) -> Self {
        if let Kind::Classic(Classic::Proportional { at_most, .. } | Classic::Exponential { at_most, .. }) =
            &mut self.0
        {
            *at_most = delay;
        }
        self
    }

    /// Returns one schedule for all operations, if 16 bytes of state an operation are enough: for every pacing but a
    /// [custom](Self::custom) one that does not offer it.
    pub fn compact(&self) -> Option<Arc<dyn CompactSchedule>> {
        match &self.0 {
            Kind::Classic(classic) => Some(Arc::new(*classic)),
            Kind::Custom(policy) => policy.compact(),
        }
    }

    /// The state for one operation that the server will cancel.
    pub(crate) fn schedule_of_cancelling(&self) -> Box<dyn Schedule> {
        match &self.0 {
            Kind::Classic(classic) => Box::new(*classic),
            Kind::Custom(policy) => policy.schedule_of_cancelling(),
        }
    }

    /// The state for one operation.
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

/// Custom pacings are equal if they are the same object.
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

/// `duration * factor`, saturating: `Duration::MAX` is "never" and does not panic.
pub(crate) fn scaled(duration: Duration, factor: f64) -> Duration {
    if duration.is_zero() {
        return Duration::ZERO;
    }
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}
