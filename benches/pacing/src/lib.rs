//! The polls and delays of pacings on operations of known durations: waits of `lro` on a paused clock.

pub mod bars;
pub mod families;
pub mod frontier;
pub mod optimum;
pub mod peers;
pub mod plot;
pub mod replay;
pub mod streams;
