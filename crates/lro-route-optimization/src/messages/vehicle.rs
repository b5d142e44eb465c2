use std::collections::BTreeMap;

use lro::wkt::Duration;

use super::{BreakRule, DistanceLimit, LatLng, TimeWindow, VehicleDurationLimit, VehicleLoadLimit, Waypoint};

lro::message! {
    /// A vehicle. Its route leads from its start to its end.
    pub struct Vehicle("google.maps.routeoptimization.v1.Vehicle") {
        /// A display name of at most 63 characters.
        display_name: String = 32,
        /// The travel mode.
        travel_mode: VehicleTravelMode = 1,
        /// Conditions to avoid on the route.
        route_modifiers: Option<RouteModifiers> = 2,
        /// The start. Default: the first pickup.
        start_location: Option<LatLng> = 3,
        /// The start, as a waypoint.
        start_waypoint: Option<Waypoint> = 4,
        /// The end. Default: the last visit.
        end_location: Option<LatLng> = 5,
        /// The end, as a waypoint.
        end_waypoint: Option<Waypoint> = 6,
        /// The tags of the start, to which matrices and transition attributes refer.
        start_tags: Vec<String> = 7,
        /// The tags of the end, to which matrices and transition attributes refer.
        end_tags: Vec<String> = 8,
        /// The permitted times of the start, disjoint and in order. If empty, any time.
        start_time_windows: Vec<TimeWindow> = 9,
        /// The permitted times of the end, disjoint and in order. If empty, any time.
        end_time_windows: Vec<TimeWindow> = 10,
        /// The factor of its travel times, from 0.001 to 1,000. Default: 1.
        travel_duration_multiple: Option<f64> = 11,
        /// The order of deliveries.
        unloading_policy: VehicleUnloadingPolicy = 12,
        /// The capacities, by type of load. A type that is missing has no limit.
        load_limits: BTreeMap<String, VehicleLoadLimit> = 30,
        /// The cost per hour of the route, including waiting and visits.
        cost_per_hour: f64 = 16,
        /// The cost per hour of travel.
        cost_per_traveled_hour: f64 = 17,
        /// The cost per kilometre of travel.
        cost_per_kilometer: f64 = 18,
        /// The cost of using the vehicle.
        fixed_cost: f64 = 19,
        /// Whether the vehicle travels from start to end, at a cost, even if it performs no shipment.
        used_if_route_is_empty: bool = 20,
        /// The limit on the duration of the route.
        route_duration_limit: Option<VehicleDurationLimit> = 21,
        /// The limit on the travel time.
        travel_duration_limit: Option<VehicleDurationLimit> = 22,
        /// The limit on the distance.
        route_distance_limit: Option<DistanceLimit> = 23,
        /// The additional time of visits, by type of visit.
        extra_visit_duration_for_visit_type: BTreeMap<String, Duration> = 24,
        /// The breaks. Default: none.
        break_rule: Option<BreakRule> = 25,
        /// A label, which the response repeats.
        label: String = 27,
        /// Leaves the vehicle unused.
        ignore: bool = 28,
    }

    /// Conditions that routes avoid where this is reasonable.
    pub struct RouteModifiers("google.maps.routeoptimization.v1.RouteModifiers") {
        /// Avoids toll roads. Not supported for walking.
        avoid_tolls: bool = 2,
        /// Avoids highways. Not supported for walking.
        avoid_highways: bool = 3,
        /// Avoids ferries. Not supported for walking.
        avoid_ferries: bool = 4,
        /// Avoids indoor paths. Supported for walking only.
        avoid_indoor: bool = 5,
    }
}

lro::enumeration! {
    /// The travel mode of a vehicle, `Vehicle.TravelMode`.
    #[non_exhaustive]
    pub enum VehicleTravelMode {
        /// Unspecified. Equivalent to [`Driving`](Self::Driving).
        "TRAVEL_MODE_UNSPECIFIED" = 0 => Unspecified,
        /// Driving on roads.
        "DRIVING" = 1 => Driving,
        /// Walking.
        "WALKING" = 2 => Walking,
    }

    /// The order of a vehicle's deliveries, `Vehicle.UnloadingPolicy`.
    #[non_exhaustive]
    pub enum VehicleUnloadingPolicy {
        /// Unspecified. Deliveries may be in any order.
        "UNLOADING_POLICY_UNSPECIFIED" = 0 => Unspecified,
        /// The last shipment picked up is delivered first.
        "LAST_IN_FIRST_OUT" = 1 => LastInFirstOut,
        /// The first shipment picked up is delivered first.
        "FIRST_IN_FIRST_OUT" = 2 => FirstInFirstOut,
    }
}
