use lro::wkt::Timestamp;

lro::message! {
    /// When something may happen, and when it should.
    pub struct TimeWindow("google.maps.routeoptimization.v1.TimeWindow") {
        /// The earliest time; the model's if absent.
        start_time: Option<Timestamp>,
        /// The latest time; the model's if absent.
        end_time: Option<Timestamp>,
        /// The earliest time without a cost.
        soft_start_time: Option<Timestamp>,
        /// The latest time without a cost.
        soft_end_time: Option<Timestamp>,
        /// The cost of each hour before `soft_start_time`.
        cost_per_hour_before_soft_start_time: Option<f64>,
        /// The cost of each hour after `soft_end_time`.
        cost_per_hour_after_soft_end_time: Option<f64>,
    }
}
