//! Memory of a pending operation, including its name, its state and its waiter.

use std::{any::Any, fmt, time::Duration};

use lro_fleet::{Fleet, FleetBuilder};
use tokio::{runtime::Runtime, time::sleep};

use super::{AN_HOUR, polled, runtime};
use crate::{
    Fault, names,
    peers::{
        Loop,
        azure_core::Azure,
        fleet::{register, settle, watch},
        google_cloud_longrunning::Longrunning,
        google_cloud_lro::Lro,
        ours::InMemory,
        poll_until_done::Waits,
        reqwest::Reqwest,
        spawn,
    },
};

/// The values that stay in memory until it is measured.
pub struct Held {
    _runtime: Runtime,
    _kept: Box<dyn Any>,
}

/// Returns pending operations that wait between two polls. Each was polled at least once.
///
/// # Errors
///
/// Any error of the run.
pub fn hold(peer: &str, operations: usize, endpoint: &str) -> Result<Held, Fault> {
    let runtime = runtime()?;
    let kept = runtime.block_on(pending(peer, operations, endpoint))?;
    Ok(Held { _runtime: runtime, _kept: kept })
}

async fn pending(peer: &str, operations: usize, endpoint: &str) -> Result<Box<dyn Any>, Fault> {
    Ok(match peer {
        "fleet" => watched(Fleet::builder(InMemory::new()?).keep_metadata(false), operations).await?,
        "fleet-with-metadata" => watched(Fleet::builder(InMemory::new()?), operations).await?,
        "fleet-registered" => {
            let fleet = Fleet::builder(InMemory::new()?).keep_metadata(false).start();
            register(&fleet, 0..operations)?;
            settle(&fleet, operations).await;
            Box::new((fleet.completions(), fleet))
        }
        "poll-until-done" => tasks(&Waits::new(endpoint, AN_HOUR)?, operations).await?,
        "reqwest" => tasks(&Reqwest::new(endpoint, AN_HOUR), operations).await?,
        "google-cloud-longrunning" => tasks(&Longrunning::new(endpoint, AN_HOUR).await?, operations).await?,
        "google-cloud-lro" => tasks(&Lro::new(endpoint, AN_HOUR).await?, operations).await?,
        "azure-core" => tasks(&Azure::new(endpoint, AN_HOUR), operations).await?,
        _ => return Err(format!("no such peer: {peer}").into()),
    })
}

async fn watched(builder: FleetBuilder, operations: usize) -> Result<Box<dyn Any>, Fault> {
    let fleet = builder.start();
    let watches = watch(&fleet, 0..operations).await?;
    settle(&fleet, operations).await;
    Ok(Box::new((fleet, watches)))
}

/// Starts a task for each operation. They begin in turns, so that few connections are made.
async fn tasks(client: &impl Loop, operations: usize) -> Result<Box<dyn Any>, Fault> {
    let mut tasks = Vec::with_capacity(operations);
    while tasks.len() < operations {
        let from = tasks.len();
        for number in from..operations.min(from + AT_ONCE) {
            tasks.push(spawn(client, names::name(number))?);
        }
        polled(tasks.len() as u64, &mut tasks[from..]).await?;
    }
    // The last tasks get their reply soon, and then sleep.
    sleep(Duration::from_millis(50)).await;
    Ok(Box::new(tasks))
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}

const AT_ONCE: usize = 64;
