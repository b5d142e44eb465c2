//! Very many long-running operations under one budget, driven by one task.
//!
//! ```text
//! Fleet::watch -> Table (each name once) -> Timers -> Ready (likeliest first) -> Gate (rate, outages) -> Calls
//!    Watch <- woken <- State::decide <- step(record, reply) <-------------------------------------------+
//! ```
//!
//! A [`Fleet`] asks about all its operations by one [`LroTransport`](lro::LroTransport) and by the rules of
//! [`poll_until_done`](lro::poll_until_done), with the same outcomes. Beyond those it
//!
//! - asks once about an operation that is watched twice, and not at all once nobody watches;
//! - sends no more than a [`Rate`] allows, and asks first where the end is likeliest;
//! - leaves a server alone that throttles, and probes one that is down;
//! - lists operations where that takes fewer calls;
//! - keeps a pending operation in under 192 bytes, name and waiter included.

mod book;
mod builder;
mod cancel;
mod clock;
mod completions;
mod desk;
mod driver;
mod fleet;
mod gate;
mod interned;
mod lanes;
mod metrics;
mod pending;
mod registration;
mod shared;
mod state;
mod watch;

pub use lro_control::Rate;

pub use crate::{
    builder::FleetBuilder,
    completions::{Completion, Completions},
    fleet::Fleet,
    metrics::{Histogram, Metrics},
    pending::Pending,
    registration::Registration,
    watch::Watch,
};
