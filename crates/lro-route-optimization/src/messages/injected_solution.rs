use lro::wkt::Timestamp;

use super::{ShipmentRoute, SkippedShipment};

lro::message! {
    /// An earlier solution and how much of it must stay.
    pub struct InjectedSolutionConstraint("google.maps.routeoptimization.v1.InjectedSolutionConstraint") {
        /// The routes; some may be missing.
        routes: Vec<ShipmentRoute>,
        /// The shipments skipped, which stay so; some may be missing.
        skipped_shipments: Vec<SkippedShipment>,
        /// What may change, for each group of vehicles; empty, nothing may.
        constraint_relaxations: Vec<InjectedSolutionConstraintConstraintRelaxation>,
    }

    /// What may change on some routes, `InjectedSolutionConstraint.ConstraintRelaxation`.
    pub struct InjectedSolutionConstraintConstraintRelaxation(
        "google.maps.routeoptimization.v1.InjectedSolutionConstraint.ConstraintRelaxation"
    ) {
        /// What may change from where on; the freest one that applies counts.
        relaxations: Vec<InjectedSolutionConstraintConstraintRelaxationRelaxation>,
        /// The vehicles, by their indices; empty, all that are not listed elsewhere.
        vehicle_indices: Vec<i32>,
    }

    /// What may change from where on, `InjectedSolutionConstraint.ConstraintRelaxation.Relaxation`.
    pub struct InjectedSolutionConstraintConstraintRelaxationRelaxation(
        "google.maps.routeoptimization.v1.InjectedSolutionConstraint.ConstraintRelaxation.Relaxation"
    ) {
        /// What may change.
        level: InjectedSolutionConstraintConstraintRelaxationRelaxationLevel,
        /// The time from which on it may.
        threshold_time: Option<Timestamp>,
        /// The number of visits from which on it may; 0 is the vehicle's start.
        threshold_visit_count: i32,
    }
}

lro::enumeration! {
    /// What may change, `InjectedSolutionConstraint.ConstraintRelaxation.Relaxation.Level`.
    #[non_exhaustive]
    pub enum InjectedSolutionConstraintConstraintRelaxationRelaxationLevel {
        /// Nothing may change; not to be used.
        "LEVEL_UNSPECIFIED" = 0 => Unspecified,
        /// Times may change.
        "RELAX_VISIT_TIMES_AFTER_THRESHOLD" = 1 => RelaxVisitTimesAfterThreshold,
        /// Times and order may change, and visits may be dropped.
        "RELAX_VISIT_TIMES_AND_SEQUENCE_AFTER_THRESHOLD" = 2 => RelaxVisitTimesAndSequenceAfterThreshold,
        /// Everything may change, the vehicle too.
        "RELAX_ALL_AFTER_THRESHOLD" = 3 => RelaxAllAfterThreshold,
    }
}
