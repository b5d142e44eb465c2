lro::message! {
    /// Where a visit or a route begins or ends.
    pub struct Waypoint("google.maps.routeoptimization.v1.Waypoint") {
        /// Coordinates; one of `location` and `place_id`.
        location: Option<Location>,
        /// The id of a place on Google Maps; one of `location` and `place_id`.
        place_id: Option<String>,
        /// Prefers to stop on the side of the road that the location is on; not on foot.
        side_of_road: bool,
        /// A place to stop and to pick up or drop off; only for driving to a `location`, experimental.
        vehicle_stopover: bool,
    }

    /// A point and a direction.
    pub struct Location("google.maps.routeoptimization.v1.Location") {
        /// The point.
        lat_lng: Option<LatLng>,
        /// The direction of the traffic, clockwise from north, from 0 to 360 degrees.
        heading: Option<i32>,
    }

    /// A point on the earth, WGS 84.
    pub struct LatLng("google.type.LatLng") {
        /// Degrees north, from -90 to 90.
        latitude: f64,
        /// Degrees east, from -180 to 180.
        longitude: f64,
    }
}
