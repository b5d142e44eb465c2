//! What polls cost. The bench beside other job queues includes this file.

use std::time::Duration;

/// Polls and what they cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// The polls.
    pub polls: u64,
    /// The time that they took.
    pub time: Duration,
    /// The processor time, that of the database included.
    pub processor: Duration,
}

impl Cost {
    /// Returns the polls in a second.
    pub fn rate(self) -> f64 {
        self.polls as f64 / self.time.as_secs_f64()
    }

    /// Returns the processor time of a poll, in microseconds.
    pub fn micros(self) -> f64 {
        self.processor.as_secs_f64() * 1e6 / self.polls as f64
    }
}
