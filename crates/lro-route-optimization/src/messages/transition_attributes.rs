use lro::wkt::Duration;

use super::DistanceLimit;

lro::message! {
    /// Costs, limits and delays of the way between visits with certain tags.
    pub struct TransitionAttributes("google.maps.routeoptimization.v1.TransitionAttributes") {
        /// Applies after a visit with this tag; one of `src_tag` and `excluded_src_tag`.
        src_tag: String,
        /// Applies after a visit without this tag; one of `src_tag` and `excluded_src_tag`.
        excluded_src_tag: String,
        /// Applies before a visit with this tag; one of `dst_tag` and `excluded_dst_tag`.
        dst_tag: String,
        /// Applies before a visit without this tag; one of `dst_tag` and `excluded_dst_tag`.
        excluded_dst_tag: String,
        /// The cost of the way.
        cost: f64,
        /// The cost of each kilometre of the way.
        cost_per_kilometer: f64,
        /// A soft limit to the way.
        distance_limit: Option<DistanceLimit>,
        /// The time lost after the one visit and before the other.
        delay: Option<Duration>,
    }
}
