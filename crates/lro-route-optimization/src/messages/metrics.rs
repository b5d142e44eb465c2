use std::collections::BTreeMap;

use lro::wkt::Duration;

use super::ShipmentRouteVehicleLoad;

lro::message! {
    /// Metrics of a route or of a solution.
    pub struct AggregatedMetrics("google.maps.routeoptimization.v1.AggregatedMetrics") {
        /// The number of shipments performed. A pickup and its delivery count as one shipment.
        performed_shipment_count: i32 = 1,
        /// The number of mandatory shipments performed. Experimental.
        performed_mandatory_shipment_count: Option<i32> = 12,
        /// The sum of the penalty costs of the shipments performed. Experimental.
        performed_shipment_penalty_cost_sum: Option<f64> = 13,
        /// The total travel time.
        travel_duration: Option<Duration> = 2,
        /// The total waiting time.
        wait_duration: Option<Duration> = 3,
        /// The total time of delays.
        delay_duration: Option<Duration> = 4,
        /// The total time of breaks.
        break_duration: Option<Duration> = 5,
        /// The total time of visits.
        visit_duration: Option<Duration> = 6,
        /// The total duration.
        total_duration: Option<Duration> = 7,
        /// The total distance, in metres.
        travel_distance_meters: f64 = 8,
        /// The maximum load of the vehicle, by type of load.
        max_loads: BTreeMap<String, ShipmentRouteVehicleLoad> = 9,
    }

    /// The use that a route makes of its vehicle's limits, from 0 to 1. A metric without a limit is absent.
    pub struct VehicleFullness("google.maps.routeoptimization.v1.VehicleFullness") {
        /// The maximum of the other metrics.
        max_fullness: Option<f64> = 1,
        /// The distance divided by `route_distance_limit`.
        distance: Option<f64> = 2,
        /// The travel time divided by `travel_duration_limit`.
        travel_duration: Option<f64> = 3,
        /// The total duration divided by `route_duration_limit`.
        active_duration: Option<f64> = 4,
        /// The maximum, over all types of load, of the maximum load divided by its limit.
        max_load: Option<f64> = 5,
        /// The time from start to end divided by that of the whole solution.
        active_span: Option<f64> = 6,
    }
}
