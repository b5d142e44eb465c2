//! What the benches share: operations of known sizes, a loopback server, a bare client to compare with, and the cost of a poll.

pub mod bare;
pub mod cost;
pub mod fixtures;
pub mod grpc;
pub mod server;

/// Whatever goes wrong.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;
