use lro::wkt::Duration;

lro::message! {
    /// The capacity of a vehicle for a type of load, `Vehicle.LoadLimit`.
    pub struct VehicleLoadLimit("google.maps.routeoptimization.v1.Vehicle.LoadLimit") {
        /// The hard limit.
        max_load: Option<i64> = 1,
        /// The soft limit: a load above it has a cost.
        soft_max_load: i64 = 2,
        /// The cost per unit above `soft_max_load`. It applies once per route.
        cost_per_unit_above_soft_max: f64 = 3,
        /// The permitted load at the start of the route.
        start_load_interval: Option<VehicleLoadLimitInterval> = 4,
        /// The permitted load at the end of the route.
        end_load_interval: Option<VehicleLoadLimitInterval> = 5,
        /// The cost of moving a unit by a kilometre. Experimental.
        cost_per_kilometer: Option<VehicleLoadLimitLoadCost> = 6,
        /// The cost of moving a unit for an hour. Experimental.
        cost_per_traveled_hour: Option<VehicleLoadLimitLoadCost> = 7,
    }

    /// A range of loads, `Vehicle.LoadLimit.Interval`.
    pub struct VehicleLoadLimitInterval("google.maps.routeoptimization.v1.Vehicle.LoadLimit.Interval") {
        /// The minimum, at least 0.
        min: i64 = 1,
        /// The maximum. Default: no limit.
        max: Option<i64> = 2,
    }

    /// The cost of moving one unit of load, `Vehicle.LoadLimit.LoadCost`.
    pub struct VehicleLoadLimitLoadCost("google.maps.routeoptimization.v1.Vehicle.LoadLimit.LoadCost") {
        /// The load above which the cost changes.
        load_threshold: Option<i64> = 1,
        /// The cost per unit up to the threshold.
        cost_per_unit_below_threshold: Option<f64> = 2,
        /// The cost per unit above the threshold.
        cost_per_unit_above_threshold: Option<f64> = 3,
    }

    /// A hard or soft limit on a duration of the route, `Vehicle.DurationLimit`.
    pub struct VehicleDurationLimit("google.maps.routeoptimization.v1.Vehicle.DurationLimit") {
        /// The hard limit.
        max_duration: Option<Duration> = 1,
        /// The soft limit. Set together with `cost_per_hour_after_soft_max`.
        soft_max_duration: Option<Duration> = 2,
        /// The cost per hour above the soft limit.
        cost_per_hour_after_soft_max: Option<f64> = 3,
        /// The quadratic soft limit.
        /// It is below the hard limit, by at most a day.
        quadratic_soft_max_duration: Option<Duration> = 4,
        /// The cost per square hour above the quadratic soft limit.
        cost_per_square_hour_after_quadratic_soft_max: Option<f64> = 5,
    }

    /// A hard or soft limit on a distance.
    pub struct DistanceLimit("google.maps.routeoptimization.v1.DistanceLimit") {
        /// The hard limit, in metres.
        max_meters: Option<i64> = 1,
        /// The soft limit, in metres. Set together with `cost_per_kilometer_above_soft_max`.
        soft_max_meters: Option<i64> = 2,
        /// The cost per kilometre up to the soft limit. Not supported for `route_distance_limit`.
        cost_per_kilometer_below_soft_max: Option<f64> = 4,
        /// The cost per kilometre above the soft limit.
        cost_per_kilometer_above_soft_max: Option<f64> = 3,
    }
}
