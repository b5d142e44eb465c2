//! A loop over all pending operations, under a rate.

use std::collections::VecDeque;

/// The times at which an operation begins and ends, in seconds.
pub type Span = (f64, f64);

/// Returns when the end of each operation is noticed, in seconds. `None` if that is after `end`.
///
/// The operations are in the order in which they begin. Each call polls the one whose last poll is the oldest.
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
