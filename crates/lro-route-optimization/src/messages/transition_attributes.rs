use lro::wkt::Duration;

use super::DistanceLimit;

lro::message! {
    /// Costs, limits and delays of the transitions between visits with certain tags.
    pub struct TransitionAttributes("google.maps.routeoptimization.v1.TransitionAttributes") {
        /// Selects transitions from visits with this tag. Set either `src_tag` or `excluded_src_tag`.
        src_tag: String = 1,
        /// Selects transitions from visits without this tag. Set either `src_tag` or `excluded_src_tag`.
        excluded_src_tag: String = 2,
        /// Selects transitions to visits with this tag. Set either `dst_tag` or `excluded_dst_tag`.
        dst_tag: String = 3,
        /// Selects transitions to visits without this tag. Set either `dst_tag` or `excluded_dst_tag`.
        excluded_dst_tag: String = 4,
        /// The cost of the transition.
        cost: f64 = 5,
        /// The cost per kilometre.
        cost_per_kilometer: f64 = 6,
        /// A limit on the distance.
        distance_limit: Option<DistanceLimit> = 7,
        /// The delay, after the first visit and before the second.
        delay: Option<Duration> = 8,
    }
}
