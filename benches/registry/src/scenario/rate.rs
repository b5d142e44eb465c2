//! One rate for all workers together, while workers come and go.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use lro_registry::RecordState;
use tokio::time::sleep;

use super::{LONGEST, Scene};
use crate::{
    Fault,
    child::{DELAY, OPERATIONS, RATE, ROLES},
    server::most_in_a_second,
    stores::Database,
};

/// The parameters of the scenario.
#[derive(Clone, Copy, Debug)]
pub struct Shared {
    /// The operations, each of which is due once a second.
    pub operations: u32,
    /// The most polls in a second.
    pub rate: u32,
    /// The time with one worker, with four, and with two.
    pub phase: Duration,
}

/// The results of the scenario, counted by the server.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// The most polls in any second.
    pub most: usize,
    /// The polls a second, from the first one to the last.
    pub mean: f64,
    /// The longest time by which a timer beside the server was late. The server may have counted polls that much later.
    pub delay: Duration,
}

impl Shared {
    /// At most 20 s.
    pub const SHORT: Self = Self { operations: 1_000, rate: 200, phase: Duration::from_secs(4) };
    /// Two minutes.
    pub const FULL: Self = Self { phase: Duration::from_secs(40), ..Self::SHORT };

    /// Runs the scenario on a server.
    ///
    /// # Errors
    ///
    /// Whatever does not start.
    pub async fn run(self, program: &Path, database: Database) -> Result<Report, Fault> {
        let scene = Scene::new(program, database).await?;
        for operation in 0..self.operations {
            scene.server.run(operation, Duration::MAX)?;
        }
        let plan = scene.plan().with(OPERATIONS, self.operations).with(DELAY, 1_000).with(RATE, self.rate);
        let _registering = plan.clone().with(ROLES, "register").start()?;
        scene.until(RecordState::Pending, self.operations as usize, LONGEST).await?;
        let mut workers = Vec::new();
        let ended = Arc::new(AtomicBool::new(false));
        let delay = tokio::spawn(longest_delay(Arc::clone(&ended)));
        for count in [1, 4, 2] {
            while workers.len() < count {
                workers.push(plan.clone().with(ROLES, "work").start()?);
            }
            workers.truncate(count);
            sleep(self.phase).await;
        }
        drop(workers);
        ended.store(true, Relaxed);
        let arrivals = scene.server.arrivals();
        let (Some(first), Some(last)) = (arrivals.first(), arrivals.last()) else {
            return Err("the server has seen no poll".into());
        };
        let mean = arrivals.len() as f64 / last.at.duration_since(first.at).as_secs_f64();
        Ok(Report { most: most_in_a_second(&arrivals), mean, delay: delay.await? })
    }
}

/// Sleeps again and again until the end. Returns the longest time by which a sleep took too long.
async fn longest_delay(ended: Arc<AtomicBool>) -> Duration {
    let mut longest = Duration::ZERO;
    while !ended.load(Relaxed) {
        let begun = Instant::now();
        sleep(TICK).await;
        longest = longest.max(begun.elapsed().saturating_sub(TICK));
    }
    longest
}

const TICK: Duration = Duration::from_millis(10);
