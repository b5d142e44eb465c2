use std::collections::BTreeMap;

use lro::wkt::Duration;

use super::{LatLng, TimeWindow, Waypoint};

lro::message! {
    /// One thing to be taken from one of its pickups to one of its deliveries, by one vehicle.
    pub struct Shipment("google.maps.routeoptimization.v1.Shipment") {
        /// A name for humans, of at most 63 characters.
        display_name: String,
        /// Where it may be picked up, one of which is chosen; empty if it is only delivered.
        pickups: Vec<ShipmentVisitRequest>,
        /// Where it may be delivered, one of which is chosen; empty if it is only picked up.
        deliveries: Vec<ShipmentVisitRequest>,
        /// What it takes of each type of load, such as `weight_kg`.
        load_demands: BTreeMap<String, ShipmentLoad>,
        /// The cost of not performing it; absent, it must be performed.
        penalty_cost: Option<f64>,
        /// The vehicles that may perform it, by their indices; empty, all of them.
        allowed_vehicle_indices: Vec<i32>,
        /// The cost of performing it with each vehicle of `costs_per_vehicle_indices`, or else of the model.
        costs_per_vehicle: Vec<f64>,
        /// The vehicles that `costs_per_vehicle` is about, by their indices.
        costs_per_vehicle_indices: Vec<i32>,
        /// The longest detour from pickup to delivery, as a share of the direct travel time.
        pickup_to_delivery_relative_detour_limit: Option<f64>,
        /// The longest detour from pickup to delivery, beyond the direct travel time.
        pickup_to_delivery_absolute_detour_limit: Option<Duration>,
        /// The longest time from the start of the pickup to the start of the delivery.
        pickup_to_delivery_time_limit: Option<Duration>,
        /// A type, for incompatibilities and requirements.
        shipment_type: String,
        /// The caller's label, which the response repeats.
        label: String,
        /// Skips it, at no cost.
        ignore: bool,
    }

    /// A place that a vehicle may visit for a shipment, `Shipment.VisitRequest`.
    pub struct ShipmentVisitRequest("google.maps.routeoptimization.v1.Shipment.VisitRequest") {
        /// Where the vehicle arrives; not with matrices.
        arrival_location: Option<LatLng>,
        /// Where the vehicle arrives, as a waypoint; not with matrices.
        arrival_waypoint: Option<Waypoint>,
        /// Where the vehicle departs, if elsewhere; not with matrices.
        departure_location: Option<LatLng>,
        /// Where the vehicle departs, as a waypoint, if elsewhere; not with matrices.
        departure_waypoint: Option<Waypoint>,
        /// Tags, for matrices and transitions.
        tags: Vec<String>,
        /// When the vehicle may start the visit, disjoint and in order; at any time if empty.
        time_windows: Vec<TimeWindow>,
        /// How long the visit takes, from arrival to departure and without waiting.
        duration: Option<Duration>,
        /// The cost of the visit.
        cost: f64,
        /// What it takes of each type of load, on top of the shipment's.
        load_demands: BTreeMap<String, ShipmentLoad>,
        /// Types, for which a vehicle may need more time.
        visit_types: Vec<String>,
        /// The caller's label, which the response repeats.
        label: String,
        /// Prefers not to turn around here; experimental.
        avoid_u_turns: Option<bool>,
    }

    /// How much a visit adds to the vehicle's load or takes from it, `Shipment.Load`.
    pub struct ShipmentLoad("google.maps.routeoptimization.v1.Shipment.Load") {
        /// The amount in the unit of its type; in a request not negative.
        amount: i64,
    }
}
