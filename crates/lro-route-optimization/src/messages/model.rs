use lro::wkt::{Duration, Timestamp};

use super::{Shipment, ShipmentTypeIncompatibility, ShipmentTypeRequirement, TransitionAttributes, Vehicle};

lro::message! {
    /// Shipments to perform, vehicles to perform them, and what it costs.
    pub struct ShipmentModel("google.maps.routeoptimization.v1.ShipmentModel") {
        /// What is to be picked up and delivered.
        shipments: Vec<Shipment>,
        /// Who may do it.
        vehicles: Vec<Vehicle>,
        /// What to strive for, in place of all costs.
        objectives: Vec<ShipmentModelObjective>,
        /// The most vehicles with a route that performs something; more than 0.
        max_active_vehicles: Option<i32>,
        /// The earliest time there is; the start of 1970 if absent.
        global_start_time: Option<Timestamp>,
        /// The latest time there is, less than a year after the earliest; the start of 1971 if absent.
        global_end_time: Option<Timestamp>,
        /// The cost of each hour between the first vehicle's start and the last one's end.
        global_duration_cost_per_hour: f64,
        /// Travel times and distances, in place of those of the map.
        duration_distance_matrices: Vec<ShipmentModelDurationDistanceMatrix>,
        /// The tags that the rows of the matrices stand for.
        duration_distance_matrix_src_tags: Vec<String>,
        /// The tags that the columns of the matrices stand for.
        duration_distance_matrix_dst_tags: Vec<String>,
        /// Costs, limits and delays between visits with certain tags.
        transition_attributes: Vec<TransitionAttributes>,
        /// Types of shipments that do not go together.
        shipment_type_incompatibilities: Vec<ShipmentTypeIncompatibility>,
        /// Types of shipments that need others.
        shipment_type_requirements: Vec<ShipmentTypeRequirement>,
        /// Which visits come before which.
        precedence_rules: Vec<ShipmentModelPrecedenceRule>,
    }

    /// What to strive for, `ShipmentModel.Objective`.
    pub struct ShipmentModelObjective("google.maps.routeoptimization.v1.ShipmentModel.Objective") {
        /// The kind of objective.
        r#type: Option<ShipmentModelObjectiveType>,
        /// How much it counts beside the others, not negative; 1 if absent.
        weight: Option<f64>,
    }

    /// Travel times and distances between tags, `ShipmentModel.DurationDistanceMatrix`.
    pub struct ShipmentModelDurationDistanceMatrix(
        "google.maps.routeoptimization.v1.ShipmentModel.DurationDistanceMatrix"
    ) {
        /// A row for each source tag.
        rows: Vec<ShipmentModelDurationDistanceMatrixRow>,
        /// The start tag of the vehicles that it applies to; all vehicles if empty.
        vehicle_start_tag: String,
    }

    /// A row of a matrix, `ShipmentModel.DurationDistanceMatrix.Row`.
    pub struct ShipmentModelDurationDistanceMatrixRow(
        "google.maps.routeoptimization.v1.ShipmentModel.DurationDistanceMatrix.Row"
    ) {
        /// The travel time to each destination tag.
        durations: Vec<Duration>,
        /// The distance to each destination tag, in metres; may be empty if nothing depends on distances.
        meters: Vec<f64>,
    }

    /// One visit starts some time after another, `ShipmentModel.PrecedenceRule`.
    pub struct ShipmentModelPrecedenceRule("google.maps.routeoptimization.v1.ShipmentModel.PrecedenceRule") {
        /// The shipment visited first, by its index; required.
        first_index: Option<i32>,
        /// Whether the first visit is a delivery, not a pickup.
        first_is_delivery: bool,
        /// The shipment visited second, by its index; required.
        second_index: Option<i32>,
        /// Whether the second visit is a delivery, not a pickup.
        second_is_delivery: bool,
        /// The least time between the two starts; may be negative.
        offset_duration: Option<Duration>,
    }
}

lro::enumeration! {
    /// The kind of objective, `ShipmentModel.Objective.Type`.
    #[non_exhaustive]
    pub enum ShipmentModelObjectiveType {
        /// Costs that make for a reasonable solution; always part of the mix.
        "DEFAULT" = 0 => Default,
        /// The least distance of all vehicles together.
        "MIN_DISTANCE" = 10 => MinDistance,
        /// The least working time of all vehicles together.
        "MIN_WORKING_TIME" = 11 => MinWorkingTime,
        /// The least travel time of all vehicles together.
        "MIN_TRAVEL_TIME" = 12 => MinTravelTime,
        /// The fewest vehicles.
        "MIN_NUM_VEHICLES" = 13 => MinNumVehicles,
    }
}
