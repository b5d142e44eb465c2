//! The measurements, one in each file. Each runs in a new process, on one thread unless it says otherwise.

pub mod locks;
pub mod memory;
pub mod scheduling;
pub mod throughput;

use std::time::Duration;

use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::sleep,
};

use crate::{Fault, asked};

/// Creates a runtime on the current thread.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Waits until this many polls were made.
///
/// # Errors
///
/// If one of these tasks ends.
async fn polled(polls: u64, tasks: &mut [JoinHandle<Fault>]) -> Result<(), Fault> {
    while asked::so_far() < polls {
        if let Some(ended) = tasks.iter_mut().find(|task| task.is_finished()) {
            return Err(ended.await?);
        }
        sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

const AN_HOUR: Duration = Duration::from_secs(3_600);
/// The time between two checks. A check takes microseconds.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
