use std::collections::BTreeMap;

use lro::wkt::Timestamp;

use super::{
    AggregatedMetrics, OptimizeToursRequest, OptimizeToursValidationError, ShipmentRoute, SkippedShipment,
};

lro::message! {
    /// The response of `OptimizeTours` and `OptimizeToursLongRunning`: the routes and the skipped shipments.
    pub struct OptimizeToursResponse("google.maps.routeoptimization.v1.OptimizeToursResponse") {
        /// The routes, one for each vehicle, in the order of the model's vehicles.
        routes: Vec<ShipmentRoute> = 1,
        /// The label of the request.
        request_label: String = 3,
        /// The shipments that no route performs.
        skipped_shipments: Vec<SkippedShipment> = 4,
        /// The errors of the model if the mode only validates, warnings if it solves.
        validation_errors: Vec<OptimizeToursValidationError> = 5,
        /// The request with its objectives converted to costs, if the mode requests it.
        processed_request: Option<OptimizeToursRequest> = 21,
        /// The metrics of the solution.
        metrics: Option<OptimizeToursResponseMetrics> = 6,
    }

    /// The metrics of a solution, `OptimizeToursResponse.Metrics`.
    pub struct OptimizeToursResponseMetrics(
        "google.maps.routeoptimization.v1.OptimizeToursResponse.Metrics"
    ) {
        /// The metrics of all routes: sums, and maxima for loads.
        aggregated_route_metrics: Option<AggregatedMetrics> = 1,
        /// The number of skipped shipments that are mandatory.
        skipped_mandatory_shipment_count: i32 = 2,
        /// The number of vehicles used. A vehicle with `used_if_route_is_empty` counts even if its route is empty.
        used_vehicle_count: i32 = 3,
        /// The earliest start of a vehicle.
        earliest_vehicle_start_time: Option<Timestamp> = 4,
        /// The latest end of a vehicle.
        latest_vehicle_end_time: Option<Timestamp> = 5,
        /// The costs, by the path of the request's field that causes them, such as `model.vehicles.fixed_cost`.
        costs: BTreeMap<String, f64> = 10,
        /// The sum of `costs`.
        total_cost: f64 = 6,
    }
}
