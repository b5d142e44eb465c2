//! What the integration tests of several crates of this workspace share. This crate is not published.
//!
//! ```
//! use lro_testkit::Dice;
//!
//! let [mut one, mut two] = [Dice::new(7), Dice::new(7)];
//! assert_eq!(one.below(6), two.below(6), "the same seed draws the same numbers");
//! ```
//!
//! A crate names it as a path without a version among its `dev-dependencies`, so that `cargo package` leaves it out, and
//! uses it in `tests/` alone. `lro` does too, although this crate depends on `lro`: an integration test and this crate link
//! the same build of the library. A unit test would link a second one, with types of its own.
//!
//! | module | for |
//! |---|---|
//! | [`codes`] | tables of the codes of failed calls |
//! | [`events`] | subscribers of tracing, one for each test |
//! | `grpc`, with the feature `grpc` | a server of gRPC that starts operations |
//! | [`messages`] | messages against tables that are made from the schemas of a service |
//! | `postgres`, with the feature `postgres` | a PostgreSQL server in a temporary folder |
//! | `recorder`, with the feature `recorder` | what was published through the facade `metrics` |
//! | [`replies`] | the replies of a simulated server |
//! | [`seeds`] | simulations: one run a seed, on a paused clock |
//! | [`threads`] | futures and types that cross threads |
//! | `service`, with the feature `services` | waits of the service crates, against the emulator |
//! | `trouble`, with the feature `trouble` | fleets against a simulated server with a quota |

#![allow(clippy::unwrap_used, reason = "a helper panics for its test")]

pub mod codes;
mod dice;
pub mod events;
#[cfg(feature = "grpc")]
pub mod grpc;
pub mod messages;
mod port;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "recorder")]
pub mod recorder;
pub mod replies;
pub mod seeds;
#[cfg(feature = "services")]
pub mod service;
pub mod threads;
#[cfg(feature = "trouble")]
pub mod trouble;

pub use crate::{dice::Dice, port::ReservedPort};
