//! An operation whose poll aborts the process, beside healthy ones.

use std::{path::Path, time::Duration};

use lro_registry::{Record, RecordState};
use tokio::time::{Instant, sleep};

use super::{LONGEST, Scene, is_right};
use crate::{
    Fault,
    child::{CLAIMS, OPERATIONS, POISON, ROLES},
    server::name_of,
    stores::Database,
    verdict::Verdict,
};

/// The numbers of the scenario.
#[derive(Clone, Copy, Debug)]
pub struct Poison {
    /// The number of operations, including the one that aborts.
    pub operations: u32,
    /// The workers.
    pub workers: usize,
    /// The claims without a result after which a record is set aside.
    pub claims: u32,
}

/// The results of the scenario.
#[derive(Clone, Debug)]
pub struct Report {
    /// The verdict about the healthy operations.
    pub verdict: Verdict,
    /// The record of the one that aborts.
    pub record: Record,
    /// The workers that were started again.
    pub restarts: u32,
}

impl Poison {
    /// At most 20 s.
    pub const SHORT: Self = Self { operations: 301, workers: 4, claims: 3 };
    /// About a minute.
    pub const FULL: Self = Self { operations: 1_001, workers: 4, claims: 5 };

    /// Runs the scenario. A store that is not shared has one worker.
    ///
    /// # Errors
    ///
    /// If a healthy operation is missing after [`LONGEST`], or the other one is not set aside.
    pub async fn run(self, program: &Path, database: Database) -> Result<Report, Fault> {
        let scene = Scene::new(program, database).await?;
        for operation in 0..self.operations {
            scene.server.run(operation, Duration::from_secs(2))?;
        }
        let poison = name_of(self.operations / 2);
        let plan =
            scene.plan().with(OPERATIONS, self.operations).with(CLAIMS, self.claims).with(POISON, &poison);
        let _registering = plan.clone().with(ROLES, "register").start()?;
        let _delivering = plan.clone().with(ROLES, "deliver").start()?;
        let workers = if scene.database.is_shared() { self.workers } else { 1 };
        let start = |_| plan.clone().with(ROLES, "work").start();
        let mut workers = (0..workers).map(start).collect::<Result<Vec<_>, _>>()?;
        let (mut restarts, end) = (0, Instant::now() + LONGEST);
        let healthy = self.operations as usize - 1;
        // A call that fails is made again.
        while scene.count(RecordState::Acknowledged).await.unwrap_or(0) < healthy
            || scene.count(RecordState::SetAside).await.unwrap_or(0) == 0
        {
            if Instant::now() > end {
                return Err(format!("not ended: {:?}", scene.registry.health().await?).into());
            }
            for worker in &mut workers {
                restarts += u32::from(worker.revive()?);
            }
            sleep(Duration::from_millis(100)).await;
        }
        let mut lines = scene.journal.lines()?;
        lines.retain(|line| line.key != poison);
        let record = scene.registry.get(&poison).await?.ok_or("the record is gone")?;
        Ok(Report { verdict: Verdict::of(&lines, is_right), record, restarts })
    }
}
