//! Waits for long-running operations (`google.longrunning.Operation`, AIP-151) until they are done.
//!
//! ```
//! use lro::{Any, Operation, OperationName, Status, poll_until_done, transport_fn};
//! use serde::{Deserialize, Serialize};
//! # use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Job {
//!     pages: u32,
//! }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Progress {
//!     printed: u32,
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Status> {
//! # let polls = AtomicU32::new(0);
//! // A transport returns the current state of one operation. This printer is done at every third poll.
//! let printer = transport_fn(|name| {
//!     let poll = polls.fetch_add(1, Relaxed) % 3;
//!     async move {
//!         match poll {
//!             2 => Operation::succeeded(name.as_str(), Job { pages: 20 }),
//!             _ => Ok(Operation::running(name.as_str())
//!                 .with_metadata(Any::from_value(&Progress { printed: 10 * poll })?)),
//!         }
//!     }
//! });
//! let name = OperationName::parse("operations/print")?;
//!
//! // Polls until the operation is done and decodes its response.
//! let job: Job = poll_until_done(&printer, name.clone()).await?;
//! assert_eq!(job.pages, 20);
//!
//! // The same wait, step by step: `next` returns a snapshot per reply.
//! let mut wait = poll_until_done::<Job>(&printer, name).with_metadata::<Progress>();
//! let mut printed = Vec::new();
//! while let Some(snapshot) = wait.next().await {
//!     printed.extend(snapshot?.metadata().map(|progress| progress.printed));
//! }
//! // The last snapshot repeats the latest metadata.
//! assert_eq!(printed, [0, 10, 10]);
//! assert_eq!(wait.await?.pages, 20);
//! # Ok(())
//! # }
//! ```
//!
//! # Main items
//!
//! - [`poll_until_done`] returns a [`Wait`]. A `Wait` is a builder that is awaited, stepped or turned into a stream.
//! - [`LroTransport`] is the trait for a service. One method is required. [`transport_fn`] implements it for a closure.
//! - [`Operation`] is one state of an operation. [`Any`] holds its metadata and its response until they are decoded.
//! - [`Status`] is the only error type.
//! - [`Pacing`] decides when to poll. [`Tolerance`] decides which failed calls are retried.
//! - [`Handle`] is saved to resume a wait after a restart, by [`Wait::resumed`].
//! - [`list_operations`] returns the operations of a service in pages.
//! - [`message!`] and [`enumeration!`] declare typed responses and metadata in proto3 JSON. Any other type that
//!   implements `serde::Deserialize` works too.
//!
//! # Modules
//!
//! The source is grouped by noun.
//!
//! | module | contents |
//! |---|---|
//! | `operation` | [`Operation`], [`Outcome`], [`OperationName`], [`Any`] |
//! | `status` | [`Status`], [`Code`], [`Origin`], [`Report`], [`details`], [`is_hidden`] |
//! | [`message`](mod@message) | proto3 JSON: [`message!`], [`enumeration!`], the well-known types in [`wkt`] |
//! | `metrics` | the table of metrics, with the feature `metrics` |
//! | [`protobuf`] | the contract by which a type decodes protobuf messages |
//! | [`pacing`] | [`Pacing`], and the trait [`PacingPolicy`](pacing::PacingPolicy) for other pacings |
//! | [`rules`] | the decision after each call: poll again, retry or end the wait |
//! | [`stored`] | waits whose state an engine or a store keeps between two calls |
//! | [`telemetry`] | the events of waits, and the [`Observer`](telemetry::Observer) for code of the caller |
//! | `transport` | [`LroTransport`], [`transport_fn`], [`map_replies`], [`Capabilities`], [`Attempt`] |
//! | `wait` | [`poll_until_done`], [`Wait`], [`Snapshot`], [`Cancellation`] |
//!
//! [`Handle`] and [`list_operations`] have a file each.
//!
//! # Errors
//!
//! A [`Status`] has one of four origins. [`Status::origin`] returns it.
//!
//! | origin | meaning | next step |
//! |---|---|---|
//! | [`OperationFailed`](Origin::OperationFailed) | The operation finished with this error. | Correct the request and start another operation. |
//! | [`CallFailed`](Origin::CallFailed) | A call failed. The state of the operation is unknown. | Repair the connection or the credential, then wait again by the same name. |
//! | [`StoppedAsking`](Origin::StoppedAsking) | The polling stopped at a limit or by request. | Wait again by the same name. |
//! | [`MalformedReply`](Origin::MalformedReply) | A reply broke the protocol or does not fit the awaited type. | Report it to the operators of the server, or await another type. |
//!
//! Transient failures of calls are retried within the [`Tolerance`] and are not returned. [`Status::report`] returns
//! what the wait knew of the operation when it ended.
//!
//! A transport over HTTP returns `Status::from_http` for a failed call and reads `Retry-After` with `retry_after`. Both are
//! in the feature `http`. [`Status::in_reply`] finds the error in a reply whose HTTP status is a success.
//!
//! # Cancellation
//!
//! Dropping the future stops the polling; the operation goes on. Another wait by the same name reaches the same outcome.
//! [`Wait::cancel_and_wait`] asks the server to cancel the operation.
//!
//! # Related crates
//!
//! This crate has no network code. It reads tokio's clock, which tests can pause. `lro-http` is a transport over
//! HTTP/JSON.
//!
//! Google's own poller is `google-cloud-lro`. It belongs to Google's official client crates, which are generated per
//! service. This crate is for any service that answers with `google.longrunning` operations.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod chance;
#[doc(hidden)]
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod handle;
mod list;
pub mod message;
#[cfg(feature = "metrics")]
pub mod metrics;
mod operation;
pub mod pacing;
pub mod protobuf;
pub mod rules;
mod status;
pub mod stored;
pub mod telemetry;
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
    status::{Code, Origin, Report, Status, details, is_hidden},
    transport::{
        Attempt, Capabilities, ListOperationsRequest, LroTransport, MapReplies, OperationPage, Permit,
        TransportFn, map_replies, transport_fn,
    },
    wait::{AtDeadline, Cancellation, Snapshot, Snapshots, Wait, poll_until_done},
};

#[cfg(feature = "http")]
pub use crate::status::retry_after;

#[doc(hidden)]
pub use serde as __serde;
