use std::collections::BTreeMap;

use lro::wkt::Duration;

use super::{BreakRule, DistanceLimit, LatLng, TimeWindow, VehicleDurationLimit, VehicleLoadLimit, Waypoint};

lro::message! {
    /// A vehicle, whose route leads from its start to its end.
    pub struct Vehicle("google.maps.routeoptimization.v1.Vehicle") {
        /// A name for humans, of at most 63 characters.
        display_name: String,
        /// How it moves.
        travel_mode: VehicleTravelMode,
        /// What its routes avoid.
        route_modifiers: Option<RouteModifiers>,
        /// Where it starts; absent, at its first pickup.
        start_location: Option<LatLng>,
        /// Where it starts, as a waypoint.
        start_waypoint: Option<Waypoint>,
        /// Where it ends; absent, at its last visit.
        end_location: Option<LatLng>,
        /// Where it ends, as a waypoint.
        end_waypoint: Option<Waypoint>,
        /// Tags of the start, for matrices and transitions.
        start_tags: Vec<String>,
        /// Tags of the end, for matrices and transitions.
        end_tags: Vec<String>,
        /// When it may start, disjoint and in order; at any time if empty.
        start_time_windows: Vec<TimeWindow>,
        /// When it may end, disjoint and in order; at any time if empty.
        end_time_windows: Vec<TimeWindow>,
        /// Multiplies its travel times, from 0.001 to 1,000; 1 if absent.
        travel_duration_multiple: Option<f64>,
        /// In which order it delivers what it picked up.
        unloading_policy: VehicleUnloadingPolicy,
        /// How much it can hold of each type of load; without limit where a type is missing.
        load_limits: BTreeMap<String, VehicleLoadLimit>,
        /// The cost of each hour of its route, waiting and visits included.
        cost_per_hour: f64,
        /// The cost of each hour of travel.
        cost_per_traveled_hour: f64,
        /// The cost of each kilometre of travel.
        cost_per_kilometer: f64,
        /// The cost of using it at all.
        fixed_cost: f64,
        /// Whether it goes from start to end, at a cost, even if it performs nothing.
        used_if_route_is_empty: bool,
        /// How long its route may take.
        route_duration_limit: Option<VehicleDurationLimit>,
        /// How long it may travel.
        travel_duration_limit: Option<VehicleDurationLimit>,
        /// How far it may travel.
        route_distance_limit: Option<DistanceLimit>,
        /// The time that visits of these types take in addition.
        extra_visit_duration_for_visit_type: BTreeMap<String, Duration>,
        /// When it has breaks; absent, it has none.
        break_rule: Option<BreakRule>,
        /// The caller's label, which the response repeats.
        label: String,
        /// Leaves it unused.
        ignore: bool,
    }

    /// What routes avoid where that is reasonable.
    pub struct RouteModifiers("google.maps.routeoptimization.v1.RouteModifiers") {
        /// Avoids toll roads; not on foot.
        avoid_tolls: bool,
        /// Avoids highways; not on foot.
        avoid_highways: bool,
        /// Avoids ferries; not on foot.
        avoid_ferries: bool,
        /// Avoids ways through buildings; on foot only.
        avoid_indoor: bool,
    }
}

lro::enumeration! {
    /// How a vehicle moves, `Vehicle.TravelMode`.
    #[non_exhaustive]
    pub enum VehicleTravelMode {
        /// As [`Driving`](Self::Driving).
        "TRAVEL_MODE_UNSPECIFIED" = 0 => Unspecified,
        /// It drives on roads.
        "DRIVING" = 1 => Driving,
        /// It walks.
        "WALKING" = 2 => Walking,
    }

    /// In which order a vehicle delivers what it picked up, `Vehicle.UnloadingPolicy`.
    #[non_exhaustive]
    pub enum VehicleUnloadingPolicy {
        /// Any order will do.
        "UNLOADING_POLICY_UNSPECIFIED" = 0 => Unspecified,
        /// What was picked up last is delivered first.
        "LAST_IN_FIRST_OUT" = 1 => LastInFirstOut,
        /// What was picked up first is delivered first.
        "FIRST_IN_FIRST_OUT" = 2 => FirstInFirstOut,
    }
}
