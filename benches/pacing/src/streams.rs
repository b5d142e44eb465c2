//! Streams of operations of one kind, which are waited for one after the other.

use std::{error::Error, ops::Range, time::Duration};

use lro::Status;
use lro_learned::Learned;

use crate::{
    families::Family,
    optimum::Average,
    replay::{Cost, Replay},
};

/// The cost of each operation of several streams.
#[derive(Clone, Debug)]
pub struct Streams(Vec<Vec<Cost>>);

impl Streams {
    /// Runs a number of streams, each with a number of operations. The logarithms of their round trips are evenly distributed from
    /// 20 to 200 ms.
    ///
    /// `begin` receives the number of a stream, and returns the function that waits for its operations.
    ///
    /// # Errors
    ///
    /// Those of [`Replay`].
    pub fn run<W>(
        family: &Family,
        (streams, operations): (u64, usize),
        begin: impl Fn(u64) -> W,
    ) -> Result<Self, Box<dyn Error>>
    where
        W: FnMut(&Replay, Duration) -> Result<Cost, Status>,
    {
        let run = |stream| {
            let share = (stream as f64 + 0.5) / streams as f64;
            let replay = Replay::new(Duration::from_secs_f64(0.02 * 10_f64.powf(share)))?;
            let mut wait = begin(stream);
            let durations = family.durations(stream, operations).into_iter();
            durations.map(|duration| Ok(wait(&replay, Duration::from_secs_f64(duration))?)).collect()
        };
        (0..streams).map(run).collect::<Result<_, _>>().map(Self)
    }

    /// Returns the average cost of the operations with these numbers, counted from 0.
    pub fn average(&self, operations: Range<usize>) -> Average {
        let count = (self.0.len() * operations.len()) as f64;
        let costs = || self.0.iter().flat_map(|stream| &stream[operations.clone()]);
        Average {
            polls: costs().map(|cost| f64::from(cost.polls)).sum::<f64>() / count,
            delay: costs().map(|cost| cost.delay.as_secs_f64()).sum::<f64>() / count,
        }
    }
}

/// Returns a function that waits with the classic backoff: a learned pacing that has no history.
pub fn classic(_: u64) -> impl FnMut(&Replay, Duration) -> Result<Cost, Status> {
    |replay, duration| replay.wait(&Learned::new().pacing(KIND), duration)
}

/// Returns a function that waits with a learned pacing.
pub fn learning(learned: &Learned) -> impl FnMut(&Replay, Duration) -> Result<Cost, Status> + use<> {
    let pacing = learned.pacing(KIND);
    move |replay, duration| replay.wait(&pacing, duration)
}

/// The geometric mean of the round trips of the streams, in seconds.
pub const ROUND_TRIP: f64 = 0.0632;
/// The name of the kind.
pub const KIND: &str = "replayed";
