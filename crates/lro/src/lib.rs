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

mod chance;
#[doc(hidden)]
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod handle;
mod list;
pub mod message;
mod operation;
pub mod pacing;
pub mod rules;
mod status;
mod transport;
mod wait;

pub use async_trait::async_trait;

pub use crate::{
    handle::{Handle, Service},
    list::{Pages, list_operations},
    message::{json::from_json, wkt, wkt::Empty},
    operation::{Any, Operation, OperationName, Outcome, Response},
    pacing::Pacing,
    rules::Tolerance,
    status::{Code, Origin, Report, Status, details},
    transport::{
        Attempt, Capabilities, ListOperationsRequest, LroTransport, OperationPage, Permit, TransportFn,
        transport_fn,
    },
    wait::{AtDeadline, Cancellation, Snapshot, Snapshots, Wait, poll_until_done},
};

#[doc(hidden)]
pub use serde as __serde;
