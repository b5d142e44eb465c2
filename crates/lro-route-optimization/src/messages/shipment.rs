use std::collections::BTreeMap;

use lro::wkt::Duration;

use super::{LatLng, TimeWindow, Waypoint};

lro::message! {
    /// A shipment: a vehicle picks it up at one of its pickups and delivers it at one of its deliveries.
    pub struct Shipment("google.maps.routeoptimization.v1.Shipment") {
        /// A display name of at most 63 characters.
        display_name: String = 16,
        /// The alternatives for the pickup. The solver chooses one of them. If empty, the shipment is only delivered.
        pickups: Vec<ShipmentVisitRequest> = 1,
        /// The alternatives for the delivery. The solver chooses one of them. If empty, the shipment is only picked up.
        deliveries: Vec<ShipmentVisitRequest> = 2,
        /// The load, by type of load, such as `weight_kg`.
        load_demands: BTreeMap<String, ShipmentLoad> = 14,
        /// The cost of skipping the shipment. If absent, the shipment is mandatory.
        penalty_cost: Option<f64> = 4,
        /// The indices of the vehicles that may perform the shipment. If empty, all vehicles.
        allowed_vehicle_indices: Vec<i32> = 5,
        /// The costs of performing the shipment, one for each vehicle of `costs_per_vehicle_indices`.
        /// If that list is empty, one for each vehicle of the model.
        costs_per_vehicle: Vec<f64> = 6,
        /// The indices of the vehicles of `costs_per_vehicle`.
        costs_per_vehicle_indices: Vec<i32> = 7,
        /// The maximum detour from pickup to delivery, as a multiple of the direct travel time.
        pickup_to_delivery_relative_detour_limit: Option<f64> = 8,
        /// The maximum detour from pickup to delivery, in addition to the direct travel time.
        pickup_to_delivery_absolute_detour_limit: Option<Duration> = 9,
        /// The maximum time from the start of the pickup to the start of the delivery.
        pickup_to_delivery_time_limit: Option<Duration> = 10,
        /// The type, to which incompatibilities and requirements refer.
        shipment_type: String = 11,
        /// A label, which the response repeats.
        label: String = 12,
        /// Skips the shipment, at no cost.
        ignore: bool = 13,
    }

    /// A location that a vehicle may visit for a shipment, `Shipment.VisitRequest`.
    pub struct ShipmentVisitRequest("google.maps.routeoptimization.v1.Shipment.VisitRequest") {
        /// The location of arrival. Incompatible with matrices.
        arrival_location: Option<LatLng> = 1,
        /// The location of arrival, as a waypoint. Incompatible with matrices.
        arrival_waypoint: Option<Waypoint> = 2,
        /// The location of departure. Default: that of arrival. Incompatible with matrices.
        departure_location: Option<LatLng> = 3,
        /// The location of departure, as a waypoint. Default: that of arrival. Incompatible with matrices.
        departure_waypoint: Option<Waypoint> = 4,
        /// The tags, to which matrices and transition attributes refer.
        tags: Vec<String> = 5,
        /// The permitted times of the start, disjoint and in order. If empty, any time.
        time_windows: Vec<TimeWindow> = 6,
        /// The duration from arrival to departure, without waiting.
        duration: Option<Duration> = 7,
        /// The cost of the visit.
        cost: f64 = 8,
        /// The load, by type of load, in addition to that of the shipment.
        load_demands: BTreeMap<String, ShipmentLoad> = 12,
        /// The types of the visit, to which `extra_visit_duration_for_visit_type` of a vehicle refers.
        visit_types: Vec<String> = 10,
        /// A label, which the response repeats.
        label: String = 11,
        /// Avoids U-turns at the location. Experimental.
        avoid_u_turns: Option<bool> = 13,
    }

    /// The change of a vehicle's load by a visit, `Shipment.Load`.
    pub struct ShipmentLoad("google.maps.routeoptimization.v1.Shipment.Load") {
        /// The amount, in the unit of its type. At least 0 in a request.
        amount: i64 = 2,
    }
}
