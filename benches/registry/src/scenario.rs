//! The crash tests. Each one has a short form for the tests and a full form for people.

pub mod intents;
pub mod kills;
pub mod outage;
pub mod poison;
pub mod rate;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use lro_registry::{ListRequest, Record, RecordState, Registry};
use tokio::time::sleep;

use crate::{
    Fault,
    child::{DELAY, ENDPOINT, JOURNAL, LEASE, STORE},
    journal::Journal,
    process::Plan,
    server::{Server, name_of},
    stores::{Database, Folder, open},
};

/// The longest time that a scenario waits for what takes seconds on a machine that is free.
pub const LONGEST: Duration = Duration::from_secs(180);

/// What all scenarios have: a server, a database, a journal and the plan of the children.
#[derive(Debug)]
pub struct Scene {
    /// The server.
    pub server: Server,
    /// The database.
    pub database: Database,
    /// The journal of the children.
    pub journal: Journal,
    /// The registry in the database.
    pub registry: Registry,
    plan: Plan,
    _folder: Folder,
}

impl Scene {
    /// Sets the scene for children of this program.
    ///
    /// # Errors
    ///
    /// Whatever does not start.
    pub async fn new(program: &Path, database: Database) -> Result<Self, Fault> {
        let (server, folder) = (Server::start().await?, Folder::new()?);
        let path = folder.path().join("journal");
        let journal = Journal::open(&path)?;
        let plan = Plan::new(program)
            .with(STORE, database.url())
            .with(ENDPOINT, server.endpoint())
            .with(JOURNAL, path.display())
            .with(LEASE, 6_000)
            .with(DELAY, 300);
        let registry = open(&database.url()).await?;
        Ok(Self { server, database, journal, registry, plan, _folder: folder })
    }

    /// Returns the plan of a child.
    pub fn plan(&self) -> Plan {
        self.plan.clone()
    }

    /// Waits until this many records are in a state.
    ///
    /// # Errors
    ///
    /// If that takes longer than the limit. The message has the number.
    pub async fn until(&self, state: RecordState, count: usize, limit: Duration) -> Result<(), Fault> {
        let end = Instant::now() + limit;
        loop {
            let found = self.count(state).await.unwrap_or(0);
            if found >= count {
                return Ok(());
            }
            if Instant::now() >= end {
                let others = self.others(state).await?;
                return Err(format!("{found} of {count} are {state:?} after {limit:?}: {others:#?}").into());
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Returns some records in other states than this one.
    async fn others(&self, state: RecordState) -> Result<Vec<Record>, Fault> {
        use RecordState::{Acknowledged, Finished, Intent, Pending, SetAside};
        let mut others = Vec::new();
        for other in [Intent, Pending, SetAside, Finished, Acknowledged] {
            let request = ListRequest { state: Some(other), most: SHOWN, ..ListRequest::default() };
            if other != state {
                others.extend(self.registry.list(&request).await?);
            }
        }
        Ok(others)
    }

    /// Returns the number of records in a state.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    pub async fn count(&self, state: RecordState) -> Result<usize, Fault> {
        let (mut count, mut after) = (0, None);
        loop {
            let request = ListRequest { state: Some(state), after, most: 1_000, ..ListRequest::default() };
            let page = self.registry.list(&request).await?;
            count += page.len();
            let Some(last) = page.last() else { return Ok(count) };
            after = Some(last.key.clone());
        }
    }
}

/// Returns whether an outcome in the journal is the one of its key: the number of the operation, then the stamp.
pub fn is_right(key: &str, outcome: &str) -> bool {
    let number = outcome.split(' ').next().and_then(|number| number.parse().ok());
    number.is_some_and(|number| name_of(number) == key)
}

/// The records of a state that an error shows.
const SHOWN: usize = 3;
