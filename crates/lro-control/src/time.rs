//! Seconds as `f64`, between durations at the door and arithmetic inside.

use std::time::Duration;

/// A duration in seconds.
pub(crate) fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

/// Seconds as a duration. Negative seconds are zero, and more than a duration can hold is the longest duration.
pub(crate) fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}

/// The number within `0.0..=1.0` that is nearest to `chance`. NaN is 0.
pub(crate) fn unit(chance: f64) -> f64 {
    if chance.is_nan() { 0.0 } else { chance.clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_seconds_are_durations_all_the_same() {
        for (seconds, expected) in [
            (f64::NAN, Duration::ZERO),
            (-1.0, Duration::ZERO),
            (f64::NEG_INFINITY, Duration::ZERO),
            (f64::INFINITY, Duration::MAX),
            (1e300, Duration::MAX),
            (0.5, Duration::from_millis(500)),
        ] {
            assert_eq!(duration(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn an_absurd_chance_is_within_its_bounds() {
        for (chance, expected) in [(f64::NAN, 0.0), (-3.0, 0.0), (7.0, 1.0), (0.25, 0.25)] {
            assert_eq!(unit(chance), expected);
        }
    }
}
