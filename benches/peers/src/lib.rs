//! `lro-fleet` and `poll_until_done` beside other pollers: memory, scheduling, calls, threads and locks.

pub mod asked;
pub mod measure;
pub mod metadata;
pub mod names;
pub mod peers;
pub mod plot;
pub mod process;
pub mod report;
pub mod server;

/// Any error. It ends the run.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;
