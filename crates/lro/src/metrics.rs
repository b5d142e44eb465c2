//! Metrics of waits, fleets and registries for the facade [`metrics`](https://docs.rs/metrics), which Prometheus exporters and others
//! read. Feature `metrics`.
//!
//! A program installs a recorder and calls [`describe`]. Then every [`Wait`](crate::Wait) publishes, and with their features `metrics`
//! every fleet of `lro-fleet` and every worker and consumer of `lro-registry`. A recorder that is installed late receives what happens
//! from then on.
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
//! Registries also publish the first four of them, and these:
//!
//! | name | type | labels | value |
//! |---|---|---|---|
//! | `lro_registry_registrations_total` | counter | `service` | Registrations and starts that were new; a registration that resolves an intent, too. |
//! | `lro_registry_claims_total` | counter | `service` | Records that workers have claimed, each for one call. |
//! | `lro_registry_takeovers_total` | counter | `service` | Claims of records whose last claim ended without a result: its worker died, or its call panicked. |
//! | `lro_registry_lost_claims_total` | counter | `service` | Results that were not stored, because the claim had ended. |
//! | `lro_registry_set_aside_total` | counter | `service` | Records that workers have set aside. |
//! | `lro_registry_deliveries_total` | counter | `service` | Outcomes that consumers have received. |
//! | `lro_registry_redeliveries_total` | counter | `service` | Those that were delivered before. |
//! | `lro_registry_acknowledgements_total` | counter | `service` | Outcomes that were acknowledged. |
//! | `lro_registry_store_failures_total` | counter | | Calls of the store that failed: claims, results, deliveries. |
//! | `lro_registry_claimed_operations` | gauge | `service` | Claims that workers hold. |
//! | `lro_registry_in_flight_calls` | gauge | `service` | Calls of workers in flight. |
//! | `lro_registry_shut_services` | gauge | `service` | Services that seem to be down to workers, so that only probes are sent. |
//! | `lro_registry_found_calls_per_second` | gauge | `service` | Sum of the rates that workers found. |
//! | `lro_registry_pending_operations` | gauge | `service` | Pending operations of the store, counted up to 100,000. |
//! | `lro_registry_overdue_operations` | gauge | `service` | Those that are due. |
//! | `lro_registry_overdue_seconds` | gauge | `service` | Time since the operation that has been due for the longest time became due. |
//! | `lro_registry_unresolved_intents` | gauge | | Starting calls of which nothing is known, counted up to 10,000. |
//! | `lro_registry_set_aside_operations` | gauge | | Records that are set aside, counted up to 10,000. |
//! | `lro_registry_undelivered_outcomes` | gauge | | Outcomes that are not acknowledged, counted up to 10,000. |
//! | `lro_registry_undelivered_seconds` | gauge | | Time since the outcome that has been due for the longest time became due. |
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
//! # Registries
//!
//! - A worker counts an outcome when it is stored, so that it counts once, however many workers have seen it. It does not count if the
//!   reply of the store is lost. Its duration is the time since the registration.
//! - A worker sets what it holds itself (claims, calls, services that are shut, rates) once a second while that changes. The workers of
//!   a process add up.
//! - The last seven gauges are of the whole store, for all processes. Each worker reads them: once a minute what is pending and due, by
//!   a call that costs a large database some tens of milliseconds, and the others every half a minute. A query takes the maximum over
//!   the processes. A process whose last worker has stopped publishes no newer values.
//!
//! Histograms have the unit seconds. Without buckets, most exporters of Prometheus render them as summaries.

pub mod driver;
mod series;
mod share;
mod table;

pub use self::table::describe;

use metrics::{Key, Label, Level, Metadata, Recorder, with_recorder};
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

/// Returns a key with the label `service`, or without labels.
fn key(name: &'static str, service: Option<&str>) -> Key {
    let label = |service: &str| Label::new("service", service.to_owned());
    Key::from_parts(name, service.map(label).into_iter().collect::<Vec<_>>())
}

const METADATA: Metadata<'static> = Metadata::new("lro", Level::INFO, None);
