//! The fields of a request that the solver reads.

use std::collections::BTreeMap;

use lro::wkt::{Duration, Timestamp};

lro::message! {
    pub(crate) struct OptimizeToursRequest("google.maps.routeoptimization.v1.OptimizeToursRequest") {
        model: Option<ShipmentModel>,
        solving_mode: SolvingMode,
        use_geodesic_distances: bool,
        geodesic_meters_per_second: Option<f64>,
        label: String,
    }

    pub(crate) struct ShipmentModel("google.maps.routeoptimization.v1.ShipmentModel") {
        shipments: Vec<Shipment>,
        vehicles: Vec<Vehicle>,
        global_start_time: Option<Timestamp>,
        global_end_time: Option<Timestamp>,
    }

    pub(crate) struct Shipment("google.maps.routeoptimization.v1.Shipment") {
        pickups: Vec<VisitRequest>,
        deliveries: Vec<VisitRequest>,
        load_demands: BTreeMap<String, Load>,
        penalty_cost: Option<f64>,
        allowed_vehicle_indices: Vec<i32>,
        label: String,
        ignore: bool,
    }

    pub(crate) struct VisitRequest("google.maps.routeoptimization.v1.Shipment.VisitRequest") {
        arrival_location: Option<LatLng>,
        arrival_waypoint: Option<Waypoint>,
        departure_location: Option<LatLng>,
        departure_waypoint: Option<Waypoint>,
        time_windows: Vec<TimeWindow>,
        duration: Option<Duration>,
        cost: f64,
        load_demands: BTreeMap<String, Load>,
        label: String,
    }

    pub(crate) struct Vehicle("google.maps.routeoptimization.v1.Vehicle") {
        start_location: Option<LatLng>,
        start_waypoint: Option<Waypoint>,
        end_location: Option<LatLng>,
        end_waypoint: Option<Waypoint>,
        start_time_windows: Vec<TimeWindow>,
        end_time_windows: Vec<TimeWindow>,
        travel_duration_multiple: Option<f64>,
        load_limits: BTreeMap<String, LoadLimit>,
        cost_per_hour: f64,
        cost_per_traveled_hour: f64,
        cost_per_kilometer: f64,
        fixed_cost: f64,
        label: String,
        ignore: bool,
    }

    pub(crate) struct LoadLimit("google.maps.routeoptimization.v1.Vehicle.LoadLimit") {
        max_load: Option<i64>,
    }

    pub(crate) struct Load("google.maps.routeoptimization.v1.Shipment.Load") {
        amount: i64,
    }

    pub(crate) struct TimeWindow("google.maps.routeoptimization.v1.TimeWindow") {
        start_time: Option<Timestamp>,
        end_time: Option<Timestamp>,
    }

    pub(crate) struct Waypoint("google.maps.routeoptimization.v1.Waypoint") {
        location: Option<Location>,
        place_id: String,
    }

    pub(crate) struct Location("google.maps.routeoptimization.v1.Location") {
        lat_lng: Option<LatLng>,
    }

    pub(crate) struct LatLng("google.type.LatLng") {
        latitude: f64,
        longitude: f64,
    }
}

lro::enumeration! {
    /// What a request asks for.
    #[allow(unreachable_pub, reason = "the macro declares public enumerations")]
    pub enum SolvingMode {
        /// A solution.
        "DEFAULT_SOLVE" = 0 => DefaultSolve,
        /// What is wrong with the request.
        "VALIDATE_ONLY" = 1 => ValidateOnly,
        /// Shipments that cannot be carried.
        "DETECT_SOME_INFEASIBLE_SHIPMENTS" = 2 => DetectSomeInfeasibleShipments,
        /// The request as it is understood.
        "TRANSFORM_AND_RETURN_REQUEST" = 3 => TransformAndReturnRequest,
    }
}
