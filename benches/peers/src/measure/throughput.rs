//! Polls over loopback for each second of the client's CPU time.

use std::time::Duration;

use lro_fleet::Fleet;
use tokio::{runtime::Builder, task::JoinHandle, time::Instant};

use super::{polled, runtime};
use crate::{
    Fault, asked, names,
    peers::{
        Loop, azure_core::Azure, bare::Bare, fleet::watch, google_cloud_longrunning::Longrunning,
        google_cloud_lro::Lro, ours::OverHttp, poll_until_done::Waits, reqwest::Reqwest, spawn,
    },
    process::{cpu_seconds, sleeps},
};

/// The results of a peer with 64 calls in flight.
#[derive(Clone, Copy, Debug)]
pub struct Reached {
    /// Polls per second of the client's CPU time.
    pub per_cpu_second: f64,
    /// Polls per second.
    pub per_second: f64,
    /// How often a thread went to sleep for each poll.
    pub sleeps: f64,
}

/// Measures a peer over a number of polls: on the current thread, or with `workers` on a runtime of this many threads.
///
/// # Errors
///
/// Any error of the run.
pub fn reached(peer: &str, workers: Option<usize>, endpoint: &str, polls: u64) -> Result<Reached, Fault> {
    let runtime = match workers {
        None => runtime()?,
        Some(workers) => Builder::new_multi_thread().worker_threads(workers).enable_all().build()?,
    };
    runtime.block_on(async {
        match peer {
            "fleet" => {
                let fleet = Fleet::builder(OverHttp::new(endpoint, PAUSE)?).max_in_flight(IN_FLIGHT);
                let fleet = fleet.keep_metadata(false).start();
                let _watches = watch(&fleet, 0..OPERATIONS).await?;
                measured(polls, &mut []).await
            }
            "bare" => of_loops(&Bare::new(endpoint, Duration::ZERO), polls).await,
            "poll-until-done" => of_loops(&Waits::new(endpoint, Duration::ZERO)?, polls).await,
            "reqwest" => of_loops(&Reqwest::new(endpoint, Duration::ZERO), polls).await,
            "google-cloud-longrunning" => {
                of_loops(&Longrunning::new(endpoint, Duration::ZERO).await?, polls).await
            }
            "google-cloud-lro" => of_loops(&Lro::new(endpoint, Duration::ZERO).await?, polls).await,
            "azure-core" => of_loops(&Azure::new(endpoint, Duration::ZERO), polls).await,
            _ => Err(format!("no such peer: {peer}").into()),
        }
    })
}

/// Runs a loop without pauses for each call in flight.
async fn of_loops(client: &impl Loop, polls: u64) -> Result<Reached, Fault> {
    let tasks: Result<Vec<_>, Fault> =
        (0..IN_FLIGHT).map(|number| spawn(client, names::name(number))).collect();
    measured(polls, &mut tasks?).await
}

async fn measured(polls: u64, tasks: &mut [JoinHandle<Fault>]) -> Result<Reached, Fault> {
    polled(WARM_UP, tasks).await?;
    let (before, began, seconds, slept) = (asked::so_far(), Instant::now(), cpu_seconds(), sleeps()?);
    polled(WARM_UP + polls, tasks).await?;
    let polls = (asked::so_far() - before) as f64;
    Ok(Reached {
        per_cpu_second: polls / (cpu_seconds() - seconds),
        per_second: polls / began.elapsed().as_secs_f64(),
        sleeps: (sleeps()? - slept) as f64 / polls,
    })
}

const IN_FLIGHT: usize = 64;
/// The operations of the fleet. With its delay 200,000 polls a second would be due, more than it can make.
const OPERATIONS: usize = 2_000;
const PAUSE: Duration = Duration::from_millis(10);
const WARM_UP: u64 = 5_000;
