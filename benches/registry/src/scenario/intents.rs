//! A crash after the starting calls and before their results are stored.

use std::{collections::BTreeSet, path::Path, time::Duration};

use lro::OperationName;
use lro_registry::{ListRequest, RecordState, Registration};
use tokio::time::{Instant, sleep};

use super::{LONGEST, Scene, is_right};
use crate::{
    Fault,
    child::{OPERATIONS, ROLES, START_LEASE},
    journal::Event,
    process::Process,
    server::name_of,
    stores::Database,
    transport::service,
    verdict::Verdict,
};

/// The numbers of the scenario.
#[derive(Clone, Copy, Debug)]
pub struct Intents {
    /// The operations.
    pub operations: u32,
}

/// What the scenario has shown.
#[derive(Clone, Debug)]
pub struct Report {
    /// The intents that were reported.
    pub reported: usize,
    /// The starting calls that the server has seen.
    pub starts: usize,
    /// The keys that a second process found instead of calling again.
    pub existed: usize,
    /// What the journal shows after the intents were resolved.
    pub verdict: Verdict,
}

impl Intents {
    /// The one form.
    pub const SHORT: Self = Self { operations: 200 };

    /// Runs the scenario. A database server is restarted three times while the intents are listed.
    ///
    /// # Errors
    ///
    /// If an intent is not reported within [`LONGEST`], or an outcome is missing after they were resolved.
    pub async fn run(self, program: &Path, database: Database) -> Result<Report, Fault> {
        let scene = Scene::new(program, database).await?;
        let all = self.operations as usize;
        scene.server.expect_starts(all);
        let plan = scene.plan().with(OPERATIONS, self.operations).with(START_LEASE, 1_000);
        finish(plan.clone().with(ROLES, "start").start()?).await?;
        let reported = self.reported(&scene).await?;
        // With the same keys, no call is made.
        finish(plan.clone().with(ROLES, "start").start()?).await?;
        let existed = scene.journal.lines()?.iter().filter(|line| line.event == Event::Existed).count();
        let starts = scene.server.changes().0;
        for operation in 0..self.operations {
            scene.server.run(operation, Duration::from_millis(500))?;
            let name = name_of(operation);
            let resolved =
                Registration::new(&service(), OperationName::parse(&name)?).kind("job").tag(&*name);
            scene.registry.register(resolved.key(&name).fingerprint("fingerprint")).await?;
            scene.journal.append(Event::Registered, [(&*name, "")])?;
        }
        let _worker = plan.with(ROLES, "work,deliver").start()?;
        scene.until(RecordState::Acknowledged, all, LONGEST).await?;
        Ok(Report { reported, starts, existed, verdict: Verdict::of(&scene.journal.lines()?, is_right) })
    }

    /// Lists the unresolved intents until all are found.
    async fn reported(self, scene: &Scene) -> Result<usize, Fault> {
        let (mut found, mut restarts, mut after) = (BTreeSet::new(), 0, None);
        let end = Instant::now() + LONGEST;
        while found.len() < self.operations as usize && Instant::now() < end {
            if let (Database::Postgres { server, .. }, true) = (&scene.database, restarts < 3) {
                server.kill();
                server.restart();
                restarts += 1;
            }
            let request = ListRequest {
                state: Some(RecordState::Intent),
                overdue: true,
                after: after.clone(),
                most: 40,
                ..ListRequest::default()
            };
            match scene.registry.list(&request).await {
                Ok(page) => {
                    after = page.last().map(|record| record.key.clone());
                    found.extend(page.into_iter().map(|record| record.key));
                }
                // The database is away. The same page is asked for again.
                Err(error) if error.is_transient() => {}
                Err(error) => return Err(error.into()),
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(found.len())
    }
}

async fn finish(mut process: Process) -> Result<(), Fault> {
    let end = Instant::now() + LONGEST;
    while process.ended()?.is_none() {
        if Instant::now() > end {
            return Err("a process does not end".into());
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
