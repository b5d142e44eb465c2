use lro::wkt::Duration;

use super::{InjectedSolutionConstraint, ShipmentModel, ShipmentRoute};

lro::message! {
    /// The request of `OptimizeTours` and `OptimizeToursLongRunning`: a model and the options of the solver.
    pub struct OptimizeToursRequest("google.maps.routeoptimization.v1.OptimizeToursRequest") {
        /// The project and location, `projects/{project}` or `projects/{project}/locations/{location}`. Required.
        parent: String = 1,
        /// The time limit of the solver. The deadline of the call limits it too.
        timeout: Option<Duration> = 2,
        /// The model to solve.
        model: Option<ShipmentModel> = 3,
        /// Whether to solve the model or only to validate it.
        solving_mode: OptimizeToursRequestSolvingMode = 4,
        /// Whether to trade time for quality.
        search_mode: OptimizeToursRequestSearchMode = 6,
        /// An earlier solution, from which the search starts. The result may differ from it.
        injected_first_solution_routes: Vec<ShipmentRoute> = 7,
        /// An earlier solution that the result must keep, in part or as a whole.
        injected_solution_constraint: Option<InjectedSolutionConstraint> = 8,
        /// Routes to add polylines to, without solving. Incompatible with both kinds of injected solutions.
        refresh_details_routes: Vec<ShipmentRoute> = 9,
        /// Matches injected routes, visits and skipped shipments by label. Default: by index.
        interpret_injected_solutions_using_labels: bool = 10,
        /// Includes the expected traffic in travel times.
        consider_road_traffic: bool = 11,
        /// Adds a polyline to every route of the response.
        populate_polylines: bool = 12,
        /// Adds a polyline and a route token to every transition of the response.
        populate_transition_polylines: bool = 13,
        /// Permits deadlines of up to 60 minutes, at a higher risk of interruption. Default: up to 30 minutes.
        allow_large_deadline_despite_interruption_risk: bool = 14,
        /// Computes travel along great circles. Default: along roads.
        use_geodesic_distances: bool = 15,
        /// The speed along great circles, in m/s, at least 1. Required with `use_geodesic_distances`.
        geodesic_meters_per_second: Option<f64> = 16,
        /// The maximum number of validation errors to report, at most 10,000. Default: 100.
        max_validation_errors: Option<i32> = 5,
        /// A label, which the response repeats.
        label: String = 17,
    }

    /// The metadata of `OptimizeToursLongRunning`. It has no fields.
    pub struct OptimizeToursLongRunningMetadata(
        "google.maps.routeoptimization.v1.OptimizeToursLongRunningMetadata"
    ) {}
}

lro::enumeration! {
    /// The treatment of the model, `OptimizeToursRequest.SolvingMode`.
    #[non_exhaustive]
    pub enum OptimizeToursRequestSolvingMode {
        /// Solves the model. The response may contain warnings.
        "DEFAULT_SOLVE" = 0 => DefaultSolve,
        /// Validates the model without solving. The response contains the errors.
        "VALIDATE_ONLY" = 1 => ValidateOnly,
        /// Finds some of the shipments that no vehicle can perform, without solving.
        "DETECT_SOME_INFEASIBLE_SHIPMENTS" = 2 => DetectSomeInfeasibleShipments,
        /// Converts the objectives to costs and returns the request, without solving.
        "TRANSFORM_AND_RETURN_REQUEST" = 3 => TransformAndReturnRequest,
    }

    /// The trade of time for quality, `OptimizeToursRequest.SearchMode`.
    #[non_exhaustive]
    pub enum OptimizeToursRequestSearchMode {
        /// Unspecified. Equivalent to [`ReturnFast`](Self::ReturnFast).
        "SEARCH_MODE_UNSPECIFIED" = 0 => Unspecified,
        /// Stops at the first good solution.
        "RETURN_FAST" = 1 => ReturnFast,
        /// Searches for better solutions until the timeout.
        "CONSUME_ALL_AVAILABLE_TIME" = 2 => ConsumeAllAvailableTime,
    }
}
