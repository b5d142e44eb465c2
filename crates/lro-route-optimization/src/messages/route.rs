use std::collections::BTreeMap;

use lro::wkt::{Duration, Timestamp};

use super::{AggregatedMetrics, ShipmentLoad, VehicleFullness};

lro::message! {
    /// The route of a vehicle: of n visits and n + 1 transitions, before, between and after them.
    pub struct ShipmentRoute("google.maps.routeoptimization.v1.ShipmentRoute") {
        /// Which one of the model's vehicles.
        vehicle_index: i32,
        /// The label of the vehicle.
        vehicle_label: String,
        /// When the vehicle starts.
        vehicle_start_time: Option<Timestamp>,
        /// When the vehicle ends.
        vehicle_end_time: Option<Timestamp>,
        /// The visits, in their order; empty, the vehicle is unused.
        visits: Vec<ShipmentRouteVisit>,
        /// The transitions, in their order.
        transitions: Vec<ShipmentRouteTransition>,
        /// Whether the traffic leaves too little time somewhere.
        has_traffic_infeasibilities: bool,
        /// The line on the map, if the request populates polylines.
        route_polyline: Option<ShipmentRouteEncodedPolyline>,
        /// The breaks, in their order.
        breaks: Vec<ShipmentRouteBreak>,
        /// Figures on the route.
        metrics: Option<AggregatedMetrics>,
        /// How close the route is to the vehicle's limits; experimental.
        vehicle_fullness: Option<VehicleFullness>,
        /// The cost for each field of the request that makes one, such as `model.vehicles.fixed_cost`.
        route_costs: BTreeMap<String, f64>,
        /// The sum of `route_costs`.
        route_total_cost: f64,
    }

    /// A pickup or a delivery, `ShipmentRoute.Visit`.
    pub struct ShipmentRouteVisit("google.maps.routeoptimization.v1.ShipmentRoute.Visit") {
        /// Which one of the model's shipments.
        shipment_index: i32,
        /// Whether it is a pickup, not a delivery.
        is_pickup: bool,
        /// Which one of the shipment's pickups or deliveries.
        visit_request_index: i32,
        /// When it starts, after any waiting.
        start_time: Option<Timestamp>,
        /// How much it adds to each type of load; negative for a delivery.
        load_demands: BTreeMap<String, ShipmentLoad>,
        /// The time lost since the pickup, or else the start, against the direct way.
        detour: Option<Duration>,
        /// The label of the shipment.
        shipment_label: String,
        /// The label of the visit request.
        visit_label: String,
        /// An opaque token of the place, where U-turns are to be avoided; experimental.
        injected_solution_location_token: Option<i32>,
    }

    /// The way from one visit to the next, `ShipmentRoute.Transition`.
    pub struct ShipmentRouteTransition("google.maps.routeoptimization.v1.ShipmentRoute.Transition") {
        /// The time on the move.
        travel_duration: Option<Duration>,
        /// The distance, in metres.
        travel_distance_meters: f64,
        /// Whether traffic was asked for and is not known.
        traffic_info_unavailable: bool,
        /// The delay, right before the next visit.
        delay_duration: Option<Duration>,
        /// The breaks on the way, together.
        break_duration: Option<Duration>,
        /// The waiting, breaks not included.
        wait_duration: Option<Duration>,
        /// All of it, up to the next visit.
        total_duration: Option<Duration>,
        /// When it starts.
        start_time: Option<Timestamp>,
        /// The line on the map, if the request populates transition polylines.
        route_polyline: Option<ShipmentRouteEncodedPolyline>,
        /// An opaque token for the Navigation SDK, if the request populates transition polylines.
        route_token: String,
        /// How much the vehicle holds of each type of load.
        vehicle_loads: BTreeMap<String, ShipmentRouteVehicleLoad>,
    }

    /// How much a vehicle holds, `ShipmentRoute.VehicleLoad`.
    pub struct ShipmentRouteVehicleLoad("google.maps.routeoptimization.v1.ShipmentRoute.VehicleLoad") {
        /// The amount in the unit of its type.
        amount: i64,
    }

    /// A line on the map, `ShipmentRoute.EncodedPolyline`.
    pub struct ShipmentRouteEncodedPolyline(
        "google.maps.routeoptimization.v1.ShipmentRoute.EncodedPolyline"
    ) {
        /// The points in Google's polyline encoding.
        points: String,
    }

    /// A break, `ShipmentRoute.Break`.
    pub struct ShipmentRouteBreak("google.maps.routeoptimization.v1.ShipmentRoute.Break") {
        /// When it starts.
        start_time: Option<Timestamp>,
        /// How long it takes.
        duration: Option<Duration>,
    }
}
