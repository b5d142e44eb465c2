use super::model::{LatLng, Vehicle, VisitRequest, Waypoint};

/// A place on the unit sphere. `None` is a place that is known by a place id alone; it counts as close to every place.
pub(super) type Place = Option<[f64; 3]>;

/// The squared chord between two places. It sorts as the distance does and is cheaper.
pub(super) fn chord_squared(a: Place, b: Place) -> f64 {
    match (a, b) {
        (Some(a), Some(b)) => a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum(),
        _ => 0.0,
    }
}

/// The great-circle distance in metres, by the haversine formula from the chord.
pub(super) fn meters(a: Place, b: Place) -> f64 {
    2.0 * EARTH_RADIUS * (chord_squared(a, b).sqrt() / 2.0).min(1.0).asin()
}

pub(super) fn arrival(request: &VisitRequest) -> Place {
    place(request.arrival_location.as_ref(), request.arrival_waypoint.as_ref())
}

pub(super) fn departure(request: &VisitRequest) -> Place {
    place(request.departure_location.as_ref(), request.departure_waypoint.as_ref())
        .or_else(|| arrival(request))
}

pub(super) fn start(vehicle: &Vehicle) -> Place {
    place(vehicle.start_location.as_ref(), vehicle.start_waypoint.as_ref())
}

pub(super) fn end(vehicle: &Vehicle) -> Place {
    place(vehicle.end_location.as_ref(), vehicle.end_waypoint.as_ref())
}

fn place(location: Option<&LatLng>, waypoint: Option<&Waypoint>) -> Place {
    let of_waypoint = || waypoint?.location.as_ref()?.lat_lng.as_ref();
    let LatLng { latitude, longitude } = location.or_else(of_waypoint)?;
    let (latitude, longitude) = (latitude.to_radians(), longitude.to_radians());
    Some([latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()])
}

/// The mean radius of the earth in metres.
const EARTH_RADIUS: f64 = 6_371_008.8;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude: f64, longitude: f64) -> Place {
        place(Some(&LatLng { latitude, longitude }), None)
    }

    #[test]
    fn distances_are_those_of_a_sphere() {
        let paris_london = meters(at(48.8566, 2.3522), at(51.5074, -0.1278));
        assert!((paris_london - 343_556.0).abs() < 100.0, "{paris_london}");
        let half_round = meters(at(0.0, 0.0), at(0.0, 180.0));
        assert!((half_round - std::f64::consts::PI * EARTH_RADIUS).abs() < 1.0, "{half_round}");
        assert_eq!(meters(at(1.0, 1.0), None), 0.0);
    }
}
