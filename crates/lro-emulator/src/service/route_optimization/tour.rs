use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::model::{LatLng, Shipment, TimeWindow, Vehicle, Waypoint};
use crate::api::json::timestamp;

/// The way of one vehicle. Times are seconds since 1970.
pub(super) struct Tour<'a> {
    pub(super) index: usize,
    pub(super) vehicle: &'a Vehicle,
    /// The start, unless no window for it is open, and the visits.
    pub(super) stops: Vec<Stop<'a>>,
    /// The end, if there are visits.
    pub(super) end: Option<Stop<'a>>,
    /// The load of each type relative to that at the start: now, at its least and at its most.
    pub(super) loads: BTreeMap<&'a str, [i64; 3]>,
    latest_end: i64,
}

/// The start, a visit or the end, and the way to it.
#[derive(Default)]
pub(super) struct Stop<'a> {
    pub(super) meters: f64,
    pub(super) travel: i64,
    pub(super) begin: i64,
    pub(super) end: i64,
    pub(super) visit: Value,
    pub(super) loads: BTreeMap<&'a str, i64>,
    place: Option<&'a LatLng>,
}

/// Why a vehicle cannot carry a shipment: the code of the reason, and the type of a load that is too much.
type Obstacle<'a> = (&'static str, &'a str);

impl<'a> Tour<'a> {
    pub(super) fn new(index: usize, vehicle: &'a Vehicle, start: i64, latest_end: i64) -> Self {
        let place = place(&vehicle.start_location, &vehicle.start_waypoint);
        let start = opening(&vehicle.start_time_windows, start);
        let start = start.map(|start| Stop { place, begin: start, end: start, ..Stop::default() });
        let (stops, loads) = (start.into_iter().collect(), BTreeMap::new());
        Self { index, vehicle, stops, end: None, loads, latest_end }
    }

    /// Adds the visits of a shipment at the end, of several alternatives the first. On an error the tour is unchanged.
    pub(super) fn carry(&mut self, index: usize, shipment: &'a Shipment) -> Result<(), Obstacle<'a>> {
        let allowed = &shipment.allowed_vehicle_indices;
        if self.vehicle.ignore {
            return Err(("VEHICLE_IGNORED", ""));
        }
        if !allowed.is_empty() && !allowed.iter().any(|allowed| usize::try_from(*allowed) == Ok(self.index)) {
            return Err(("VEHICLE_NOT_ALLOWED", ""));
        }
        let (mut stops, mut loads) = (Vec::new(), self.loads.clone());
        for (is_pickup, visits) in [(true, &shipment.pickups), (false, &shipment.deliveries)] {
            let Some(request) = visits.first() else { continue };
            let place = place(&request.arrival_location, &request.arrival_waypoint);
            let last = stops.last().or_else(|| self.stops.last());
            let mut stop = last.and_then(|last| go(last, place, &request.time_windows)).ok_or(LATE)?;
            stop.end = stop.begin.saturating_add(request.duration.map_or(0, |time| time.seconds().max(0)));
            for (kind, load) in shipment.load_demands.iter().chain(&request.load_demands) {
                let sum: &mut i64 = stop.loads.entry(kind).or_default();
                *sum = sum.saturating_add(if is_pickup { load.amount } else { load.amount.saturating_neg() });
            }
            for (kind, amount) in &stop.loads {
                let [now, least, most] = loads.entry(kind).or_default();
                *now = now.saturating_add(*amount);
                (*least, *most) = (*now.min(least), *now.max(most));
                let limit = self.vehicle.load_limits.get(*kind).and_then(|limit| limit.max_load);
                if limit.is_some_and(|limit| most.saturating_sub(*least) > limit) {
                    return Err(("DEMAND_EXCEEDS_VEHICLE_CAPACITY", kind));
                }
            }
            stop.visit =
                json!({"shipmentIndex": index, "shipmentLabel": shipment.label, "isPickup": is_pickup});
            stop.visit["startTime"] = timestamp(stop.begin);
            stop.visit["loadDemands"] = self::loads(&stop.loads);
            stops.push(stop);
        }
        let place = place(&self.vehicle.end_location, &self.vehicle.end_waypoint);
        let last = stops.last().or_else(|| self.stops.last());
        let end = last.and_then(|last| go(last, place, &self.vehicle.end_time_windows));
        self.end = Some(end.filter(|end| end.begin <= self.latest_end).ok_or(LATE)?);
        self.stops.extend(stops);
        self.loads = loads;
        Ok(())
    }
}

pub(super) fn loads(amounts: &BTreeMap<&str, i64>) -> Value {
    let load = |amount: i64| json!({"amount": (amount != 0).then(|| amount.to_string())});
    amounts.iter().map(|(kind, amount)| ((*kind).to_owned(), load(*amount))).collect()
}

/// Returns the stop at a place, after the way to it and when a window is open. An unknown place counts as the last one.
fn go<'a>(last: &Stop<'a>, to: Option<&'a LatLng>, windows: &[TimeWindow]) -> Option<Stop<'a>> {
    let meters = last.place.zip(to).map_or(0.0, |(from, to)| meters(from, to));
    let travel = (meters / METERS_PER_SECOND).round() as i64;
    let begin = opening(windows, last.end.saturating_add(travel))?;
    Some(Stop { place: to.or(last.place), meters, travel, begin, end: begin, ..Stop::default() })
}

/// Returns the first time from `at` on at which one of the windows is open. Without windows it is `at`.
fn opening(windows: &[TimeWindow], at: i64) -> Option<i64> {
    let ahead = windows.iter().filter(|window| window.end_time.is_none_or(|end| end.seconds() >= at));
    let first = ahead.map(|window| window.start_time.map_or(at, |start| start.seconds().max(at))).min();
    if windows.is_empty() { Some(at) } else { first }
}

fn place<'a>(location: &'a Option<LatLng>, waypoint: &'a Option<Waypoint>) -> Option<&'a LatLng> {
    location.as_ref().or_else(|| waypoint.as_ref()?.location.as_ref()?.lat_lng.as_ref())
}

/// Returns the distance on a plane, which is exact enough for a town. A degree of a meridian is 111,133 m.
fn meters(from: &LatLng, to: &LatLng) -> f64 {
    let east = (to.longitude - from.longitude) * from.latitude.to_radians().cos();
    (111_133.0 * east.hypot(to.latitude - from.latitude)).round()
}

const LATE: Obstacle<'_> = ("CANNOT_BE_PERFORMED_WITHIN_VEHICLE_TIME_WINDOWS", "");

/// 50 km/h.
const METERS_PER_SECOND: f64 = 50.0 / 3.6;
