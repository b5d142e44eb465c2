//! `kill -9` at random points.

use std::{path::Path, time::Duration};

use lro_registry::RecordState;
use tokio::time::{Instant, sleep};

use super::{LONGEST, Scene, is_right};
use crate::{
    Fault,
    child::{CLAIMS, OPERATIONS, PAUSE, ROLES},
    process::Process,
    stores::Database,
    verdict::Verdict,
};

/// How often and how fast.
#[derive(Clone, Copy, Debug)]
pub struct Kills {
    /// The kills.
    pub kills: u32,
    /// The operations.
    pub operations: u32,
    /// The longest time between two kills.
    pub pause: Duration,
}

impl Kills {
    /// At most 20 s.
    pub const SHORT: Self = Self { kills: 20, operations: 200, pause: Duration::from_millis(400) };
    /// About two minutes.
    pub const FULL: Self = Self { kills: 200, operations: 2_000, pause: Duration::from_millis(600) };

    /// Registers, polls and delivers operations while processes are killed. Returns once every outcome is acknowledged.
    ///
    /// # Errors
    ///
    /// If an operation is missing after [`LONGEST`] without kills.
    pub async fn run(self, program: &Path, database: Database) -> Result<Verdict, Fault> {
        let scene = Scene::new(program, database).await?;
        let time = self.pause / 2 * self.kills;
        for operation in 0..self.operations {
            scene.server.run(operation, time.mul_f64(fastrand::f64()))?;
        }
        let mut processes = self.processes(&scene)?;
        for _ in 0..self.kills {
            sleep(self.pause.mul_f64(fastrand::f64())).await;
            // The one that registers ends by itself.
            let is_running = |process: &mut &mut Process| process.ended().is_ok_and(|ended| ended.is_none());
            let mut running: Vec<_> = processes
                .iter_mut()
                .filter_map(|mut process| is_running(&mut process).then_some(process))
                .collect();
            if let Some(victim) = fastrand::choice(&mut running) {
                victim.kill()?;
                victim.revive()?;
            }
        }
        let all = self.operations as usize;
        scene.until(RecordState::Acknowledged, all, LONGEST).await?;
        // The last line of the journal is that of the process that registers, and may follow the outcomes.
        let end = Instant::now() + LONGEST;
        while processes.first_mut().is_some_and(|first| first.ended().is_ok_and(|ended| ended.is_none())) {
            if Instant::now() > end {
                return Err("the process that registers has not ended".into());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(Verdict::of(&scene.journal.lines()?, is_right))
    }

    /// Starts the processes. A file has one worker at a time, a server several.
    fn processes(self, scene: &Scene) -> Result<Vec<Process>, Fault> {
        let roles: &[&str] = if scene.database.is_shared() {
            &["register", "work", "work", "work,deliver", "deliver"]
        } else {
            &["register", "work,deliver"]
        };
        // They are all registered after three quarters of the kills.
        let batches = self.operations / 10;
        let pause = (self.pause / 2 * self.kills).mul_f64(0.75) / batches;
        // With the default of 5, about one healthy record in 2,000 is killed with its worker five times in a row.
        let plan =
            scene.plan().with(CLAIMS, 100).with(OPERATIONS, self.operations).with(PAUSE, pause.as_millis());
        let start = |roles: &&str| Ok(plan.clone().with(ROLES, roles).start()?);
        roles.iter().map(start).collect()
    }
}
