//! The fields of a request that are read.

use std::collections::BTreeMap;

use lro::wkt::{Duration, Timestamp};

lro::message! {
    pub(crate) struct OptimizeToursRequest("google.maps.routeoptimization.v1.OptimizeToursRequest") {
        timeout: Option<Duration>,
        model: Option<ShipmentModel>,
        solving_mode: SolvingMode,
        max_validation_errors: Option<i32>,
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
        time_windows: Vec<TimeWindow>,
        duration: Option<Duration>,
        load_demands: BTreeMap<String, Load>,
    }

    pub(crate) struct Vehicle("google.maps.routeoptimization.v1.Vehicle") {
        start_location: Option<LatLng>,
        start_waypoint: Option<Waypoint>,
        end_location: Option<LatLng>,
        end_waypoint: Option<Waypoint>,
        start_time_windows: Vec<TimeWindow>,
        end_time_windows: Vec<TimeWindow>,
        load_limits: BTreeMap<String, LoadLimit>,
        cost_per_kilometer: f64,
        label: String,
        ignore: bool,
    }

    pub(crate) struct BatchOptimizeToursRequest("google.maps.routeoptimization.v1.BatchOptimizeToursRequest") {
        model_configs: Vec<ModelConfig>,
    }

    pub(crate) struct ModelConfig("google.maps.routeoptimization.v1.BatchOptimizeToursRequest.AsyncModelConfig") {
        input_config: Config,
        output_config: Config,
    }

    /// An `InputConfig` has a source, an `OutputConfig` a destination.
    pub(crate) struct Config("google.maps.routeoptimization.v1.InputConfig") { gcs_source: Uri, gcs_destination: Uri, }

    /// The response has the output alone.
    pub(crate) struct OptimizeToursUri("google.maps.routeoptimization.v1.OptimizeToursUriRequest") {
        input: Uri,
        output: Uri,
    }

    pub(crate) struct Uri("google.maps.routeoptimization.v1.Uri") { uri: String, }
    pub(crate) struct LoadLimit("google.maps.routeoptimization.v1.Vehicle.LoadLimit") { max_load: Option<i64>, }
    pub(crate) struct Load("google.maps.routeoptimization.v1.Shipment.Load") { amount: i64, }
    pub(crate) struct TimeWindow("google.maps.routeoptimization.v1.TimeWindow") {
        start_time: Option<Timestamp>,
        end_time: Option<Timestamp>,
    }
    pub(crate) struct Waypoint("google.maps.routeoptimization.v1.Waypoint") { location: Option<Location>, }
    pub(crate) struct Location("google.maps.routeoptimization.v1.Location") { lat_lng: Option<LatLng>, }
    pub(crate) struct LatLng("google.type.LatLng") { latitude: f64, longitude: f64, }
}

lro::enumeration! {
    #[allow(unreachable_pub, reason = "the macro declares public enumerations")]
    pub enum SolvingMode {
        "DEFAULT_SOLVE" = 0 => Solve,
        "VALIDATE_ONLY" = 1 => Validate,
        "DETECT_SOME_INFEASIBLE_SHIPMENTS" = 2 => Detect,
    }
}
