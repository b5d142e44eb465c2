//! Our fleet and our wait beside what else waits for long-running operations: memory, scheduling, calls, threads and locks.

pub mod asked;
pub mod measure;
pub mod metadata;
pub mod names;
pub mod peers;
pub mod plot;
pub mod process;
pub mod report;
pub mod server;

/// Whatever goes wrong here ends the run.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;
