//! Memory per pending operation: the name, the state and who waits for it included.

use std::{any::Any, fmt, time::Duration};

use lro_fleet::Fleet;
use serde::de::IgnoredAny;
use tokio::{runtime::Runtime, time::sleep};

use super::runtime;
use crate::{
    Fault, asked, names,
    peers::{
        Loop,
        azure_core::Azure,
        fleet::{settle, watch},
        google_cloud_longrunning::Longrunning,
        google_cloud_lro::Lro,
        ours::InMemory,
        poll_until_done::Waits,
        reqwest::Reqwest,
        spawn,
    },
};

/// What is kept in memory until it is measured.
pub struct Held {
    _runtime: Runtime,
    _kept: Box<dyn Any>,
}

/// Makes so many operations pending, each asked about at least once, between two polls.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn hold(peer: &str, operations: usize, endpoint: &str) -> Result<Held, Fault> {
    let runtime = runtime()?;
    let kept = runtime.block_on(pending(peer, operations, endpoint))?;
    Ok(Held { _runtime: runtime, _kept: kept })
}

async fn pending(peer: &str, operations: usize, endpoint: &str) -> Result<Box<dyn Any>, Fault> {
    Ok(match peer {
        "fleet" => {
            let fleet = Fleet::builder(InMemory).start();
            let watches = watch(&fleet, 0..operations).await?;
            settle(&fleet, operations).await;
            Box::new((fleet, watches))
        }
        "fleet-registered" => {
            let fleet = Fleet::builder(InMemory).start();
            for number in 0..operations {
                fleet.register(names::parsed(number)?)?;
            }
            settle(&fleet, operations).await;
            Box::new((fleet.completions(), fleet))
        }
        "poll-until-done" => tasks(&Waits::new(InMemory), operations).await,
        "reqwest" => tasks(&Reqwest::new(endpoint), operations).await,
        "google-cloud-longrunning" => tasks(&Longrunning::new(endpoint).await?, operations).await,
        "google-cloud-lro" => tasks(&Lro::new(endpoint).await?, operations).await,
        "azure-core" => tasks(&Azure::new(endpoint), operations).await,
        _ => return Err(format!("no such peer: {peer}").into()),
    })
}

/// A task for each operation. They begin in turns, so that few connections are made.
async fn tasks(client: &impl Loop, operations: usize) -> Box<dyn Any> {
    let mut tasks = Vec::with_capacity(operations);
    while tasks.len() < operations {
        let until = operations.min(tasks.len() + AT_ONCE);
        tasks.extend((tasks.len()..until).map(|number| spawn(client, names::name(number), AN_HOUR)));
        while asked::so_far() < until as u64 {
            sleep(Duration::from_millis(1)).await;
        }
    }
    // The last of them are on their way to sleep.
    sleep(Duration::from_millis(50)).await;
    Box::new(tasks)
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}

const AT_ONCE: usize = 64;
const AN_HOUR: Duration = Duration::from_secs(3_600);
