lro::message! {
    /// The start or end of a visit or of a route.
    pub struct Waypoint("google.maps.routeoptimization.v1.Waypoint") {
        /// The coordinates. Set either `location` or `place_id`.
        location: Option<Location> = 1,
        /// The id of a place on Google Maps. Set either `location` or `place_id`.
        place_id: Option<String> = 2,
        /// Prefers to stop on the side of the road on which the location is. Not supported for walking.
        side_of_road: bool = 3,
        /// Whether vehicles stop here for pickup or drop-off. Supported for driving to a `location` only. Experimental.
        vehicle_stopover: bool = 4,
    }

    /// A point and a heading.
    pub struct Location("google.maps.routeoptimization.v1.Location") {
        /// The point.
        lat_lng: Option<LatLng> = 1,
        /// The direction of traffic, in degrees clockwise from north, from 0 to 360.
        heading: Option<i32> = 2,
    }

    /// A point on the earth, in WGS 84 coordinates.
    pub struct LatLng("google.type.LatLng") {
        /// The latitude in degrees, from -90 to 90.
        latitude: f64 = 1,
        /// The longitude in degrees, from -180 to 180.
        longitude: f64 = 2,
    }
}
