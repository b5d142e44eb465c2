//! What the benches share: operations of known sizes, a loopback server, a bare client to compare with, and a clock that is
//! moved by hand.

pub mod bare;
pub mod families;
pub mod fixtures;
pub mod frontier;
pub mod optimum;
pub mod peers;
pub mod plot;
pub mod replay;
pub mod server;
