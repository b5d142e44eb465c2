use std::collections::BTreeMap;

use lro::wkt::Duration;

use super::ShipmentRouteVehicleLoad;

lro::message! {
    /// Figures on a route or on a whole solution.
    pub struct AggregatedMetrics("google.maps.routeoptimization.v1.AggregatedMetrics") {
        /// How many shipments are performed; a pickup and its delivery are one.
        performed_shipment_count: i32,
        /// How many of them are mandatory; experimental.
        performed_mandatory_shipment_count: Option<i32>,
        /// The penalty costs avoided by performing them; experimental.
        performed_shipment_penalty_cost_sum: Option<f64>,
        /// The time on the move.
        travel_duration: Option<Duration>,
        /// The time spent waiting.
        wait_duration: Option<Duration>,
        /// The time of delays.
        delay_duration: Option<Duration>,
        /// The time of breaks.
        break_duration: Option<Duration>,
        /// The time of visits.
        visit_duration: Option<Duration>,
        /// The sum of these times.
        total_duration: Option<Duration>,
        /// The distance, in metres.
        travel_distance_meters: f64,
        /// The most that is held of each type of load.
        max_loads: BTreeMap<String, ShipmentRouteVehicleLoad>,
    }

    /// How close a route is to its vehicle's limits, from 0 to 1; absent where there is no limit.
    pub struct VehicleFullness("google.maps.routeoptimization.v1.VehicleFullness") {
        /// The greatest of the other figures.
        max_fullness: Option<f64>,
        /// The distance against `route_distance_limit`.
        distance: Option<f64>,
        /// The travel time against `travel_duration_limit`.
        travel_duration: Option<f64>,
        /// The total time against `route_duration_limit`.
        active_duration: Option<f64>,
        /// The fullest type of load against `load_limits`.
        max_load: Option<f64>,
        /// The time from start to end against that of the whole solution.
        active_span: Option<f64>,
    }
}
