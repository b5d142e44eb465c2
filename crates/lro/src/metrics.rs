//! Metrics of waits and fleets for the facade [`metrics`](https://docs.rs/metrics), which Prometheus exporters and others
//! read. Feature `metrics`.
//!
//! A program installs a recorder and calls [`describe`]. Then every [`Wait`](crate::Wait) publishes, and every fleet of
//! `lro-fleet` with its feature `metrics`. A recorder that is installed late receives what happens from then on.
//!
//! | name | type | labels | value |
//! |---|---|---|---|
//! | `lro_polls_total` | counter | `service`, `kind`, `code` | Calls for the state of one operation that have ended. |
//! | `lro_outcomes_total` | counter | `service`, `kind`, `outcome`, `code` | Waits that have ended. |
//! | `lro_wait_duration_seconds` | histogram | `service`, `kind`, `outcome` | Time from the first step of a wait to its end. |
//! | `lro_notice_delay_seconds` | histogram | `service`, `kind` | Estimated time from the end of an operation to the reply that shows it: half the time between the last two polls. |
//! | `lro_pending_operations` | gauge | `service` | Operations that waits and fleets wait for. |
//! | `lro_fleet_due_calls` | gauge | `service` | Calls of fleets that are due and not made yet. |
//! | `lro_fleet_in_flight_calls` | gauge | `service` | Calls of fleets in flight. |
//! | `lro_fleet_lateness_seconds` | histogram | `service` | Time from when a poll of a fleet is due until it is made. |
//! | `lro_fleet_lists_total` | counter | `service`, `code` | Calls of fleets that list operations in place of polls. |
//! | `lro_fleet_quota_keys` | gauge | `service` | Quota keys of fleets. |
//! | `lro_fleet_shut_keys` | gauge | `service` | Quota keys whose service seems to be down, so that only probes are sent. |
//! | `lro_fleet_limited_keys` | gauge | `service` | Quota keys for which a fleet found a lower rate than the configured one. |
//! | `lro_fleet_found_calls_per_second` | gauge | `service` | Sum of the rates that were found. |
//!
//! # Labels
//!
//! - `service` is the key of the [`Service`](crate::Service), such as `workspaceevents.googleapis.com`.
//! - `kind` is the [kind](crate::Wait::kind) of the operation, by default the key of the service. Each kind is a series of
//!   its own, so a kind must not contain what differs for each operation. No label contains the name of an operation.
//! - `code` is the name of a [`Code`](crate::Code). Of a poll it is `OK` after a state of the operation,
//!   `DEADLINE_EXCEEDED` without a reply in time, and `CANCELLED` if the deadline of the wait cut the call. Of an outcome
//!   it is `OK` or the code of the error.
//! - `outcome` is `succeeded` or the [origin](crate::Origin) of the error: `operation_failed`, `call_failed`,
//!   `stopped_asking`, `malformed_reply`.
//!
//! # What is counted
//!
//! - A call that is [rejected](crate::Status::invalid_argument) before it is sent is not a poll. A request to cancel is
//!   not a poll.
//! - A wait that makes no call, because its operation was done at once, is not counted.
//! - A wait that is dropped, or that a fleet returns as a handle, has no outcome.
//! - An outcome is counted before the response is decoded.
//! - A held call (`WaitOperation`) replies when the operation is done, so no notice delay is recorded after it.
//! - A fleet sets its gauges once a second while they change.
//!
//! Histograms have the unit seconds. Without buckets, most exporters of Prometheus render them as summaries.

pub mod driver;
mod series;
mod share;
mod table;

pub use self::table::describe;

use metrics::{Level, Metadata, Recorder, with_recorder};
use tracing::warn;

use crate::rules::guard_call;

/// Runs the recorder, which is the caller's code. A panic changes nothing.
///
/// No counter or gauge of the recorder is kept, so a recorder that is installed later works. No lock is held meanwhile.
fn record(act: impl FnOnce(&dyn Recorder)) {
    if let Err(panicked) = guard_call("the recorder of the metrics", || with_recorder(act)) {
        warn!(%panicked, "a metric is lost");
    }
}

const METADATA: Metadata<'static> = Metadata::new("lro", Level::INFO, None);
