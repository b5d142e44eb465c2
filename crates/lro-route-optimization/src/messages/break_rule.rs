use lro::wkt::{Duration, Timestamp};

lro::message! {
    /// When a vehicle has breaks.
    pub struct BreakRule("google.maps.routeoptimization.v1.BreakRule") {
        /// The breaks, in their order.
        break_requests: Vec<BreakRuleBreakRequest>,
        /// How often there are breaks; all of these hold.
        frequency_constraints: Vec<BreakRuleFrequencyConstraint>,
    }

    /// A break, `BreakRule.BreakRequest`.
    pub struct BreakRuleBreakRequest("google.maps.routeoptimization.v1.BreakRule.BreakRequest") {
        /// The earliest start; required.
        earliest_start_time: Option<Timestamp>,
        /// The latest start; required.
        latest_start_time: Option<Timestamp>,
        /// The least duration, more than 0; required.
        min_duration: Option<Duration>,
    }

    /// How often there are breaks, `BreakRule.FrequencyConstraint`.
    pub struct BreakRuleFrequencyConstraint(
        "google.maps.routeoptimization.v1.BreakRule.FrequencyConstraint"
    ) {
        /// What counts as a break, not negative; required.
        min_break_duration: Option<Duration>,
        /// The longest time without such a break, more than 0; required.
        max_inter_break_duration: Option<Duration>,
    }
}
