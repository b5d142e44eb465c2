//! Waits for very many long-running operations, by one task and under one quota.
//!
//! ```text
//! Fleet::watch ──> Book (each name once) ──> Clock (due times) ──> Lanes (rate, outages, order) ──> calls
//!      Watch <── woken <── Book <── rules::step, without the lock <──────────────────────────────────┘
//! ```
//!
//! A [`Fleet`] polls all its operations through one [`LroTransport`](lro::LroTransport), by the rules of
//! [`poll_until_done`](lro::poll_until_done) and with the same outcomes. In addition it
//!
//! - polls a name once, however often it is watched, and stops after the last watch is dropped;
//! - sends no more calls than a [`Rate`] allows, counted when they are sent;
//! - polls first the operations that are most likely done;
//! - polls the other operations in time while some fail, are refused or hang;
//! - finds the rate that a server bears, and sends only probes to a server that is down;
//! - replaces gets by a list where that takes fewer calls;
//! - runs no code of the caller under its lock, so that a pacing or a waker may call the fleet.
//!
//! | to | |
//! |---|---|
//! | await operations | [`Fleet::watch`], [`Fleet::started`] |
//! | receive outcomes as a stream | [`Fleet::register`], [`Fleet::completions`], [`Fleet::drain`] |
//! | give one operation settings of its own | [`Registration`] |
//! | see the state | [`Fleet::pending`], [`Fleet::pending_from`], [`Fleet::get`], [`Fleet::metrics`] |
//! | stop | [`Fleet::forget`], [`Fleet::cancel`], [`Fleet::pause`], [`Fleet::shutdown`] |
//! | go on in another process | [`Fleet::shutdown`], [`Fleet::register_handles`] |
//!
//! The crate `lro-control` decides how many calls are made, and which operation is polled next.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod book;
mod builder;
mod caller;
mod cancel;
mod clock;
mod completions;
mod desk;
mod driver;
mod fleet;
mod gate;
mod interned;
mod lanes;
mod lock;
mod metrics;
mod pending;
#[cfg_attr(not(feature = "metrics"), path = "published/off.rs")]
mod published;
mod quota_key;
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
    quota_key::QuotaKey,
    registration::Registration,
    watch::Watch,
};
