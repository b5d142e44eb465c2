use lro::wkt::Duration;

use super::{InjectedSolutionConstraint, ShipmentModel, ShipmentRoute};

lro::message! {
    /// A model to solve and how to solve it: the request of `OptimizeTours` and `OptimizeToursLongRunning`.
    pub struct OptimizeToursRequest("google.maps.routeoptimization.v1.OptimizeToursRequest") {
        /// Where to run: `projects/{project}` or `projects/{project}/locations/{location}`.
        parent: String,
        /// How long the solver may take; the call's own deadline counts too.
        timeout: Option<Duration>,
        /// What to solve.
        model: Option<ShipmentModel>,
        /// Whether to solve the model or only to check it.
        solving_mode: OptimizeToursRequestSolvingMode,
        /// Whether to trade time for quality.
        search_mode: OptimizeToursRequestSearchMode,
        /// An earlier solution to start from; the result may differ from it.
        injected_first_solution_routes: Vec<ShipmentRoute>,
        /// An earlier solution to stay close to, in part or as a whole.
        injected_solution_constraint: Option<InjectedSolutionConstraint>,
        /// Routes to be filled with polylines in place of solving; not with either injected solution.
        refresh_details_routes: Vec<ShipmentRoute>,
        /// Finds injected routes, visits and skipped shipments by their labels, not by their indices.
        interpret_injected_solutions_using_labels: bool,
        /// Plans travel times with the traffic to be expected.
        consider_road_traffic: bool,
        /// Draws every route of the response.
        populate_polylines: bool,
        /// Draws every transition of the response and gives it a route token.
        populate_transition_polylines: bool,
        /// Permits a deadline of up to 60 minutes in place of 30, at a greater risk of interruption.
        allow_large_deadline_despite_interruption_risk: bool,
        /// Travels along great circles, not along roads.
        use_geodesic_distances: bool,
        /// The speed along great circles, in m/s, at least 1; needed for `use_geodesic_distances`.
        geodesic_meters_per_second: Option<f64>,
        /// The most validation errors to report, at most 10,000; 100 if absent.
        max_validation_errors: Option<i32>,
        /// The caller's label, which the response repeats.
        label: String,
    }

    /// The metadata of `OptimizeToursLongRunning`, which tells nothing.
    pub struct OptimizeToursLongRunningMetadata(
        "google.maps.routeoptimization.v1.OptimizeToursLongRunningMetadata"
    ) {}
}

lro::enumeration! {
    /// What to do with the model, `OptimizeToursRequest.SolvingMode`.
    #[non_exhaustive]
    pub enum OptimizeToursRequestSolvingMode {
        /// Solve it; the response may have warnings.
        "DEFAULT_SOLVE" = 0 => DefaultSolve,
        /// Check it only; the response has the errors.
        "VALIDATE_ONLY" = 1 => ValidateOnly,
        /// Look for shipments that no vehicle can perform, without solving.
        "DETECT_SOME_INFEASIBLE_SHIPMENTS" = 2 => DetectSomeInfeasibleShipments,
        /// Turn objectives into costs and return the request, without solving.
        "TRANSFORM_AND_RETURN_REQUEST" = 3 => TransformAndReturnRequest,
    }

    /// Whether to trade time for quality, `OptimizeToursRequest.SearchMode`.
    #[non_exhaustive]
    pub enum OptimizeToursRequestSearchMode {
        /// As [`ReturnFast`](Self::ReturnFast).
        "SEARCH_MODE_UNSPECIFIED" = 0 => Unspecified,
        /// Stop at the first good solution.
        "RETURN_FAST" = 1 => ReturnFast,
        /// Go on until the timeout, for a better one.
        "CONSUME_ALL_AVAILABLE_TIME" = 2 => ConsumeAllAvailableTime,
    }
}
