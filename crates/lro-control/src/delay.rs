use std::time::Duration;

use crate::{Reply, time::unit};

/// The failures in a row of an operation after one more call. `failures` is their number before it.
///
/// A good reply ends the row. A call that hung counts as two failures, because it held a slot for long. While the key is
/// shut (ask [`Control::is_shut`](crate::Control::is_shut) after the call has ended) a failure is a sign of the service and
/// not of the operation: it makes the count 1 if it was 0, and leaves it as it is otherwise.
pub fn failures_after(failures: u32, reply: Reply, is_shut: bool) -> u32 {
    if reply.is_good() {
        0
    } else if is_shut {
        failures.max(1)
    } else {
        failures.saturating_add(if reply.hung() { HUNG_COUNTS } else { 1 })
    }
}

/// How long an operation is left alone after a failed call: the longer of its own backoff and its own hint.
///
/// A hint delays this operation and no other.
pub fn delay_after(failures: u32, reply: Reply, chance: f64) -> Duration {
    let hint = reply.hint().unwrap_or_default().min(HINT_MOST);
    backoff(failures, chance).max(hint)
}

/// The exponential backoff after this number of failures in a row: up to 1 s, 2 s, 4 s, … 60 s, and at least half of that.
///
/// `chance` is drawn at random from `0.0..1.0`.
pub fn backoff(failures: u32, chance: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(MOST_DOUBLINGS);
    let most = BACKOFF_FIRST.saturating_mul(1 << doublings).min(BACKOFF_MOST);
    most.mul_f64(0.5 + 0.5 * unit(chance))
}

/// It held a slot for a second at least, the time of a hundred calls with a round trip of 10 ms. Two failures put the
/// operation in the second line at once, where it can hold a quarter of the slots.
const HUNG_COUNTS: u32 = 2;
/// The usual first delay of Google's clients. A random half is taken off, so that operations that failed together part.
const BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// The usual longest delay of Google's clients.
const BACKOFF_MOST: Duration = Duration::from_secs(60);
/// 64 s is beyond the longest delay.
const MOST_DOUBLINGS: u32 = 6;
/// A hint of an hour is more likely an error than a wish.
const HINT_MOST: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    // SPEC 33
    #[test]
    fn the_backoff_doubles_up_to_a_minute_with_jitter() {
        let longest = |failures| backoff(failures, 1.0).as_secs();
        assert_eq!([1, 2, 3, 4, 6, 7, 8, u32::MAX].map(longest), [1, 2, 4, 8, 32, 60, 60, 60]);
        assert_eq!(backoff(3, 0.0), 2 * SECOND);
        assert_eq!(backoff(0, 1.0), SECOND);
    }

    // SPEC 32
    #[test]
    fn a_hint_delays_at_least_so_long() {
        let refused = |seconds: u64| Reply::Refused { hint: Some(Duration::from_secs(seconds)) };
        assert_eq!(delay_after(1, refused(30), 0.5), 30 * SECOND);
        assert_eq!(delay_after(7, refused(30), 1.0), 60 * SECOND);
        assert_eq!(delay_after(1, refused(3_600), 0.5), 600 * SECOND);
        assert_eq!(delay_after(1, Reply::Failed, 1.0), SECOND);
    }

    #[test]
    fn a_call_that_hung_counts_as_two_failures() {
        assert_eq!(failures_after(0, Reply::Failed, false), 1);
        assert_eq!(failures_after(1, Reply::TimedOut, false), 3);
        assert_eq!(failures_after(0, Reply::Cut, false), 2);
        assert_eq!(failures_after(u32::MAX, Reply::Cut, false), u32::MAX);
    }

    // SPEC 27
    #[test]
    fn a_failure_while_the_key_is_shut_adds_nothing() {
        for reply in [Reply::Failed, Reply::TimedOut, Reply::Refused { hint: None }] {
            assert_eq!(failures_after(3, reply, true), 3, "{reply:?}");
            assert_eq!(failures_after(0, reply, true), 1, "{reply:?}");
        }
        assert_eq!(failures_after(3, Reply::Good, true), 0);
    }
}
