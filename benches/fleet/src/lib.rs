//! Benches of `lro-fleet` on a paused clock: an outage, a rate that is too low, and the scenarios of a simulated server.

pub mod loopback;
pub mod round_robin;
pub mod server;
