//! Polls over loopback in a second of the client's CPU time.

use std::time::Duration;

use lro::Pacing;
use lro_fleet::Fleet;
use tokio::time::sleep;

use super::runtime;
use crate::{
    Fault, asked, names,
    peers::{
        Loop, azure_core::Azure, bare::Bare, fleet::watch, google_cloud_longrunning::Longrunning,
        google_cloud_lro::Lro, ours::OverHttp, poll_until_done::Waits, reqwest::Reqwest, spawn,
    },
    process::cpu_seconds,
};

/// Polls per CPU second of a peer that has 64 in flight, over so many polls.
///
/// # Errors
///
/// Whatever goes wrong.
pub fn polls_per_cpu_second(peer: &str, endpoint: &str, polls: u64) -> Result<f64, Fault> {
    runtime()?.block_on(async {
        match peer {
            "fleet" => {
                let fleet = Fleet::builder(OverHttp::new(endpoint)?).max_in_flight(IN_FLIGHT);
                let fleet = fleet.pacing(Pacing::fixed(Duration::from_millis(10))).start();
                let _watches = watch(&fleet, 0..OPERATIONS).await?;
                Ok(measured(polls).await)
            }
            "bare" => Ok(of_loops(&Bare::new(endpoint), polls).await),
            "poll-until-done" => Ok(of_loops(&Waits::new(OverHttp::new(endpoint)?), polls).await),
            "reqwest" => Ok(of_loops(&Reqwest::new(endpoint), polls).await),
            "google-cloud-longrunning" => Ok(of_loops(&Longrunning::new(endpoint).await?, polls).await),
            "google-cloud-lro" => Ok(of_loops(&Lro::new(endpoint).await?, polls).await),
            "azure-core" => Ok(of_loops(&Azure::new(endpoint), polls).await),
            _ => Err(format!("no such peer: {peer}").into()),
        }
    })
}

/// As many loops as calls in flight, which do not pause.
async fn of_loops(client: &impl Loop, polls: u64) -> f64 {
    for number in 0..IN_FLIGHT {
        spawn(client, names::name(number), Duration::ZERO);
    }
    measured(polls).await
}

async fn measured(polls: u64) -> f64 {
    until(WARM_UP).await;
    let (before, seconds) = (asked::so_far(), cpu_seconds());
    until(WARM_UP + polls).await;
    (asked::so_far() - before) as f64 / (cpu_seconds() - seconds)
}

async fn until(polls: u64) {
    while asked::so_far() < polls {
        sleep(Duration::from_millis(10)).await;
    }
}

const IN_FLIGHT: usize = 64;
/// Of the fleet.
const OPERATIONS: usize = 2_000;
const WARM_UP: u64 = 5_000;
