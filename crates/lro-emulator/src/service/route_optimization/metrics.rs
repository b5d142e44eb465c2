use std::collections::BTreeMap;

use super::{
    convert::{duration, loads},
    model::Shipment,
    solution::{AggregatedMetrics, Metrics, ShipmentRoute, SkippedShipment},
    tour::{Amounts, Tour},
};

/// The costs of a tour, by the field of the model that sets them.
pub(super) fn costs(tour: &Tour<'_>) -> BTreeMap<String, f64> {
    let vehicle = tour.vehicle;
    let hours = |seconds: i64| seconds as f64 / 3_600.0;
    let costs = [
        ("model.vehicles.cost_per_hour", vehicle.cost_per_hour * hours(total(tour))),
        ("model.vehicles.cost_per_traveled_hour", vehicle.cost_per_traveled_hour * hours(travel(tour))),
        ("model.vehicles.cost_per_kilometer", vehicle.cost_per_kilometer * meters(tour) / 1_000.0),
        ("model.vehicles.fixed_cost", vehicle.fixed_cost),
        ("model.shipments.visit_requests.cost", sum(tour.stops.iter().map(|stop| stop.request.cost))),
    ];
    let incurred = costs.into_iter().filter(|(_, cost)| *cost != 0.0);
    incurred.map(|(field, cost)| (field.to_owned(), cost)).collect()
}

/// The metrics of tours that have stops.
pub(super) fn of_tours(tours: &[&Tour<'_>]) -> AggregatedMetrics {
    let time = |of: fn(&Tour<'_>) -> i64| duration(tours.iter().map(|tour| of(tour)).sum());
    // A shipment is performed by its delivery, or by its pickup if it has no delivery.
    let stops = tours.iter().flat_map(|tour| &tour.stops);
    let performed: Vec<&Shipment> = stops
        .filter(|stop| !stop.is_pickup || stop.shipment.deliveries.is_empty())
        .map(|stop| stop.shipment)
        .collect();
    let mut peak = Amounts::new();
    for (kind, amount) in tours.iter().flat_map(|tour| &tour.peak) {
        let most = peak.entry(kind.clone()).or_insert(*amount);
        *most = (*most).max(*amount);
    }
    AggregatedMetrics {
        performed_shipment_count: performed.len() as i32,
        travel_duration: time(travel),
        wait_duration: time(|tour| tour.stops.iter().map(|stop| stop.wait).sum()),
        delay_duration: duration(0),
        break_duration: duration(0),
        visit_duration: time(|tour| tour.stops.iter().map(|stop| stop.duration()).sum()),
        total_duration: time(total),
        travel_distance_meters: sum(tours.iter().map(|tour| meters(tour).round())),
        max_loads: loads(&peak),
        performed_mandatory_shipment_count: mandatory(&performed),
        performed_shipment_penalty_cost_sum: sum(performed
            .iter()
            .filter_map(|shipment| shipment.penalty_cost)),
    }
}

/// The metrics of the whole solution.
pub(super) fn of_response(
    tours: &[Tour<'_>],
    routes: &[ShipmentRoute],
    skipped: &[SkippedShipment],
    shipments: &[Shipment],
) -> Metrics {
    let driven: Vec<&Tour<'_>> = tours.iter().filter(|tour| !tour.stops.is_empty()).collect();
    let mut costs = BTreeMap::new();
    for (field, cost) in routes.iter().flat_map(|route| &route.route_costs) {
        *costs.entry(field.clone()).or_insert(0.0) += cost;
    }
    let penalties = sum(skipped.iter().filter_map(|skipped| skipped.penalty_cost));
    if penalties > 0.0 {
        costs.insert("model.shipments.penalty_cost".to_owned(), penalties);
    }
    let left: Vec<&Shipment> = skipped
        .iter()
        .filter_map(|skipped| shipments.get(usize::try_from(skipped.index).ok()?))
        .filter(|shipment| !shipment.ignore)
        .collect();
    Metrics {
        aggregated_route_metrics: Some(of_tours(&driven)),
        skipped_mandatory_shipment_count: mandatory(&left),
        used_vehicle_count: driven.len() as i32,
        earliest_vehicle_start_time: routes.iter().filter_map(|route| route.vehicle_start_time).min(),
        latest_vehicle_end_time: routes.iter().filter_map(|route| route.vehicle_end_time).max(),
        total_cost: sum(costs.values().copied()),
        costs,
    }
}

/// The sum. `Iterator::sum` of nothing is -0.0, and JSON shows the sign.
pub(super) fn sum(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(0.0, |sum, number| sum + number)
}

/// A shipment without a penalty must be performed.
fn mandatory(shipments: &[&Shipment]) -> i32 {
    shipments.iter().filter(|shipment| shipment.penalty_cost.is_none()).count() as i32
}

fn travel(tour: &Tour<'_>) -> i64 {
    tour.stops.iter().map(|stop| stop.way.seconds).sum::<i64>() + tour.way_home().seconds
}

fn total(tour: &Tour<'_>) -> i64 {
    tour.now() - tour.start + tour.way_home().seconds
}

fn meters(tour: &Tour<'_>) -> f64 {
    sum(tour.stops.iter().map(|stop| stop.way.meters)) + tour.way_home().meters
}
