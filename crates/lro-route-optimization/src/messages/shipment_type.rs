lro::message! {
    /// Types of shipments that are incompatible with each other.
    pub struct ShipmentTypeIncompatibility("google.maps.routeoptimization.v1.ShipmentTypeIncompatibility") {
        /// The types. Each is incompatible with all the others.
        types: Vec<String> = 1,
        /// The incompatibility.
        incompatibility_mode: ShipmentTypeIncompatibilityIncompatibilityMode = 2,
    }

    /// Types of shipments that require other types.
    pub struct ShipmentTypeRequirement("google.maps.routeoptimization.v1.ShipmentTypeRequirement") {
        /// The alternatives. At least one of them is required.
        required_shipment_type_alternatives: Vec<String> = 1,
        /// The types that require one of the alternatives.
        dependent_shipment_types: Vec<String> = 2,
        /// The requirement.
        requirement_mode: ShipmentTypeRequirementRequirementMode = 3,
    }
}

lro::enumeration! {
    /// An incompatibility of two shipments, `ShipmentTypeIncompatibility.IncompatibilityMode`.
    #[non_exhaustive]
    pub enum ShipmentTypeIncompatibilityIncompatibilityMode {
        /// Unspecified. Must not be used.
        "INCOMPATIBILITY_MODE_UNSPECIFIED" = 0 => Unspecified,
        /// Two such shipments never share a vehicle.
        "NOT_PERFORMED_BY_SAME_VEHICLE" = 1 => NotPerformedBySameVehicle,
        /// Two such shipments are never in a vehicle at the same time.
        "NOT_IN_SAME_VEHICLE_SIMULTANEOUSLY" = 2 => NotInSameVehicleSimultaneously,
    }

    /// A requirement of one shipment for another, `ShipmentTypeRequirement.RequirementMode`.
    #[non_exhaustive]
    pub enum ShipmentTypeRequirementRequirementMode {
        /// Unspecified. Must not be used.
        "REQUIREMENT_MODE_UNSPECIFIED" = 0 => Unspecified,
        /// The same vehicle performs the required shipment.
        "PERFORMED_BY_SAME_VEHICLE" = 1 => PerformedBySameVehicle,
        /// The required shipment is in the vehicle at the pickup of the dependent shipment.
        "IN_SAME_VEHICLE_AT_PICKUP_TIME" = 2 => InSameVehicleAtPickupTime,
        /// The required shipment is in the vehicle at the delivery of the dependent shipment.
        "IN_SAME_VEHICLE_AT_DELIVERY_TIME" = 3 => InSameVehicleAtDeliveryTime,
    }
}
