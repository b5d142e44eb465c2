use lro::wkt::{Duration, Timestamp};

use super::{Shipment, ShipmentTypeIncompatibility, ShipmentTypeRequirement, TransitionAttributes, Vehicle};

lro::message! {
    /// The model to solve: shipments, vehicles, costs and constraints.
    pub struct ShipmentModel("google.maps.routeoptimization.v1.ShipmentModel") {
        /// The shipments to perform.
        shipments: Vec<Shipment> = 1,
        /// The vehicles that may perform shipments.
        vehicles: Vec<Vehicle> = 2,
        /// The objectives, which the service converts to costs. A model with objectives has no costs.
        objectives: Vec<ShipmentModelObjective> = 17,
        /// The maximum number of vehicles with a route that performs a shipment, above 0.
        max_active_vehicles: Option<i32> = 4,
        /// The earliest time of the plan. Default: the start of 1970.
        global_start_time: Option<Timestamp> = 5,
        /// The latest time of the plan, less than a year after the earliest. Default: the start of 1971.
        global_end_time: Option<Timestamp> = 6,
        /// The cost per hour from the earliest start of a vehicle to the latest end.
        global_duration_cost_per_hour: f64 = 7,
        /// Travel times and distances that replace those of the map.
        duration_distance_matrices: Vec<ShipmentModelDurationDistanceMatrix> = 8,
        /// The tags of the rows of the matrices.
        duration_distance_matrix_src_tags: Vec<String> = 9,
        /// The tags of the columns of the matrices.
        duration_distance_matrix_dst_tags: Vec<String> = 10,
        /// Costs, limits and delays of transitions, by the tags of their visits.
        transition_attributes: Vec<TransitionAttributes> = 11,
        /// Types of shipments that are incompatible with each other.
        shipment_type_incompatibilities: Vec<ShipmentTypeIncompatibility> = 12,
        /// Types of shipments that require other types.
        shipment_type_requirements: Vec<ShipmentTypeRequirement> = 13,
        /// The order of pairs of visits.
        precedence_rules: Vec<ShipmentModelPrecedenceRule> = 14,
    }

    /// An objective, `ShipmentModel.Objective`.
    pub struct ShipmentModelObjective("google.maps.routeoptimization.v1.ShipmentModel.Objective") {
        /// The kind of objective.
        r#type: Option<ShipmentModelObjectiveType> = 1,
        /// The relative weight, at least 0. Default: 1.
        weight: Option<f64> = 2,
    }

    /// Travel times and distances between tags, `ShipmentModel.DurationDistanceMatrix`.
    pub struct ShipmentModelDurationDistanceMatrix(
        "google.maps.routeoptimization.v1.ShipmentModel.DurationDistanceMatrix"
    ) {
        /// The rows, one for each source tag.
        rows: Vec<ShipmentModelDurationDistanceMatrixRow> = 1,
        /// The start tag of the vehicles to which the matrix applies. If empty, all vehicles.
        vehicle_start_tag: String = 2,
    }

    /// A row of a matrix, `ShipmentModel.DurationDistanceMatrix.Row`.
    pub struct ShipmentModelDurationDistanceMatrixRow(
        "google.maps.routeoptimization.v1.ShipmentModel.DurationDistanceMatrix.Row"
    ) {
        /// The travel times, one for each destination tag.
        durations: Vec<Duration> = 1,
        /// The distances in metres, one for each destination tag. Optional if no cost or limit depends on distances.
        meters: Vec<f64> = 2,
    }

    /// A minimum time between the starts of two visits, `ShipmentModel.PrecedenceRule`.
    pub struct ShipmentModelPrecedenceRule("google.maps.routeoptimization.v1.ShipmentModel.PrecedenceRule") {
        /// The index of the shipment of the first visit. Required.
        first_index: Option<i32> = 1,
        /// Whether the first visit is a delivery. Default: a pickup.
        first_is_delivery: bool = 3,
        /// The index of the shipment of the second visit. Required.
        second_index: Option<i32> = 2,
        /// Whether the second visit is a delivery. Default: a pickup.
        second_is_delivery: bool = 4,
        /// The minimum time from the first start to the second. It may be negative.
        offset_duration: Option<Duration> = 5,
    }
}

lro::enumeration! {
    /// The kind of objective, `ShipmentModel.Objective.Type`.
    #[non_exhaustive]
    pub enum ShipmentModelObjectiveType {
        /// Default costs for a reasonable solution. They apply in addition to every other objective.
        "DEFAULT" = 0 => Default,
        /// Minimizes the total distance of all vehicles.
        "MIN_DISTANCE" = 10 => MinDistance,
        /// Minimizes the total working time of all vehicles.
        "MIN_WORKING_TIME" = 11 => MinWorkingTime,
        /// Minimizes the total travel time of all vehicles.
        "MIN_TRAVEL_TIME" = 12 => MinTravelTime,
        /// Minimizes the number of vehicles.
        "MIN_NUM_VEHICLES" = 13 => MinNumVehicles,
    }
}
