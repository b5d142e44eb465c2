//! What is measured, one a file. Each runs in a process of its own, on one thread.

pub mod memory;
pub mod scheduling;
pub mod throughput;

use tokio::runtime::{Builder, Runtime};

/// A runtime of this thread alone.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
