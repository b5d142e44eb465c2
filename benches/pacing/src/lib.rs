//! What the pacings cost on operations of known durations: the real poller on a paused clock.

pub mod bars;
pub mod families;
pub mod frontier;
pub mod optimum;
pub mod peers;
pub mod plot;
pub mod replay;
pub mod streams;
