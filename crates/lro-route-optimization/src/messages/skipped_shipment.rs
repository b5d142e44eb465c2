lro::message! {
    /// A shipment that no route performs.
    pub struct SkippedShipment("google.maps.routeoptimization.v1.SkippedShipment") {
        /// Which one of the model's shipments.
        index: i32,
        /// The label of the shipment.
        label: String,
        /// The penalty cost of the shipment; experimental.
        penalty_cost: Option<f64>,
        /// The estimated share of vehicles that cannot perform it, from 0 to 1.
        estimated_incompatible_vehicle_ratio: Option<f64>,
        /// Why it is skipped, as far as that is known.
        reasons: Vec<SkippedShipmentReason>,
    }

    /// Why a shipment is skipped, `SkippedShipment.Reason`.
    pub struct SkippedShipmentReason("google.maps.routeoptimization.v1.SkippedShipment.Reason") {
        /// The kind of reason.
        code: SkippedShipmentReasonCode,
        /// One vehicle to which it applies, by its index.
        example_vehicle_index: Option<i32>,
        /// Some vehicles to which it applies, by their indices.
        example_vehicle_indices: Vec<i32>,
        /// A type of load that exceeds the capacity, for that kind of reason.
        example_exceeded_capacity_type: String,
    }
}

lro::enumeration! {
    /// The kind of reason for skipping a shipment, `SkippedShipment.Reason.Code`.
    #[non_exhaustive]
    pub enum SkippedShipmentReasonCode {
        /// The server does not say.
        "CODE_UNSPECIFIED" = 0 => Unspecified,
        /// The model has no vehicle.
        "NO_VEHICLE" = 1 => NoVehicle,
        /// The load is more than a vehicle can hold.
        "DEMAND_EXCEEDS_VEHICLE_CAPACITY" = 2 => DemandExceedsVehicleCapacity,
        /// The way is too long even as the crow flies.
        "CANNOT_BE_PERFORMED_WITHIN_VEHICLE_DISTANCE_LIMIT" = 3
            => CannotBePerformedWithinVehicleDistanceLimit,
        /// The route would take too long even at best speed.
        "CANNOT_BE_PERFORMED_WITHIN_VEHICLE_DURATION_LIMIT" = 4
            => CannotBePerformedWithinVehicleDurationLimit,
        /// The travel alone would take too long even at best speed.
        "CANNOT_BE_PERFORMED_WITHIN_VEHICLE_TRAVEL_DURATION_LIMIT" = 5
            => CannotBePerformedWithinVehicleTravelDurationLimit,
        /// The vehicle would end too late even with the earliest start.
        "CANNOT_BE_PERFORMED_WITHIN_VEHICLE_TIME_WINDOWS" = 6 => CannotBePerformedWithinVehicleTimeWindows,
        /// The shipment's allowed vehicles do not include the vehicle.
        "VEHICLE_NOT_ALLOWED" = 7 => VehicleNotAllowed,
        /// The vehicle is to be ignored.
        "VEHICLE_IGNORED" = 8 => VehicleIgnored,
        /// The shipment is to be ignored.
        "SHIPMENT_IGNORED" = 9 => ShipmentIgnored,
        /// The injected solution skips it.
        "SKIPPED_IN_INJECTED_SOLUTION_CONSTRAINT" = 10 => SkippedInInjectedSolutionConstraint,
        /// The injected solution leaves no room on the route.
        "VEHICLE_ROUTE_IS_FULLY_SEQUENCE_CONSTRAINED" = 11 => VehicleRouteIsFullySequenceConstrained,
        /// Skipping it costs nothing.
        "ZERO_PENALTY_COST" = 13 => ZeroPenaltyCost,
    }
}
