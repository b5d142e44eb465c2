use super::{
    geo::{self, Place},
    model::{OptimizeToursRequest, Shipment, ShipmentModel},
    solution::{OptimizeToursResponse, Reason, SkippedShipment},
    tour::{Obstacle, Tour},
    write,
};

/// Solves a request greedily: each vehicle in turn drives to the nearest shipment that it can carry, and delivers it.
pub(super) fn solve(request: &OptimizeToursRequest) -> OptimizeToursResponse {
    let Some(model) = &request.model else {
        return OptimizeToursResponse::default();
    };
    let mut tours = empty_tours(request, model);
    let mut open: Vec<usize> =
        (0..model.shipments.len()).filter(|index| !model.shipments[*index].ignore).collect();
    let places: Vec<Place> = model.shipments.iter().map(first_place).collect();
    for tour in &mut tours {
        fill(tour, &mut open, &model.shipments, &places);
    }
    let mut skipped = ignored(&model.shipments);
    for index in open {
        let shipment = &model.shipments[index];
        // A shipment that was passed over at one stop may fit after the last one.
        let obstacles: Result<Vec<_>, ()> = tours
            .iter_mut()
            .map(|tour| {
                tour.carry(index, shipment).map_or_else(|obstacle| Ok((tour.index, obstacle)), |()| Err(()))
            })
            .collect();
        if let Ok(obstacles) = obstacles {
            skipped.push(skip(index, shipment, &obstacles));
        }
    }
    skipped.sort_by_key(|skipped| skipped.index);
    write::response(&tours, skipped, &model.shipments)
}

fn empty_tours<'a>(request: &OptimizeToursRequest, model: &'a ShipmentModel) -> Vec<Tour<'a>> {
    let start = model.global_start_time.map_or(0, |start| start.seconds());
    let end = model.global_end_time.map_or_else(|| start.saturating_add(YEAR), |end| end.seconds());
    let geodesic =
        request.geodesic_meters_per_second.filter(|speed| request.use_geodesic_distances && *speed > 0.0);
    let speed = geodesic.unwrap_or(METERS_PER_SECOND);
    let vehicles = model.vehicles.iter().enumerate();
    vehicles.map(|(index, vehicle)| Tour::new(index, vehicle, (start, end), speed)).collect()
}

/// Adds the nearest shipment to the tour until several in a row cannot be carried.
fn fill<'a>(tour: &mut Tour<'a>, open: &mut Vec<usize>, shipments: &'a [Shipment], places: &[Place]) {
    let mut candidates: Vec<usize> =
        open.iter().copied().filter(|index| tour.is_allowed(&shipments[*index]).is_ok()).collect();
    let mut carried = vec![false; shipments.len()];
    let mut failures = 0;
    while failures < MOST_FAILURES {
        let place = tour.place();
        let distances = candidates.iter().map(|index| geo::chord_squared(place, places[*index]));
        let Some((at, _)) = distances.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b)) else {
            break;
        };
        let index = candidates.swap_remove(at);
        carried[index] = tour.carry(index, &shipments[index]).is_ok();
        failures = if carried[index] { 0 } else { failures + 1 };
    }
    open.retain(|index| !carried[*index]);
}

/// The place of the first visit of a shipment.
fn first_place(shipment: &Shipment) -> Place {
    shipment.pickups.first().or_else(|| shipment.deliveries.first()).and_then(geo::arrival)
}

fn ignored(shipments: &[Shipment]) -> Vec<SkippedShipment> {
    let ignored = shipments.iter().enumerate().filter(|(_, shipment)| shipment.ignore);
    ignored
        .map(|(index, shipment)| SkippedShipment {
            index: index as i32,
            label: shipment.label.clone(),
            reasons: vec![Reason { code: "SHIPMENT_IGNORED".to_owned(), ..Reason::default() }],
            ..SkippedShipment::default()
        })
        .collect()
}

/// A shipment that no vehicle can carry, with one reason for each kind of obstacle.
fn skip(index: usize, shipment: &Shipment, obstacles: &[(usize, Obstacle)]) -> SkippedShipment {
    let mut reasons: Vec<Reason> = Vec::new();
    for (vehicle, obstacle) in obstacles {
        let (code, capacity) = match obstacle {
            Obstacle::VehicleIgnored => ("VEHICLE_IGNORED", ""),
            Obstacle::NotAllowed => ("VEHICLE_NOT_ALLOWED", ""),
            Obstacle::Capacity(kind) => ("DEMAND_EXCEEDS_VEHICLE_CAPACITY", &**kind),
            Obstacle::Time => ("CANNOT_BE_PERFORMED_WITHIN_VEHICLE_TIME_WINDOWS", ""),
        };
        let vehicle = *vehicle as i32;
        match reasons.iter_mut().find(|reason| reason.code == code) {
            Some(reason) => reason.example_vehicle_indices.push(vehicle),
            None => reasons.push(Reason {
                code: code.to_owned(),
                example_vehicle_index: Some(vehicle),
                example_vehicle_indices: vec![vehicle],
                example_exceeded_capacity_type: capacity.to_owned(),
            }),
        }
    }
    SkippedShipment {
        index: index as i32,
        label: shipment.label.clone(),
        penalty_cost: shipment.penalty_cost,
        estimated_incompatible_vehicle_ratio: 1.0,
        reasons,
    }
}

/// A tour ends after this many shipments in a row that cannot be carried. With fewer, tours end early; with more, a large
/// model takes longer.
const MOST_FAILURES: usize = 32;

/// 50 km/h.
const METERS_PER_SECOND: f64 = 50.0 / 3.6;

const YEAR: i64 = 365 * 24 * 3_600;
