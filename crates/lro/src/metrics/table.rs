use metrics::{KeyName, Unit};

use super::record;

pub(super) const POLLS: &str = "lro_polls_total";
pub(super) const OUTCOMES: &str = "lro_outcomes_total";
pub(super) const WAIT_DURATION: &str = "lro_wait_duration_seconds";
pub(super) const NOTICE_DELAY: &str = "lro_notice_delay_seconds";
pub(super) const LATENESS: &str = "lro_fleet_lateness_seconds";
pub(super) const LISTS: &str = "lro_fleet_lists_total";

/// A gauge of the [table](crate::metrics).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Gauge {
    /// `lro_pending_operations`
    PendingOperations,
    /// `lro_fleet_due_calls`
    DueCalls,
    /// `lro_fleet_in_flight_calls`
    InFlightCalls,
    /// `lro_fleet_quota_keys`
    QuotaKeys,
    /// `lro_fleet_shut_keys`
    ShutKeys,
    /// `lro_fleet_limited_keys`
    LimitedKeys,
    /// `lro_fleet_found_calls_per_second`
    FoundCallsPerSecond,
    /// `lro_registry_claimed_operations`
    ClaimedOperations,
    /// `lro_registry_in_flight_calls`
    WorkerCalls,
    /// `lro_registry_shut_services`
    ShutServices,
    /// `lro_registry_found_calls_per_second`
    WorkerCallsPerSecond,
    /// `lro_registry_pending_operations`
    StoredOperations,
    /// `lro_registry_overdue_operations`
    OverdueOperations,
    /// `lro_registry_overdue_seconds`
    OverdueSeconds,
    /// `lro_registry_unresolved_intents`
    UnresolvedIntents,
    /// `lro_registry_set_aside_operations`
    SetAsideOperations,
    /// `lro_registry_undelivered_outcomes`
    UndeliveredOutcomes,
    /// `lro_registry_undelivered_seconds`
    UndeliveredSeconds,
}

/// A counter of the [table](crate::metrics) with no label but `service`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Counter {
    /// `lro_registry_registrations_total`
    Registrations,
    /// `lro_registry_claims_total`
    Claims,
    /// `lro_registry_takeovers_total`
    Takeovers,
    /// `lro_registry_lost_claims_total`
    LostClaims,
    /// `lro_registry_set_aside_total`
    SetAside,
    /// `lro_registry_deliveries_total`
    Deliveries,
    /// `lro_registry_redeliveries_total`
    Redeliveries,
    /// `lro_registry_acknowledgements_total`
    Acknowledgements,
    /// `lro_registry_store_failures_total`
    StoreFailures,
}

impl Gauge {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::PendingOperations => "lro_pending_operations",
            Self::DueCalls => "lro_fleet_due_calls",
            Self::InFlightCalls => "lro_fleet_in_flight_calls",
            Self::QuotaKeys => "lro_fleet_quota_keys",
            Self::ShutKeys => "lro_fleet_shut_keys",
            Self::LimitedKeys => "lro_fleet_limited_keys",
            Self::FoundCallsPerSecond => "lro_fleet_found_calls_per_second",
            Self::ClaimedOperations => "lro_registry_claimed_operations",
            Self::WorkerCalls => "lro_registry_in_flight_calls",
            Self::ShutServices => "lro_registry_shut_services",
            Self::WorkerCallsPerSecond => "lro_registry_found_calls_per_second",
            Self::StoredOperations => "lro_registry_pending_operations",
            Self::OverdueOperations => "lro_registry_overdue_operations",
            Self::OverdueSeconds => "lro_registry_overdue_seconds",
            Self::UnresolvedIntents => "lro_registry_unresolved_intents",
            Self::SetAsideOperations => "lro_registry_set_aside_operations",
            Self::UndeliveredOutcomes => "lro_registry_undelivered_outcomes",
            Self::UndeliveredSeconds => "lro_registry_undelivered_seconds",
        }
    }

    fn unit(self) -> Unit {
        match self {
            Self::FoundCallsPerSecond | Self::WorkerCallsPerSecond => Unit::CountPerSecond,
            Self::OverdueSeconds | Self::UndeliveredSeconds => Unit::Seconds,
            _ => Unit::Count,
        }
    }
}

impl Counter {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Registrations => "lro_registry_registrations_total",
            Self::Claims => "lro_registry_claims_total",
            Self::Takeovers => "lro_registry_takeovers_total",
            Self::LostClaims => "lro_registry_lost_claims_total",
            Self::SetAside => "lro_registry_set_aside_total",
            Self::Deliveries => "lro_registry_deliveries_total",
            Self::Redeliveries => "lro_registry_redeliveries_total",
            Self::Acknowledgements => "lro_registry_acknowledgements_total",
            Self::StoreFailures => "lro_registry_store_failures_total",
        }
    }
}

