//! What a loop over all pending operations does with a rate.

use std::collections::VecDeque;

/// An operation: when it began, and when it is done, in seconds.
pub type Span = (f64, f64);

/// When each operation is noticed to be done, in seconds; `None` if it is not by `end`.
///
/// The operations come in the order of their begin. Each call goes to the one that was not asked about for the longest.
pub fn noticed(operations: &[Span], gap: f64, round_trip: f64, end: f64) -> Vec<Option<f64>> {
    let mut noticed = vec![None; operations.len()];
    let mut line = VecDeque::new();
    let (mut next, mut now) = (0, 0.0);
    while now < end {
        while operations.get(next).is_some_and(|(began, _)| *began <= now) {
            line.push_back(next);
            next += 1;
        }
        if let Some(asked) = line.pop_front() {
            if operations[asked].1 <= now + round_trip / 2.0 {
                noticed[asked] = Some(now + round_trip);
            } else {
                line.push_back(asked);
            }
        }
        now += gap;
    }
    noticed
}
