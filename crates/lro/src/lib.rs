//! Await long-running operations: one trait for a service, one future for an operation.
//!
//! A server that says "this will take a while" hands out a `google.longrunning.Operation` (AIP-151) and waits to be
//! asked. This library asks: at the right times, through every failure that may pass, until there is an outcome that
//! can be trusted.
//!
//! ```text
//! "operations/123" -> OperationName -> poll_until_done -> LroTransport::get_operation -> HTTP/JSON or gRPC
//!                                          |                                              |
//!                     Result<R, Status> <--+-- Snapshot<M> <-- judged once <-- Operation <-+
//! ```
//!
//! - [`poll_until_done`] makes a [`Wait`], which is awaited, stepped or made a stream.
//! - [`LroTransport`] reaches a service: one method. [`transport_fn`] makes one of a closure.
//! - [`Status`] is the only error, and [`Status::origin`] says whether the operation failed or we merely do not know.
//! - [`Pacing`] says when to ask, [`Tolerance`] which failed calls are survived.
//! - [`Handle`] is what to save in order to go on after a restart.
//! - [`message!`] and [`enumeration!`] declare typed responses and metadata in proto3 JSON; any `serde` type does too.
//!
//! The core knows no network and no server. All time is tokio's, so a paused clock drives it.

mod any;
mod attempt;
mod chance;
mod code;
pub mod details;
#[doc(hidden)]
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod handle;
mod json;
mod list;
pub mod message;
mod name;
mod number;
mod operation;
pub mod pacing;
mod response;
pub mod rules;
mod status;

mod transport;
mod typed;
mod wait;
pub mod wkt;

pub use async_trait::async_trait;

pub use crate::{
    any::Any,
    attempt::{Attempt, Permit},
    code::Code,
    handle::{Handle, Service},
    json::from_json,
    list::{Pages, list_operations},
    name::OperationName,
    operation::{Operation, Outcome},
    pacing::Pacing,
    response::Response,
    rules::Tolerance,
    status::{Origin, Report, Status},
    transport::{
        Capabilities, ListOperationsRequest, LroTransport, OperationPage, TransportFn, transport_fn,
    },
    wait::{AtDeadline, Cancellation, Snapshot, Snapshots, Wait, poll_until_done},
    wkt::Empty,
};

#[doc(hidden)]
pub use serde as __serde;