/// Describes all metrics to the recorder that is installed. Call it once, after the recorder is installed.
///
/// ```
/// // after the recorder of an exporter is installed:
/// lro::metrics::describe();
/// ```
pub fn describe() {
    record(|recorder| {
        let name = KeyName::from_const_str;
        for (counter, text) in COUNTERS {
            recorder.describe_counter(name(counter), Some(Unit::Count), text.into());
        }
        for (counter, text) in REGISTRY_COUNTERS {
            recorder.describe_counter(name(counter.name()), Some(Unit::Count), text.into());
        }
        for (gauge, text) in GAUGES {
            recorder.describe_gauge(name(gauge.name()), Some(gauge.unit()), text.into());
        }
        for (histogram, text) in HISTOGRAMS {
            recorder.describe_histogram(name(histogram), Some(Unit::Seconds), text.into());
        }
    });
}

const COUNTERS: [(&str, &str); 3] = [
    (POLLS, "Calls for the state of one operation that have ended."),
    (OUTCOMES, "Waits that have ended."),
    (LISTS, "Calls of fleets that list operations in place of polls."),
];

const REGISTRY_COUNTERS: [(Counter, &str); 9] = [
    (Counter::Registrations, "Registrations and starts that were new."),
    (Counter::Claims, "Records that workers have claimed, each for one call."),
    (Counter::Takeovers, "Claims of records whose last claim ended without a result."),
    (Counter::LostClaims, "Results that were not stored, because the claim had ended."),
    (Counter::SetAside, "Records that workers have set aside."),
    (Counter::Deliveries, "Outcomes that consumers have received."),
    (Counter::Redeliveries, "Those that were delivered before."),
    (Counter::Acknowledgements, "Outcomes that were acknowledged."),
    (Counter::StoreFailures, "Calls of the store that failed: claims, results, deliveries."),
];

const GAUGES: [(Gauge, &str); 18] = [
    (Gauge::PendingOperations, "Operations that waits and fleets wait for."),
    (Gauge::DueCalls, "Calls of fleets that are due and not made yet."),
    (Gauge::InFlightCalls, "Calls of fleets in flight."),
    (Gauge::QuotaKeys, "Quota keys of fleets."),
    (Gauge::ShutKeys, "Quota keys whose service seems to be down, so that only probes are sent."),
    (Gauge::LimitedKeys, "Quota keys for which a fleet found a lower rate than the configured one."),
    (Gauge::FoundCallsPerSecond, "Sum of the rates that were found."),
    (Gauge::ClaimedOperations, "Claims that workers hold."),
    (Gauge::WorkerCalls, "Calls of workers in flight."),
    (Gauge::ShutServices, "Services that seem to be down to workers, so that only probes are sent."),
    (Gauge::WorkerCallsPerSecond, "Sum of the rates that workers found."),
    (Gauge::StoredOperations, "Pending operations of the store, counted up to 100,000."),
    (Gauge::OverdueOperations, "Those that are due."),
    (Gauge::OverdueSeconds, "Time since the operation that has been due for the longest time became due."),
    (Gauge::UnresolvedIntents, "Starting calls of which nothing is known, counted up to 10,000."),
    (Gauge::SetAsideOperations, "Records that are set aside, counted up to 10,000."),
    (Gauge::UndeliveredOutcomes, "Outcomes that are not acknowledged, counted up to 10,000."),
    (Gauge::UndeliveredSeconds, "Time since the outcome that has been due for the longest time became due."),
];

const HISTOGRAMS: [(&str, &str); 3] = [
    (WAIT_DURATION, "Time from the first step of a wait to its end."),
    (NOTICE_DELAY, "Estimated time from the end of an operation to the reply that shows it."),
    (LATENESS, "Time from when a poll of a fleet is due until it is made."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table_has_all_metrics() {
        let page = include_str!("../metrics.rs");
        let rows: Vec<Vec<&str>> = page
            .lines()
            .filter_map(|line| line.strip_prefix("//! | `"))
            .map(|row| row.split(" | ").collect())
            .collect();
        let row = |name: &str, kind: &str| {
            let is_it = |row: &&Vec<&str>| row[0] == format!("{name}`") && row[1] == kind;
            assert_eq!(rows.iter().filter(is_it).count(), 1, "{name}");
        };
        COUNTERS.iter().for_each(|(name, _)| row(name, "counter"));
        REGISTRY_COUNTERS.iter().for_each(|(counter, _)| row(counter.name(), "counter"));
        GAUGES.iter().for_each(|(gauge, _)| row(gauge.name(), "gauge"));
        HISTOGRAMS.iter().for_each(|(name, _)| row(name, "histogram"));
        let counters = COUNTERS.len() + REGISTRY_COUNTERS.len();
        assert_eq!(rows.len(), counters + GAUGES.len() + HISTOGRAMS.len());
    }
}
