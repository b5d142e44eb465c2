use lro::wkt::Timestamp;

lro::message! {
    /// A range of permitted times, and a range of preferred times.
    pub struct TimeWindow("google.maps.routeoptimization.v1.TimeWindow") {
        /// The earliest time. Default: the earliest of the model.
        start_time: Option<Timestamp> = 1,
        /// The latest time. Default: the latest of the model.
        end_time: Option<Timestamp> = 2,
        /// The earliest time without a cost.
        soft_start_time: Option<Timestamp> = 3,
        /// The latest time without a cost.
        soft_end_time: Option<Timestamp> = 4,
        /// The cost per hour before `soft_start_time`.
        cost_per_hour_before_soft_start_time: Option<f64> = 5,
        /// The cost per hour after `soft_end_time`.
        cost_per_hour_after_soft_end_time: Option<f64> = 6,
    }
}
