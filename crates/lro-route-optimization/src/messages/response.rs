use std::collections::BTreeMap;

use lro::wkt::Timestamp;

use super::{
    AggregatedMetrics, OptimizeToursRequest, OptimizeToursValidationError, ShipmentRoute, SkippedShipment,
};

lro::message! {
    /// The response of `OptimizeTours` and `OptimizeToursLongRunning`: the routes and the skipped shipments.
    pub struct OptimizeToursResponse("google.maps.routeoptimization.v1.OptimizeToursResponse") {
        /// The routes, one for each vehicle, in the order of the model's vehicles.
        routes: Vec<ShipmentRoute>,
        /// The label of the request.
        request_label: String,
        /// The shipments that no route performs.
        skipped_shipments: Vec<SkippedShipment>,
        /// The errors of the model if the mode only validates, warnings if it solves.
        validation_errors: Vec<OptimizeToursValidationError>,
        /// The request with its objectives converted to costs, if the mode requests it.
        processed_request: Option<OptimizeToursRequest>,
        /// The metrics of the solution.
        metrics: Option<OptimizeToursResponseMetrics>,
    }

    /// The metrics of a solution, `OptimizeToursResponse.Metrics`.
    pub struct OptimizeToursResponseMetrics(
        "google.maps.routeoptimization.v1.OptimizeToursResponse.Metrics"
    ) {
        /// The metrics of all routes: sums, and maxima for loads.
        aggregated_route_metrics: Option<AggregatedMetrics>,
        /// The number of skipped shipments that are mandatory.
        skipped_mandatory_shipment_count: i32,
        /// The number of vehicles used. A vehicle with `used_if_route_is_empty` counts even if its route is empty.
        used_vehicle_count: i32,
        /// The earliest start of a vehicle.
        earliest_vehicle_start_time: Option<Timestamp>,
        /// The latest end of a vehicle.
        latest_vehicle_end_time: Option<Timestamp>,
        /// The costs, by the path of the request's field that causes them, such as `model.vehicles.fixed_cost`.
        costs: BTreeMap<String, f64>,
        /// The sum of `costs`.
        total_cost: f64,
    }
}
