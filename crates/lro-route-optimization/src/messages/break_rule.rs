use lro::wkt::{Duration, Timestamp};

lro::message! {
    /// The breaks of a vehicle.
    pub struct BreakRule("google.maps.routeoptimization.v1.BreakRule") {
        /// The breaks, in order.
        break_requests: Vec<BreakRuleBreakRequest> = 1,
        /// The constraints on the frequency of breaks. All of them apply.
        frequency_constraints: Vec<BreakRuleFrequencyConstraint> = 2,
    }

    /// A break, `BreakRule.BreakRequest`.
    pub struct BreakRuleBreakRequest("google.maps.routeoptimization.v1.BreakRule.BreakRequest") {
        /// The earliest start. Required.
        earliest_start_time: Option<Timestamp> = 1,
        /// The latest start. Required.
        latest_start_time: Option<Timestamp> = 2,
        /// The minimum duration, above 0. Required.
        min_duration: Option<Duration> = 3,
    }

    /// A constraint on the frequency of breaks, `BreakRule.FrequencyConstraint`.
    pub struct BreakRuleFrequencyConstraint(
        "google.maps.routeoptimization.v1.BreakRule.FrequencyConstraint"
    ) {
        /// The minimum duration of a pause that counts as a break, at least 0. Required.
        min_break_duration: Option<Duration> = 1,
        /// The maximum time between two such breaks, above 0. Required.
        max_inter_break_duration: Option<Duration> = 2,
    }
}
