use super::{
    convert::{duration, loads, time},
    metrics,
    model::Shipment,
    solution::{OptimizeToursResponse, ShipmentRoute, SkippedShipment, Transition, Visit},
    tour::{Amounts, Stop, Tour, Way, add},
};

/// The tours as a response.
pub(super) fn response(
    tours: &[Tour<'_>],
    skipped_shipments: Vec<SkippedShipment>,
    shipments: &[Shipment],
) -> OptimizeToursResponse {
    let routes: Vec<_> = tours.iter().map(route).collect();
    let metrics = Some(metrics::of_response(tours, &routes, &skipped_shipments, shipments));
    OptimizeToursResponse { routes, skipped_shipments, metrics, ..OptimizeToursResponse::default() }
}

fn route(tour: &Tour<'_>) -> ShipmentRoute {
    let unused = ShipmentRoute {
        vehicle_index: tour.index as i32,
        vehicle_label: tour.vehicle.label.clone(),
        ..ShipmentRoute::default()
    };
    if tour.stops.is_empty() {
        return unused;
    }
    let end = tour.now().saturating_add(tour.way_home().seconds);
    let route_costs = metrics::costs(tour);
    ShipmentRoute {
        vehicle_start_time: time(tour.start),
        vehicle_end_time: time(end),
        visits: tour.stops.iter().map(visit).collect(),
        transitions: transitions(tour),
        metrics: Some(metrics::of_tours(&[tour])),
        route_total_cost: metrics::sum(route_costs.values().copied()),
        route_costs,
        ..unused
    }
}

fn visit(stop: &Stop<'_>) -> Visit {
    Visit {
        shipment_index: stop.shipment_index as i32,
        is_pickup: stop.is_pickup,
        visit_request_index: stop.request_index as i32,
        start_time: time(stop.begin),
        load_demands: loads(&stop.load_change()),
        shipment_label: stop.shipment.label.clone(),
        visit_label: stop.request.label.clone(),
    }
}

/// One transition before each visit, and one to the end.
fn transitions(tour: &Tour<'_>) -> Vec<Transition> {
    let mut transitions = Vec::with_capacity(tour.stops.len() + 1);
    let (mut now, mut on_board) = (tour.start, tour.start_load.clone());
    for stop in &tour.stops {
        transitions.push(transition(stop.way, stop.wait, now, &on_board));
        now = stop.end();
        stop.load_change().iter().for_each(|(kind, amount)| add(&mut on_board, kind, *amount));
    }
    transitions.push(transition(tour.way_home(), 0, now, &on_board));
    transitions
}

fn transition(way: Way, wait: i64, start: i64, on_board: &Amounts) -> Transition {
    Transition {
        travel_duration: duration(way.seconds),
        travel_distance_meters: way.meters.round(),
        wait_duration: duration(wait),
        total_duration: duration(way.seconds.saturating_add(wait)),
        start_time: time(start),
        vehicle_loads: loads(on_board),
    }
}
