//! How a fleet does under an outage and under a rate that is too low: the real fleet, on a paused clock.

pub mod loopback;
pub mod round_robin;
pub mod server;
