//! Four workers: two are killed, the database is killed, one is stopped beyond its lease and continued.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use lro_registry::RecordState;
use tokio::time::sleep;

use super::{LONGEST, Scene, is_right};
use crate::{
    Fault,
    child::{DELAY, LATENCY, LEASE, OPERATIONS, ROLES},
    server::longest_gap,
    stores::Database,
    verdict::Verdict,
};

/// The numbers of the scenario.
#[derive(Clone, Copy, Debug)]
pub struct Outage {
    /// The number of operations.
    pub operations: u32,
    /// The lease.
    pub lease: Duration,
}

/// The results of the scenario.
#[derive(Clone, Debug)]
pub struct Report {
    /// The verdict by the journal.
    pub verdict: Verdict,
    /// The longest time between two polls of an operation, without the pacing and the outage of the database.
    pub takeover: Duration,
    /// The calls to cancel and to delete that the server has seen.
    pub cancels: usize,
}

impl Outage {
    /// At most 20 s.
    pub const SHORT: Self = Self { operations: 200, lease: Duration::from_secs(6) };
    /// About a minute.
    pub const FULL: Self = Self { operations: 2_000, lease: Duration::from_secs(10) };

    /// Runs the scenario on a server.
    ///
    /// # Errors
    ///
    /// If the database is not a server, and if an outcome is missing in the end.
    pub async fn run(self, program: &Path, database: Database) -> Result<Report, Fault> {
        let scene = Scene::new(program, database).await?;
        let Database::Postgres { server: database, .. } = &scene.database else {
            return Err("it needs a database that several workers share".into());
        };
        for operation in 0..self.operations {
            // Until after the stopped worker has continued.
            scene.server.run(operation, self.lease.mul_f64(2.0 * fastrand::f64()))?;
        }
        let plan =
            scene.plan().with(LEASE, self.lease.as_millis()).with(DELAY, DELAY_MILLIS).with(LATENCY, 100);
        let plan = plan.with(OPERATIONS, self.operations);
        let mut registering = plan.clone().with(ROLES, "register").start()?;
        let _delivering = plan.clone().with(ROLES, "deliver").start()?;
        let mut workers =
            (0..4).map(|_| plan.clone().with(ROLES, "work").start()).collect::<Result<Vec<_>, _>>()?;
        while registering.ended()?.is_none() {
            sleep(Duration::from_millis(20)).await;
        }
        sleep(self.lease / 4).await;
        workers.drain(..2).try_for_each(|mut worker| worker.kill())?;
        sleep(self.lease / 8).await;
        let killed = Instant::now();
        database.kill();
        sleep(AWAY).await;
        database.restart();
        let away = killed.elapsed();
        sleep(self.lease / 8).await;
        workers[0].signal("STOP")?;
        sleep(self.lease.mul_f64(1.25)).await;
        workers[0].signal("CONT")?;
        scene.until(RecordState::Acknowledged, self.operations as usize, LONGEST).await?;
        // The worker that was stopped has written by now.
        sleep(Duration::from_millis(500)).await;
        let paced = Duration::from_millis(DELAY_MILLIS);
        Ok(Report {
            verdict: Verdict::of(&scene.journal.lines()?, is_right),
            takeover: longest_gap(&scene.server.arrivals()).saturating_sub(paced + away),
            cancels: scene.server.changes().1,
        })
    }
}

const DELAY_MILLIS: u64 = 500;
/// The time from the end of the database to its restart.
const AWAY: Duration = Duration::from_secs(1);
