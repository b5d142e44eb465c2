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
        for (gauge, text) in GAUGES {
            let unit = if gauge == Gauge::FoundCallsPerSecond { Unit::CountPerSecond } else { Unit::Count };
            recorder.describe_gauge(name(gauge.name()), Some(unit), text.into());
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

const GAUGES: [(Gauge, &str); 7] = [
    (Gauge::PendingOperations, "Operations that waits and fleets wait for."),
    (Gauge::DueCalls, "Calls of fleets that are due and not made yet."),
    (Gauge::InFlightCalls, "Calls of fleets in flight."),
    (Gauge::QuotaKeys, "Quota keys of fleets."),
    (Gauge::ShutKeys, "Quota keys whose service seems to be down, so that only probes are sent."),
    (Gauge::LimitedKeys, "Quota keys for which a fleet found a lower rate than the configured one."),
    (Gauge::FoundCallsPerSecond, "Sum of the rates that were found."),
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
        GAUGES.iter().for_each(|(gauge, _)| row(gauge.name(), "gauge"));
        HISTOGRAMS.iter().for_each(|(name, _)| row(name, "histogram"));
        assert_eq!(rows.len(), COUNTERS.len() + GAUGES.len() + HISTOGRAMS.len());
    }
}
