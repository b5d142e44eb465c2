use lro::wkt::Duration;

lro::message! {
    /// How much a vehicle can hold of one type of load, `Vehicle.LoadLimit`.
    pub struct VehicleLoadLimit("google.maps.routeoptimization.v1.Vehicle.LoadLimit") {
        /// The most it can hold.
        max_load: Option<i64>,
        /// The most it can hold without a cost.
        soft_max_load: i64,
        /// The cost of each unit above `soft_max_load`, once for a route.
        cost_per_unit_above_soft_max: f64,
        /// What it may hold at its start.
        start_load_interval: Option<VehicleLoadLimitInterval>,
        /// What it may hold at its end.
        end_load_interval: Option<VehicleLoadLimitInterval>,
        /// The cost of moving a unit by a kilometre; experimental.
        cost_per_kilometer: Option<VehicleLoadLimitLoadCost>,
        /// The cost of moving a unit for an hour; experimental.
        cost_per_traveled_hour: Option<VehicleLoadLimitLoadCost>,
    }

    /// The least and the most of a load, `Vehicle.LoadLimit.Interval`.
    pub struct VehicleLoadLimitInterval("google.maps.routeoptimization.v1.Vehicle.LoadLimit.Interval") {
        /// The least, not negative.
        min: i64,
        /// The most; without limit if absent.
        max: Option<i64>,
    }

    /// The cost of moving one unit of load, `Vehicle.LoadLimit.LoadCost`.
    pub struct VehicleLoadLimitLoadCost("google.maps.routeoptimization.v1.Vehicle.LoadLimit.LoadCost") {
        /// The load at which the cost changes.
        load_threshold: Option<i64>,
        /// The cost of each unit up to it.
        cost_per_unit_below_threshold: Option<f64>,
        /// The cost of each unit beyond it.
        cost_per_unit_above_threshold: Option<f64>,
    }

    /// A hard or soft limit to a time on the route, `Vehicle.DurationLimit`.
    pub struct VehicleDurationLimit("google.maps.routeoptimization.v1.Vehicle.DurationLimit") {
        /// The hard limit.
        max_duration: Option<Duration>,
        /// The soft limit; goes with `cost_per_hour_after_soft_max`.
        soft_max_duration: Option<Duration>,
        /// The cost of each hour beyond the soft limit.
        cost_per_hour_after_soft_max: Option<f64>,
        /// The quadratic soft limit, at most a day below the hard one.
        quadratic_soft_max_duration: Option<Duration>,
        /// The cost of the square of the hours beyond the quadratic soft limit.
        cost_per_square_hour_after_quadratic_soft_max: Option<f64>,
    }

    /// A hard or soft limit to a distance.
    pub struct DistanceLimit("google.maps.routeoptimization.v1.DistanceLimit") {
        /// The hard limit, in metres.
        max_meters: Option<i64>,
        /// The soft limit, in metres; goes with `cost_per_kilometer_above_soft_max`.
        soft_max_meters: Option<i64>,
        /// The cost of each kilometre up to the soft limit; not for the distance of a route.
        cost_per_kilometer_below_soft_max: Option<f64>,
        /// The cost of each kilometre beyond the soft limit.
        cost_per_kilometer_above_soft_max: Option<f64>,
    }
}
