use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    model::{Shipment, ShipmentModel},
    tour::{Stop, Tour, loads},
};
use crate::api::json::{duration, timestamp};

/// Gives each shipment to the first vehicle that can carry it after those that it has. Where it only detects, returns the
/// shipments that no vehicle can carry, even alone.
pub(super) fn solve(model: &ShipmentModel, only_detects: bool) -> Value {
    let (mut tours, mut skipped, mut penalty, mut mandatory) = (tours(model), Vec::new(), 0.0, 0);
    for (index, shipment) in model.shipments.iter().enumerate() {
        if only_detects {
            tours = self::tours(model);
        }
        let reasons = carry(&mut tours, index, shipment);
        if !reasons.is_empty() {
            let cost = shipment.penalty_cost.filter(|_| !shipment.ignore);
            penalty += cost.unwrap_or_default();
            mandatory += u32::from(!shipment.ignore && cost.is_none());
            let (index, label) = ((index > 0).then_some(index), &shipment.label);
            skipped.push(json!({"index": index, "label": label, "penaltyCost": cost, "reasons": reasons}));
        }
    }
    if only_detects {
        return json!({"skippedShipments": skipped});
    }
    let routes: Vec<Value> = tours.iter().map(route).collect();
    let used = routes.iter().filter_map(|route| route["vehicleStartTime"].as_str());
    let cost = routes.iter().filter_map(|route| route["routeTotalCost"].as_f64()).sum::<f64>();
    let visiting = tours.iter().flat_map(|tour| &tour.stops).map(|stop| stop.end - stop.begin);
    json!({
        "metrics": {
            "aggregatedRouteMetrics": {
                "performedShipmentCount": model.shipments.len() - skipped.len(),
                "visitDuration": duration(visiting.sum()),
            },
            "skippedMandatoryShipmentCount": mandatory,
            "usedVehicleCount": used.clone().count(),
            "earliestVehicleStartTime": used.min(),
            "costs": {"model.vehicles.cost_per_kilometer": cost, "model.shipments.penalty_cost": penalty},
            "totalCost": cost + penalty,
        },
        "routes": routes,
        "skippedShipments": skipped,
    })
}

fn tours(model: &ShipmentModel) -> Vec<Tour<'_>> {
    let start = model.global_start_time.map_or(0, |start| start.seconds());
    let end = model.global_end_time.map_or(i64::MAX, |end| end.seconds());
    model.vehicles.iter().enumerate().map(|(index, vehicle)| Tour::new(index, vehicle, start, end)).collect()
}

/// Adds a shipment to the first tour that can carry it. Otherwise returns the reasons.
fn carry<'a>(tours: &mut [Tour<'a>], index: usize, shipment: &'a Shipment) -> Vec<Value> {
    if shipment.ignore || tours.is_empty() {
        return vec![json!({"code": if shipment.ignore { "SHIPMENT_IGNORED" } else { "NO_VEHICLE" }})];
    }
    let mut reasons: Vec<Value> = Vec::new();
    for tour in tours {
        let Err((code, load)) = tour.carry(index, shipment) else { return Vec::new() };
        if !reasons.iter().any(|reason| reason["code"] == *code) {
            let (vehicle, kind) = ("exampleVehicleIndex", "exampleExceededCapacityType");
            reasons.push(json!({"code": code, vehicle: tour.index, kind: load}));
        }
    }
    reasons
}

/// Returns the route of a tour. That of a vehicle without visits is empty.
fn route(tour: &Tour<'_>) -> Value {
    let mut route = json!({"vehicleIndex": tour.index, "vehicleLabel": tour.vehicle.label});
    let (Some(end), [start, visits @ ..]) = (&tour.end, &*tour.stops) else { return route };
    let meters = tour.stops.iter().chain([end]).map(|stop| stop.meters).sum::<f64>();
    route["visits"] = visits.iter().map(|stop| stop.visit.clone()).collect();
    route["transitions"] = transitions(tour);
    route["vehicleStartTime"] = timestamp(start.end);
    route["vehicleEndTime"] = timestamp(end.begin);
    route["routeTotalCost"] = (tour.vehicle.cost_per_kilometer * meters / 1_000.0).into();
    route
}

/// One transition before each visit, and one to the end.
fn transitions(tour: &Tour<'_>) -> Value {
    // As much is on board from the start as is delivered without a pickup, so that no load is negative.
    let at_start = tour.loads.iter().map(|(kind, [_, least, _])| (*kind, least.saturating_neg()));
    let mut on_board: BTreeMap<&str, i64> = at_start.collect();
    let stops = || tour.stops.iter().chain(&tour.end);
    let transition = |(from, to): (&Stop<'_>, &Stop<'_>)| {
        let transition = json!({
            "startTime": timestamp(from.end),
            "travelDuration": duration(to.travel),
            "travelDistanceMeters": to.meters,
            "waitDuration": duration(to.begin - from.end - to.travel),
            "totalDuration": duration(to.begin - from.end),
            "vehicleLoads": loads(&on_board),
        });
        for (kind, load) in &mut on_board {
            *load = load.saturating_add(to.loads.get(kind).copied().unwrap_or_default());
        }
        transition
    };
    stops().zip(stops().skip(1)).map(transition).collect()
}
