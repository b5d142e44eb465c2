use std::time::Duration;

/// A thousand years, in microseconds. Sums of a few such durations and the clock do not overflow.
const LONGEST: i64 = 1_000 * 366 * 24 * 3_600 * 1_000_000;

/// Returns a duration as the database stores it.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).map_or(LONGEST, |micros| micros.min(LONGEST))
}

/// Returns a number of items as the database takes it.
pub(crate) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX).min(i64::from(i32::MAX))
}
