use lro::wkt::Timestamp;

use super::{ShipmentRoute, SkippedShipment};

lro::message! {
    /// An earlier solution, and the parts of it that the new solution must keep.
    pub struct InjectedSolutionConstraint("google.maps.routeoptimization.v1.InjectedSolutionConstraint") {
        /// The routes. A vehicle may have none.
        routes: Vec<ShipmentRoute> = 1,
        /// The skipped shipments, which stay skipped. The list may be incomplete.
        skipped_shipments: Vec<SkippedShipment> = 2,
        /// The permitted changes, by group of vehicles. If empty, nothing may change.
        constraint_relaxations: Vec<InjectedSolutionConstraintConstraintRelaxation> = 3,
    }

    /// The permitted changes to a group of routes, `InjectedSolutionConstraint.ConstraintRelaxation`.
    pub struct InjectedSolutionConstraintConstraintRelaxation(
        "google.maps.routeoptimization.v1.InjectedSolutionConstraint.ConstraintRelaxation"
    ) {
        /// The permitted changes and their thresholds. The least restrictive change that applies takes effect.
        relaxations: Vec<InjectedSolutionConstraintConstraintRelaxationRelaxation> = 1,
        /// The indices of the vehicles. If empty, all vehicles that no other group lists.
        vehicle_indices: Vec<i32> = 2,
    }

    /// A permitted change and its threshold, `InjectedSolutionConstraint.ConstraintRelaxation.Relaxation`.
    pub struct InjectedSolutionConstraintConstraintRelaxationRelaxation(
        "google.maps.routeoptimization.v1.InjectedSolutionConstraint.ConstraintRelaxation.Relaxation"
    ) {
        /// The permitted change.
        level: InjectedSolutionConstraintConstraintRelaxationRelaxationLevel = 1,
        /// The time at or after which it is permitted.
        threshold_time: Option<Timestamp> = 2,
        /// The number of visits at or after which it is permitted. 0 is the start of the vehicle.
        threshold_visit_count: i32 = 3,
    }
}

lro::enumeration! {
    /// A permitted change, `InjectedSolutionConstraint.ConstraintRelaxation.Relaxation.Level`.
    #[non_exhaustive]
    pub enum InjectedSolutionConstraintConstraintRelaxationRelaxationLevel {
        /// Unspecified: nothing may change. Must not be used.
        "LEVEL_UNSPECIFIED" = 0 => Unspecified,
        /// The times of visits may change.
        "RELAX_VISIT_TIMES_AFTER_THRESHOLD" = 1 => RelaxVisitTimesAfterThreshold,
        /// The times and the order of visits may change. Visits may be dropped.
        "RELAX_VISIT_TIMES_AND_SEQUENCE_AFTER_THRESHOLD" = 2 => RelaxVisitTimesAndSequenceAfterThreshold,
        /// Everything may change, including the vehicle.
        "RELAX_ALL_AFTER_THRESHOLD" = 3 => RelaxAllAfterThreshold,
    }
}
