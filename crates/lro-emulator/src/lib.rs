//! A real server of long-running operations, as a library: for tests, examples and benchmarks without an account.
//!
//! It speaks HTTP/1.1 and HTTP/2 (prior knowledge) on one loopback port and serves
//!
//! - Workspace Events `v1` and `v1beta`, with a small store of subscriptions behind it,
//! - Route Optimization `v1`, with a small solver behind it,
//! - `google.longrunning` for any operation that a test [makes up](Emulator::operation).
//!
//! Operations run for a time, tell metadata, and end with a response, an error or neither. How they do, and how single
//! calls about them are answered, says a [`Script`]; [`Emulator::reply_next`] answers whatever call comes next by a
//! [`Reply`]: an error, a lie, a body that is hard to swallow, a connection that [breaks](Reply::breaks). What was asked
//! is in [`Emulator::calls`]. [`contract`] is what every transport must pass.
//!
//! ```
//! use std::time::Duration;
//! use lro::Any;
//! use lro_emulator::{Emulator, Reply, Script};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lro::Status> {
//! let emulator = Emulator::start().await?;
//! let job = Any::from_json(r#"{"@type": "type.googleapis.com/example.v1.Job", "pages": 7}"#)?;
//! emulator.operation("operations/print", Script::new().runs_for(Duration::from_secs(3)).responds(job));
//! emulator.reply_next(1, Reply::status(503));
//! // ... point a transport at emulator.endpoint() ...
//! assert!(emulator.calls().is_empty());
//! # Ok(()) }
//! ```
//!
//! All time is tokio's. With a paused clock mind that tokio moves it as soon as all tasks wait, and those of a socket
//! wait too: timeouts of a client may then pass while a reply is on its way.

mod api;
mod builder;
pub mod contract;
mod emulator;
mod reply;
mod request;
mod rng;
mod script;
mod server;
mod service;
mod store;

pub use crate::{
    builder::Builder,
    emulator::Emulator,
    reply::{Break, Point, Reply},
    request::call::Call,
    script::Script,
};
