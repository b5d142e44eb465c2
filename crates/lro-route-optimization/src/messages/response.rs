use std::collections::BTreeMap;

use lro::wkt::Timestamp;

use super::{
    AggregatedMetrics, OptimizeToursRequest, OptimizeToursValidationError, ShipmentRoute, SkippedShipment,
};

lro::message! {
    /// The routes found and the shipments left behind.
    pub struct OptimizeToursResponse("google.maps.routeoptimization.v1.OptimizeToursResponse") {
        /// A route for each vehicle, in the order of the model's vehicles.
        routes: Vec<ShipmentRoute>,
        /// The label of the request.
        request_label: String,
        /// The shipments that no route performs.
        skipped_shipments: Vec<SkippedShipment>,
        /// What is wrong with the model, if the mode only checks it; warnings, if it solves.
        validation_errors: Vec<OptimizeToursValidationError>,
        /// The request with its objectives turned into costs, where the mode asks for it.
        processed_request: Option<OptimizeToursRequest>,
        /// Figures on the whole solution.
        metrics: Option<OptimizeToursResponseMetrics>,
    }

    /// Figures on a whole solution, `OptimizeToursResponse.Metrics`.
    pub struct OptimizeToursResponseMetrics(
        "google.maps.routeoptimization.v1.OptimizeToursResponse.Metrics"
    ) {
        /// The metrics of all routes together: sums, and maxima for loads.
        aggregated_route_metrics: Option<AggregatedMetrics>,
        /// How many shipments without a penalty cost are skipped.
        skipped_mandatory_shipment_count: i32,
        /// How many vehicles are used, those with an empty route that counts as use included.
        used_vehicle_count: i32,
        /// When the first vehicle starts.
        earliest_vehicle_start_time: Option<Timestamp>,
        /// When the last vehicle ends.
        latest_vehicle_end_time: Option<Timestamp>,
        /// The cost for each field of the request that makes one, such as `model.vehicles.fixed_cost`.
        costs: BTreeMap<String, f64>,
        /// The sum of `costs`.
        total_cost: f64,
    }
}
