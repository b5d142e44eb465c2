//! The response of the solver.

use std::collections::BTreeMap;

use lro::wkt::{Duration, Timestamp};

use super::model::Load;

lro::message! {
    pub(crate) struct OptimizeToursResponse("google.maps.routeoptimization.v1.OptimizeToursResponse") {
        routes: Vec<ShipmentRoute>,
        request_label: String,
        skipped_shipments: Vec<SkippedShipment>,
        validation_errors: Vec<ValidationError>,
        metrics: Option<Metrics>,
    }

    pub(crate) struct ShipmentRoute("google.maps.routeoptimization.v1.ShipmentRoute") {
        vehicle_index: i32,
        vehicle_label: String,
        vehicle_start_time: Option<Timestamp>,
        vehicle_end_time: Option<Timestamp>,
        visits: Vec<Visit>,
        transitions: Vec<Transition>,
        metrics: Option<AggregatedMetrics>,
        route_costs: BTreeMap<String, f64>,
        route_total_cost: f64,
    }

    pub(crate) struct Visit("google.maps.routeoptimization.v1.ShipmentRoute.Visit") {
        shipment_index: i32,
        is_pickup: bool,
        visit_request_index: i32,
        start_time: Option<Timestamp>,
        load_demands: BTreeMap<String, Load>,
        shipment_label: String,
        visit_label: String,
    }

    pub(crate) struct Transition("google.maps.routeoptimization.v1.ShipmentRoute.Transition") {
        travel_duration: Option<Duration>,
        travel_distance_meters: f64,
        wait_duration: Option<Duration>,
        total_duration: Option<Duration>,
        start_time: Option<Timestamp>,
        vehicle_loads: BTreeMap<String, Load>,
    }

    pub(crate) struct SkippedShipment("google.maps.routeoptimization.v1.SkippedShipment") {
        index: i32,
        label: String,
        penalty_cost: Option<f64>,
        estimated_incompatible_vehicle_ratio: f64,
        reasons: Vec<Reason>,
    }

    pub(crate) struct Reason("google.maps.routeoptimization.v1.SkippedShipment.Reason") {
        code: String,
        example_vehicle_index: Option<i32>,
        example_vehicle_indices: Vec<i32>,
        example_exceeded_capacity_type: String,
    }

    pub(crate) struct Metrics("google.maps.routeoptimization.v1.OptimizeToursResponse.Metrics") {
        aggregated_route_metrics: Option<AggregatedMetrics>,
        skipped_mandatory_shipment_count: i32,
        used_vehicle_count: i32,
        earliest_vehicle_start_time: Option<Timestamp>,
        latest_vehicle_end_time: Option<Timestamp>,
        costs: BTreeMap<String, f64>,
        total_cost: f64,
    }

    pub(crate) struct AggregatedMetrics("google.maps.routeoptimization.v1.AggregatedMetrics") {
        performed_shipment_count: i32,
        travel_duration: Option<Duration>,
        wait_duration: Option<Duration>,
        delay_duration: Option<Duration>,
        break_duration: Option<Duration>,
        visit_duration: Option<Duration>,
        total_duration: Option<Duration>,
        travel_distance_meters: f64,
        max_loads: BTreeMap<String, Load>,
        performed_mandatory_shipment_count: i32,
        performed_shipment_penalty_cost_sum: f64,
    }

    pub(crate) struct ValidationError("google.maps.routeoptimization.v1.OptimizeToursValidationError") {
        code: i32,
        display_name: String,
        fields: Vec<FieldReference>,
        error_message: String,
    }

    pub(crate) struct FieldReference(
        "google.maps.routeoptimization.v1.OptimizeToursValidationError.FieldReference"
    ) {
        name: String,
        index: Option<i32>,
        sub_field: Option<Box<FieldReference>>,
    }
}
