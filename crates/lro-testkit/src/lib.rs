//! What the integration tests of several crates of this workspace share. This crate is not published.
//!
//! A crate names it as a path without a version among its `dev-dependencies`, so that `cargo package` leaves it out, and
//! uses it in `tests/` alone.
//!
//! | module | for |
//! |---|---|
//! | [`messages`] | messages against tables that are made from the schemas of a service |
//! | [`threads`] | futures and types that cross threads |
//! | `service`, with the feature `services` | waits of the service crates, against the emulator |

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

pub mod messages;
#[cfg(feature = "services")]
pub mod service;
pub mod threads;
