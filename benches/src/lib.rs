//! Parts of the benches: operations of known sizes, a loopback server, clients to compare with, and the cost of a poll.

pub mod bare;
pub mod cost;
pub mod fixtures;
pub mod grpc;
pub mod server;

/// Any error of the run.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;
