use std::time::Duration;

use tokio::time::Instant;

/// A point in time of a fleet: microseconds since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(u64);

/// Reads the time of a fleet from tokio's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    began: Instant,
}

impl Time {
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// Converts the duration since the start. `None` is never.
    pub(crate) fn of(since_start: Option<Duration>) -> Self {
        since_start.map_or(Self::NEVER, |time| Self::default().after(time))
    }

    #[cfg(test)]
    pub(crate) fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    pub(crate) fn micros(self) -> u64 {
        self.0
    }

    /// Returns the duration since the start.
    pub(crate) fn since_start(self) -> Duration {
        Duration::from_micros(self.0)
    }

    /// Returns the point in time that is later by a duration. One that is too long for the clock is never.
    pub(crate) fn after(self, duration: Duration) -> Self {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// Returns the duration from an earlier point in time to this one. Zero if that one is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Source {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now() }
    }

    pub(crate) fn now(&self) -> Time {
        Time::default().after(self.began.elapsed())
    }

    /// Returns the instant at which a timer fires. `None` for never.
    pub(crate) fn instant(&self, time: Time) -> Option<Instant> {
        if time == Time::NEVER {
            return None;
        }
        self.began.checked_add(Duration::from_micros(time.0))
    }
}
