use std::time::{Duration, SystemTime};

use lro::wkt::Timestamp;
use tokio::time::Instant;

/// Converts instants to dates: the date of the start plus tokio's time since, so that dates follow a paused clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    date: SystemTime,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), date: SystemTime::now() }
    }

    pub(crate) fn date(&self, instant: Instant) -> Timestamp {
        timestamp(self.date + instant.saturating_duration_since(self.started))
    }
}

/// Returns the date that is this much later, or the last date.
pub(crate) fn later(date: Timestamp, by: Duration) -> Timestamp {
    let date = SystemTime::try_from(date).unwrap_or(SystemTime::UNIX_EPOCH);
    date.checked_add(by).map_or_else(last, timestamp)
}

fn timestamp(date: SystemTime) -> Timestamp {
    Timestamp::try_from(date).unwrap_or_else(|_| last())
}

/// 9999-12-31T23:59:59Z.
fn last() -> Timestamp {
    Timestamp::new(253_402_300_799, 0).unwrap_or_default()
}
