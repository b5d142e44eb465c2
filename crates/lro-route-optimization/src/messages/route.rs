use std::collections::BTreeMap;

use lro::wkt::{Duration, Timestamp};

use super::{AggregatedMetrics, ShipmentLoad, VehicleFullness};

lro::message! {
    /// The route of a vehicle. A route of n visits has n + 1 transitions: before, between and after them.
    pub struct ShipmentRoute("google.maps.routeoptimization.v1.ShipmentRoute") {
        /// The index of the vehicle in the model.
        vehicle_index: i32 = 1,
        /// The label of the vehicle.
        vehicle_label: String = 2,
        /// The start of the route.
        vehicle_start_time: Option<Timestamp> = 5,
        /// The end of the route.
        vehicle_end_time: Option<Timestamp> = 6,
        /// The visits, in order. Empty if the vehicle is unused.
        visits: Vec<ShipmentRouteVisit> = 7,
        /// The transitions, in order.
        transitions: Vec<ShipmentRouteTransition> = 8,
        /// Whether the expected traffic makes some times of the route infeasible.
        has_traffic_infeasibilities: bool = 9,
        /// The polyline of the route, if `populate_polylines` is set in the request.
        route_polyline: Option<ShipmentRouteEncodedPolyline> = 10,
        /// The breaks, in order.
        breaks: Vec<ShipmentRouteBreak> = 11,
        /// The metrics of the route.
        metrics: Option<AggregatedMetrics> = 12,
        /// The use that the route makes of the vehicle's limits. Experimental.
        vehicle_fullness: Option<VehicleFullness> = 20,
        /// The costs, by the path of the request's field that causes them, such as `model.vehicles.fixed_cost`.
        route_costs: BTreeMap<String, f64> = 17,
        /// The sum of `route_costs`.
        route_total_cost: f64 = 18,
    }

    /// A pickup or a delivery, `ShipmentRoute.Visit`.
    pub struct ShipmentRouteVisit("google.maps.routeoptimization.v1.ShipmentRoute.Visit") {
        /// The index of the shipment in the model.
        shipment_index: i32 = 1,
        /// Whether the visit is a pickup. Otherwise it is a delivery.
        is_pickup: bool = 2,
        /// The index of the visit request among the shipment's pickups or deliveries.
        visit_request_index: i32 = 3,
        /// The start of the visit, after any waiting.
        start_time: Option<Timestamp> = 4,
        /// The change of the vehicle's load, by type of load. Negative for a delivery.
        load_demands: BTreeMap<String, ShipmentLoad> = 11,
        /// The additional time beyond that of the direct way, since the pickup or, without a pickup, since the start of
        /// the route.
        detour: Option<Duration> = 6,
        /// The label of the shipment.
        shipment_label: String = 7,
        /// The label of the visit request.
        visit_label: String = 8,
        /// An opaque token of the location, for visits that avoid U-turns. Experimental.
        injected_solution_location_token: Option<i32> = 13,
    }

    /// The travel from one visit to the next, `ShipmentRoute.Transition`.
    pub struct ShipmentRouteTransition("google.maps.routeoptimization.v1.ShipmentRoute.Transition") {
        /// The travel time.
        travel_duration: Option<Duration> = 1,
        /// The distance, in metres.
        travel_distance_meters: f64 = 2,
        /// Whether the request considers traffic and no traffic data is available.
        traffic_info_unavailable: bool = 3,
        /// The delay. It ends at the next visit.
        delay_duration: Option<Duration> = 4,
        /// The total time of breaks.
        break_duration: Option<Duration> = 5,
        /// The waiting time, without breaks.
        wait_duration: Option<Duration> = 6,
        /// The total duration, up to the next visit.
        total_duration: Option<Duration> = 7,
        /// The start of the transition.
        start_time: Option<Timestamp> = 8,
        /// The polyline, if `populate_transition_polylines` is set in the request.
        route_polyline: Option<ShipmentRouteEncodedPolyline> = 9,
        /// An opaque token for the Navigation SDK, if `populate_transition_polylines` is set in the request.
        route_token: String = 12,
        /// The load of the vehicle, by type of load.
        vehicle_loads: BTreeMap<String, ShipmentRouteVehicleLoad> = 11,
    }

    /// The load of a vehicle, `ShipmentRoute.VehicleLoad`.
    pub struct ShipmentRouteVehicleLoad("google.maps.routeoptimization.v1.ShipmentRoute.VehicleLoad") {
        /// The amount, in the unit of its type.
        amount: i64 = 1,
    }

    /// A polyline, `ShipmentRoute.EncodedPolyline`.
    pub struct ShipmentRouteEncodedPolyline(
        "google.maps.routeoptimization.v1.ShipmentRoute.EncodedPolyline"
    ) {
        /// The points in Google's polyline encoding.
        points: String = 1,
    }

    /// A break, `ShipmentRoute.Break`.
    pub struct ShipmentRouteBreak("google.maps.routeoptimization.v1.ShipmentRoute.Break") {
        /// The start of the break.
        start_time: Option<Timestamp> = 1,
        /// The duration of the break.
        duration: Option<Duration> = 2,
    }
}
