//! What is measured, one a file. Each runs in a process of its own, on one thread where it does not say otherwise.

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

/// A runtime of this thread alone.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Waits until so many polls were made in all.
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
/// A look takes microseconds.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
