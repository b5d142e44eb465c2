//! The events of waits, for logs and exporters of traces, and the [`Observer`] for code of the caller.
//!
//! Waits, fleets and the workers of registries report the same events, through the facade [`tracing`] and to their observer. All have the
//! target `lro::telemetry`.
//!
//! | level | message | when | fields |
//! |---|---|---|---|
//! | DEBUG | `operation polled` | A call has brought the state of the operation. | `lro.done`, `lro.pause_ms` |
//! | DEBUG | `poll failed` | A call has brought no state. | `lro.code`, `lro.error`, `lro.pause_ms` |
//! | DEBUG | `cancellation requested` | A request to cancel has ended. | `lro.accepted`, `lro.error` |
//! | INFO | `operation succeeded` | The wait ends with a response, or with neither response nor error. | `lro.elapsed_ms` |
//! | INFO | `operation failed` | The wait ends with the error of the operation. | `lro.elapsed_ms`, `lro.code`, `lro.error` |
//! | WARN | `gave up waiting; the operation may still be running`, or `gave up waiting` if it surely is not | The wait ends before the operation is known to be done. | `lro.elapsed_ms`, `lro.origin`, `lro.code`, `lro.error` |
//!
//! All events have these fields:
//!
//! | field | value |
//! |---|---|
//! | `lro.operation` | the name of the operation |
//! | `lro.service` | the [key](crate::Service::key) of the service, empty if the transport names none |
//! | `lro.kind` | the [kind](crate::Wait::kind) of the operation, absent if none is set |
//! | `lro.polls` | the calls made so far; in a [`Wait`](crate::Wait) the requests to cancel too |
//!
//! `lro.pause_ms` is the delay to the next call, absent if there is none. `lro.code` is the [name](crate::Code::name) of the code, `lro.origin`
//! the variant of the [`Origin`](crate::Origin). `lro.error` is the text of the status, one line, bounded and escaped. No event has a credential,
//! metadata or a response.
//!
//! An outcome is reported as the service gave it. A response that does not fit the type that is awaited is an error where it is awaited, and no
//! event.
//!
//! An observer has the same, except requests to cancel. It sees the poll that finds the operation done as the outcome.
//!
//! A subscriber or an observer that panics loses the event, and changes no outcome. A subscriber that panics at an event of a transport, or
//! of a crate below it, panics within that call; a fleet and a worker then take it for a panic of the transport.
//!
//! A [`Wait`](crate::Wait) has a span `lro.wait` of level INFO, in which its events and the calls of its transport happen. Its fields are
//! `lro.operation` and, once it has ended, `lro.polls` and `lro.code`: `OK`, or the code of the error of the operation or of the wait. A fleet and a worker have no span for an operation, because each has very many.
//!
//! # Other events
//!
//! | target | level | what |
//! |---|---|---|
//! | `lro` | WARN | Metadata that do not fit the type of the caller, once per type in the process; a metric that is lost because its recorder panicked. |
//! | `lro`, `lro::telemetry`, `lro_fleet`, `lro_registry` | ERROR | Code of the caller panicked: a pacing, a transport, a subscriber. The event names it. |
//! | `lro_http`, `lro_grpc` | DEBUG | A reply, by the names of OpenTelemetry: `http.request.method`, `http.response.status_code`, `server.address`, `url.path`; `rpc.system.name`, `rpc.method`, `rpc.response.status_code`. |
//! | `lro_auth` | WARN | A token could not be renewed. |
//! | `lro_fleet` | WARN | Once a minute, while completions that nobody takes keep operations from being polled; a fleet that is dropped with registered operations. |
//! | `lro_fleet` | DEBUG | The counters of a fleet, once a minute; settings of a registration that do not apply, because the operation is waited for already. |
//! | `lro_registry` | INFO, WARN | A service looks down and is only probed, and replies again; the store fails, and works again; an outcome was not handled. |
//! | `lro_registry` | DEBUG | The result of each call of a worker. |
//! | `lro_emulator` | DEBUG | The requests and replies of the emulator. |
//! | `lro_registry_sqlite`, `lro_registry_postgres` | INFO, WARN | What concerns the database: its schema, its disk, its notifications. |
//!
//! # Examples
//!
//! ```
//! use std::time::Duration;
//! use lro::{Operation, Outcome, Status, poll_until_done, transport_fn};
//! use lro::telemetry::{About, Observer};
//!
//! #[derive(Debug)]
//! struct Log;
//!
//! impl Observer for Log {
//!     fn on_failure(&self, about: &About<'_>, failure: &Status, pause: Option<Duration>) {
//!         eprintln!("{}: {failure}; the next poll is in {pause:?}", about.operation);
//!     }
//!
//!     fn on_outcome(&self, about: &About<'_>, outcome: Result<&Outcome, &Status>) {
//!         eprintln!("{}: done after {:?}: {}", about.operation, about.elapsed, outcome.is_ok());
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
//! let jobs = transport_fn(|name| async move { Operation::succeeded(name.as_str(), 7) });
//! let pages: u32 = poll_until_done(&jobs, "operations/1".parse()?).observe(Log).await?;
//! # Ok::<(), Status>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In the tests of a program, and in programs that use no other subscriber, `tracing_subscriber::fmt` prints the events:
//! `RUST_LOG=lro=debug` shows each poll, `lro=info` the outcomes.

mod events;
mod metadata;
mod observer;

pub(crate) use self::events::{failed, record_end, span, within};
pub use self::{
    events::{called, cancel_requested, ended, ended_by, is_wanted},
    metadata::metadata,
    observer::{About, Observer},
};
