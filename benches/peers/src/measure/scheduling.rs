//! The CPU time that a fleet adds to a call. The transport is in memory.

use std::{hint::black_box, time::Duration};

use lro::{LroTransport, Pacing};
use lro_fleet::Fleet;
use tokio::time::{Instant, sleep, sleep_until};

use super::{AN_HOUR, runtime};
use crate::{
    Fault, asked, names,
    peers::{
        fleet::{Watches, settle, watch},
        ours::InMemory,
    },
    process::cpu_seconds,
};

/// Returns the CPU time of a poll in nanoseconds, without the call, for operations that are due evenly, [`POLLS_PER_SECOND`] of them.
///
/// # Errors
///
/// Any error of the run.
pub fn spread(operations: usize) -> Result<f64, Fault> {
    let interval = Duration::from_secs_f64(operations as f64 / POLLS_PER_SECOND);
    runtime()?.block_on(async {
        let fleet = Fleet::builder(InMemory::new()?).pacing(Pacing::fixed(interval));
        let fleet = fleet.keep_metadata(false).start();
        let _watches = watch_evenly(&fleet, operations, interval).await?;
        sleep(interval).await;
        let (polls, seconds) = (asked::so_far(), cpu_seconds());
        sleep(interval.max(MEASURED)).await;
        let (polls, seconds) = (asked::so_far() - polls, cpu_seconds() - seconds);
        Ok(seconds * 1e9 / polls as f64 - call().await?)
    })
}

/// Returns the CPU time of a poll in nanoseconds, without the call, for operations that are due at the same time.
///
/// # Errors
///
/// Any error of the run.
pub fn at_once(operations: usize) -> Result<f64, Fault> {
    runtime()?.block_on(async {
        let fleet = Fleet::builder(InMemory::new()?).pacing(Pacing::fixed(AN_HOUR));
        let fleet = fleet.keep_metadata(false).start();
        let _watches = watch(&fleet, 0..operations).await?;
        let (polls, seconds) = (asked::so_far(), cpu_seconds());
        settle(&fleet, operations).await;
        let (polls, seconds) = (asked::so_far() - polls, cpu_seconds() - seconds);
        Ok(seconds * 1e9 / polls as f64 - call().await?)
    })
}

/// Returns the CPU time of the call alone, in nanoseconds.
async fn call() -> Result<f64, Fault> {
    let transport: Box<dyn LroTransport> = Box::new(InMemory::new()?);
    let name = names::parsed(0)?;
    let before = cpu_seconds();
    for _ in 0..CALLS {
        black_box(transport.get_operation(black_box(&name)).await?);
    }
    Ok((cpu_seconds() - before) * 1e9 / f64::from(CALLS))
}

async fn watch_evenly(fleet: &Fleet, operations: usize, interval: Duration) -> Result<Vec<Watches>, Fault> {
    let began = Instant::now();
    let mut all = Vec::new();
    for slice in 0..SLICES {
        let first = |slice| operations * slice / SLICES;
        all.push(watch(fleet, first(slice)..first(slice + 1)).await?);
        sleep_until(began + interval.mul_f64((slice + 1) as f64 / SLICES as f64)).await;
    }
    Ok(all)
}

const POLLS_PER_SECOND: f64 = 100_000.0;
const MEASURED: Duration = Duration::from_secs(5);
const SLICES: usize = 200;
const CALLS: u32 = 1_000_000;
