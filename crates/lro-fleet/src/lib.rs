//! Very many long-running operations under one budget, driven by one task.
//!
//! ```text
//! Fleet::watch ──> Book (each name once) ──> Clock (due times) ──> Lanes (rate, outages, order) ──> calls
//!      Watch <── woken <── put back <── rules::step, without the lock <──────────────────────────────┘
//! ```
//!
//! A [`Fleet`] polls all its operations through one [`LroTransport`](lro::LroTransport) and by the rules of
//! [`poll_until_done`](lro::poll_until_done), with the same outcomes. Beyond those it
//!
//! - polls an operation once however often it is watched, and not at all after the last watch was dropped;
//! - sends no more calls than a [`Rate`] allows, counted when they are sent, and polls first where the end is likeliest;
//! - leaves the others their turn if some operations fail, are refused or hang;
//! - finds the rate that a server bears, and probes a server that is down;
//! - lists operations where that takes fewer calls;
//! - runs no code of the caller under its lock, so a pacing or a waker may call the fleet.
//!
//! | to | |
//! |---|---|
//! | await operations | [`Fleet::watch`], [`Fleet::started`] |
//! | get outcomes as they come | [`Fleet::register`], [`Fleet::completions`], [`Fleet::drain`] |
//! | give one operation settings of its own | [`Registration`] |
//! | see the state | [`Fleet::pending`], [`Fleet::pending_from`], [`Fleet::get`], [`Fleet::metrics`] |
//! | stop | [`Fleet::forget`], [`Fleet::cancel`], [`Fleet::pause`], [`Fleet::shutdown`] |
//! | go on in another process | [`Fleet::shutdown`], [`Fleet::register_handles`] |
//!
//! How much is asked, and what next, is decided by the crate `lro-control`.

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
