lro::message! {
    /// A shipment that no route performs.
    pub struct SkippedShipment("google.maps.routeoptimization.v1.SkippedShipment") {
        /// The index of the shipment in the model.
        index: i32 = 1,
        /// The label of the shipment.
        label: String = 2,
        /// The penalty cost of the shipment. Experimental.
        penalty_cost: Option<f64> = 6,
        /// The estimated share of the vehicles that cannot perform the shipment, from 0 to 1.
        estimated_incompatible_vehicle_ratio: Option<f64> = 5,
        /// The known reasons for skipping the shipment.
        reasons: Vec<SkippedShipmentReason> = 3,
    }

    /// A reason for skipping a shipment, `SkippedShipment.Reason`.
    pub struct SkippedShipmentReason("google.maps.routeoptimization.v1.SkippedShipment.Reason") {
        /// The kind of reason.
        code: SkippedShipmentReasonCode = 1,
        /// The index of a vehicle to which the reason applies.
        example_vehicle_index: Option<i32> = 2,
        /// The indices of some vehicles to which the reason applies.
        example_vehicle_indices: Vec<i32> = 5,
        /// A type of load that exceeds the capacity, if `code` is `DemandExceedsVehicleCapacity`.
        example_exceeded_capacity_type: String = 3,
    }
}

lro::enumeration! {
    /// The kind of reason for skipping a shipment, `SkippedShipment.Reason.Code`.
    #[non_exhaustive]
    pub enum SkippedShipmentReasonCode {
        /// Unspecified.
        "CODE_UNSPECIFIED" = 0 => Unspecified,
        /// The model has no vehicle.
        "NO_VEHICLE" = 1 => NoVehicle,
        /// The load exceeds the capacity of a vehicle.
        "DEMAND_EXCEEDS_VEHICLE_CAPACITY" = 2 => DemandExceedsVehicleCapacity,
        /// The minimum distance, along great circles, exceeds the distance limit of a vehicle.
        "CANNOT_BE_PERFORMED_WITHIN_VEHICLE_DISTANCE_LIMIT" = 3
            => CannotBePerformedWithinVehicleDistanceLimit,
        /// The minimum duration, with waiting and visits, exceeds the route duration limit of a vehicle.
        "CANNOT_BE_PERFORMED_WITHIN_VEHICLE_DURATION_LIMIT" = 4
            => CannotBePerformedWithinVehicleDurationLimit,
        /// The minimum travel time exceeds the travel duration limit of a vehicle.
        "CANNOT_BE_PERFORMED_WITHIN_VEHICLE_TRAVEL_DURATION_LIMIT" = 5
            => CannotBePerformedWithinVehicleTravelDurationLimit,
        /// A vehicle that starts as early as possible ends after its last time window.
        "CANNOT_BE_PERFORMED_WITHIN_VEHICLE_TIME_WINDOWS" = 6 => CannotBePerformedWithinVehicleTimeWindows,
        /// The `allowed_vehicle_indices` of the shipment exclude the vehicle.
        "VEHICLE_NOT_ALLOWED" = 7 => VehicleNotAllowed,
        /// The vehicle has `ignore` set.
        "VEHICLE_IGNORED" = 8 => VehicleIgnored,
        /// The shipment has `ignore` set.
        "SHIPMENT_IGNORED" = 9 => ShipmentIgnored,
        /// The injected solution skips the shipment.
        "SKIPPED_IN_INJECTED_SOLUTION_CONSTRAINT" = 10 => SkippedInInjectedSolutionConstraint,
        /// The injected solution permits no further visit on the route.
        "VEHICLE_ROUTE_IS_FULLY_SEQUENCE_CONSTRAINED" = 11 => VehicleRouteIsFullySequenceConstrained,
        /// The penalty cost is 0.
        "ZERO_PENALTY_COST" = 13 => ZeroPenaltyCost,
    }
}
