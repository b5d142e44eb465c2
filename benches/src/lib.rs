//! What the benches share: operations of known sizes, a loopback server, a bare client to compare with.

pub mod bare;
pub mod fixtures;
pub mod server;
