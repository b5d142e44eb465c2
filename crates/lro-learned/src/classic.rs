//! The usual backoff: 1 s, 2 s, 4 s, up to 60 s, each after the last reply; the first poll after 1 s.
//!
//! It is the default of Google's clients for Rust and Go (`google-cloud-lro`, `longrunning.Operation.Wait`): a kind
//! without a history is polled as often as by those, and the budget of a plan is counted in its polls.

/// The pause before a poll, counted from 0, in seconds.
pub(crate) fn pause(poll: u32) -> f64 {
    f64::from(1_u32 << poll.min(DOUBLINGS)).min(LONGEST)
}

/// The age at which a poll, counted from 0, is made if each is answered after `round_trip`; in seconds.
pub(crate) fn tick(poll: u32, round_trip: f64) -> f64 {
    let doubled = poll.min(DOUBLINGS - 1) + 1;
    // 1 + 2 + 4 + … = 2^n - 1, and 60 s each from there on.
    let ascent = f64::from((1_u32 << doubled) - 1);
    ascent + LONGEST * f64::from(poll + 1 - doubled) + round_trip * f64::from(poll)
}

/// The number of polls made up to and including an age in seconds.
pub(crate) fn ticks_until(age: f64, round_trip: f64) -> u32 {
    if !age.is_finite() {
        return u32::MAX / 2;
    }
    let ascent = (0..DOUBLINGS).take_while(|poll| tick(*poll, round_trip) <= age).count() as u32;
    if ascent < DOUBLINGS {
        return ascent;
    }
    let plateau = (age - tick(DOUBLINGS - 1, round_trip)) / (LONGEST + round_trip);
    DOUBLINGS + plateau.clamp(0.0, MOST) as u32
}

/// The ages of all polls, for ever, answered at once.
pub(crate) fn instants() -> impl Iterator<Item = f64> {
    (0..).map(|poll| tick(poll, 0.0))
}

/// The longest pause, in seconds: that of the clients above.
const LONGEST: f64 = 60.0;
/// The pauses that are powers of two; the seventh, 64 s, would be longer than [`LONGEST`].
const DOUBLINGS: u32 = 6;
/// Two thousand years of polls, so that a number of polls fits into a `u32`.
const MOST: f64 = 1e9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_a_minute() {
        let pauses: Vec<f64> = (0..9).map(pause).collect();
        assert_eq!(pauses, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]);
        let ticks: Vec<f64> = instants().take(9).collect();
        assert_eq!(ticks, [1.0, 3.0, 7.0, 15.0, 31.0, 63.0, 123.0, 183.0, 243.0]);
        assert_eq!((tick(0, 0.5), tick(6, 0.5)), (1.0, 126.0));
    }

    #[test]
    fn counts_its_ticks() {
        for round_trip in [0.0, 0.03, 0.7] {
            for poll in 0..500 {
                let time = tick(poll, round_trip);
                assert_eq!(ticks_until(time + 1e-6, round_trip), poll + 1, "{poll}");
                assert_eq!(ticks_until(time - 1e-6, round_trip), poll, "{poll}");
            }
        }
        assert_eq!(ticks_until(0.0, 0.0), 0);
        assert!(ticks_until(f64::INFINITY, 0.0) > 1_000_000);
    }
}
