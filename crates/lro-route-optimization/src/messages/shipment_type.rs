lro::message! {
    /// Types of shipments that do not go together.
    pub struct ShipmentTypeIncompatibility("google.maps.routeoptimization.v1.ShipmentTypeIncompatibility") {
        /// The types, each one at odds with all the others.
        types: Vec<String>,
        /// What they cannot share.
        incompatibility_mode: ShipmentTypeIncompatibilityIncompatibilityMode,
    }

    /// Types of shipments that need others.
    pub struct ShipmentTypeRequirement("google.maps.routeoptimization.v1.ShipmentTypeRequirement") {
        /// The types of which one is needed.
        required_shipment_type_alternatives: Vec<String>,
        /// The types that need it.
        dependent_shipment_types: Vec<String>,
        /// Where it is needed.
        requirement_mode: ShipmentTypeRequirementRequirementMode,
    }
}

lro::enumeration! {
    /// What two shipments cannot share, `ShipmentTypeIncompatibility.IncompatibilityMode`.
    #[non_exhaustive]
    pub enum ShipmentTypeIncompatibilityIncompatibilityMode {
        /// Not to be used.
        "INCOMPATIBILITY_MODE_UNSPECIFIED" = 0 => Unspecified,
        /// They never share a vehicle.
        "NOT_PERFORMED_BY_SAME_VEHICLE" = 1 => NotPerformedBySameVehicle,
        /// They are never in a vehicle at the same time.
        "NOT_IN_SAME_VEHICLE_SIMULTANEOUSLY" = 2 => NotInSameVehicleSimultaneously,
    }

    /// Where a shipment is needed, `ShipmentTypeRequirement.RequirementMode`.
    #[non_exhaustive]
    pub enum ShipmentTypeRequirementRequirementMode {
        /// Not to be used.
        "REQUIREMENT_MODE_UNSPECIFIED" = 0 => Unspecified,
        /// The same vehicle performs it.
        "PERFORMED_BY_SAME_VEHICLE" = 1 => PerformedBySameVehicle,
        /// It is in the vehicle at the pickup of the shipment that needs it.
        "IN_SAME_VEHICLE_AT_PICKUP_TIME" = 2 => InSameVehicleAtPickupTime,
        /// It is in the vehicle at the delivery of the shipment that needs it.
        "IN_SAME_VEHICLE_AT_DELIVERY_TIME" = 3 => InSameVehicleAtDeliveryTime,
    }
}
