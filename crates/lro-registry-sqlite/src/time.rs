//! Times as they are stored: microseconds since 1970 in UTC.

use std::time::{Duration, SystemTime};

/// The longest duration that is stored or added: a century. No sum of a time and a few durations overflows.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// Reads the clock. A transaction reads it after it holds the lock of the file.
pub(crate) fn now() -> i64 {
    match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => micros(since),
        Err(before) => -micros(before.duration()),
    }
}

pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.min(LONGEST).as_micros()).unwrap_or(i64::MAX)
}

/// Returns a stored duration. A negative one, after the clock went back, is zero.
pub(crate) fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

/// Returns the duration between two times, zero if the clock went back.
pub(crate) fn between(from: i64, to: i64) -> Duration {
    duration(to.saturating_sub(from))
}

/// Returns a stored time. A time that no clock of this platform reaches is the epoch.
pub(crate) fn system_time(micros: i64) -> SystemTime {
    let distance = Duration::from_micros(micros.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    let time = if micros < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) };
    time.unwrap_or(epoch)
}

/// Returns the time of a number of seconds, rounded up to a microsecond. The longest time if the number is none.
pub(crate) fn seconds(seconds: f64) -> Duration {
    let time = Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST);
    time.saturating_add(Duration::from_micros(1)).min(LONGEST)
}
