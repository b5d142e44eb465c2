use std::collections::BTreeMap;

use super::{
    geo::{self, Place},
    model::{Load, Shipment, TimeWindow, Vehicle, VisitRequest},
};

/// The stops of one vehicle. Times are seconds since 1970.
#[derive(Debug)]
pub(super) struct Tour<'a> {
    pub(super) index: usize,
    pub(super) vehicle: &'a Vehicle,
    pub(super) stops: Vec<Stop<'a>>,
    pub(super) start: i64,
    /// The load at the start.
    pub(super) start_load: Amounts,
    latest_end: i64,
    meters_per_second: f64,
    /// The load after the last stop.
    load: Amounts,
    /// The largest load of the tour.
    pub(super) peak: Amounts,
}

/// The amount of each kind of load.
pub(super) type Amounts = BTreeMap<String, i64>;

/// One visit, and the way to it.
#[derive(Clone, Debug)]
pub(super) struct Stop<'a> {
    pub(super) shipment_index: usize,
    pub(super) shipment: &'a Shipment,
    pub(super) request_index: usize,
    pub(super) request: &'a VisitRequest,
    pub(super) is_pickup: bool,
    pub(super) way: Way,
    pub(super) wait: i64,
    /// The time at which the visit begins.
    pub(super) begin: i64,
}

/// The way from one place to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) meters: f64,
    pub(super) seconds: i64,
}

/// Why a vehicle cannot carry a shipment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    VehicleIgnored,
    NotAllowed,
    Capacity(String),
    Time,
}

impl<'a> Tour<'a> {
    pub(super) fn new(
        index: usize,
        vehicle: &'a Vehicle,
        global: (i64, i64),
        meters_per_second: f64,
    ) -> Self {
        let opens = vehicle.start_time_windows.first().and_then(|window| window.start_time);
        let closes = vehicle.end_time_windows.last().and_then(|window| window.end_time);
        let multiple = vehicle.travel_duration_multiple.filter(|multiple| *multiple > 0.0).unwrap_or(1.0);
        Self {
            index,
            vehicle,
            stops: Vec::new(),
            start: opens.map_or(global.0, |opens| opens.seconds().max(global.0)),
            start_load: Amounts::new(),
            latest_end: closes.map_or(global.1, |closes| closes.seconds().min(global.1)),
            meters_per_second: meters_per_second / multiple,
            load: Amounts::new(),
            peak: Amounts::new(),
        }
    }

    /// The place of the vehicle after the last stop.
    pub(super) fn place(&self) -> Place {
        self.stops.last().map_or_else(|| geo::start(self.vehicle), |stop| geo::departure(stop.request))
    }

    /// The time at which the last visit ends.
    pub(super) fn now(&self) -> i64 {
        self.stops.last().map_or(self.start, Stop::end)
    }

    /// The way to the end location. A vehicle without one stays at its last stop.
    pub(super) fn way_home(&self) -> Way {
        self.way_home_from(self.place())
    }

    /// Adds a shipment to the tour: its pickup, then its delivery. On an error the tour is unchanged.
    pub(super) fn carry(&mut self, shipment_index: usize, shipment: &'a Shipment) -> Result<(), Obstacle> {
        self.is_allowed(shipment)?;
        let stops = self.stops_for(shipment_index, shipment)?;
        self.check_load(&stops)?;
        self.load_and_unload(&stops);
        self.stops.extend(stops);
        Ok(())
    }

    /// Whether the vehicle may carry a shipment at all.
    pub(super) fn is_allowed(&self, shipment: &Shipment) -> Result<(), Obstacle> {
        if self.vehicle.ignore {
            return Err(Obstacle::VehicleIgnored);
        }
        let allowed = &shipment.allowed_vehicle_indices;
        if allowed.is_empty() || allowed.iter().any(|allowed| usize::try_from(*allowed) == Ok(self.index)) {
            return Ok(());
        }
        Err(Obstacle::NotAllowed)
    }

    fn stops_for(&self, shipment_index: usize, shipment: &'a Shipment) -> Result<Vec<Stop<'a>>, Obstacle> {
        let (mut place, mut now) = (self.place(), self.now());
        let mut stops = Vec::with_capacity(2);
        for (is_pickup, requests) in [(true, &shipment.pickups), (false, &shipment.deliveries)] {
            // The nearest of several alternatives is taken.
            let nearest = requests.iter().enumerate().min_by(|(_, a), (_, b)| {
                let distance = |request| geo::chord_squared(place, geo::arrival(request));
                distance(a).total_cmp(&distance(b))
            });
            let Some((request_index, request)) = nearest else {
                continue;
            };
            let way = self.way(place, geo::arrival(request));
            let arrival = now.saturating_add(way.seconds);
            let begin = begin(&request.time_windows, arrival).ok_or(Obstacle::Time)?;
            let wait = begin - arrival;
            let stop = Stop { shipment_index, shipment, request_index, request, is_pickup, way, wait, begin };
            (place, now) = (geo::departure(request), stop.end());
            stops.push(stop);
        }
        let home = now.saturating_add(self.way_home_from(place).seconds);
        if home > self.latest_end { Err(Obstacle::Time) } else { Ok(stops) }
    }

    /// Checks the limits of the vehicle. A shipment without a pickup is on board from the start, one without a delivery to
    /// the end.
    fn check_load(&self, stops: &[Stop<'a>]) -> Result<(), Obstacle> {
        let Some(first) = stops.first() else {
            return Ok(());
        };
        for (kind, limit) in &self.vehicle.load_limits {
            let amount = first.demand().get(kind).copied().unwrap_or(0);
            let on_board = if first.is_pickup { &self.load } else { &self.peak };
            let most = on_board.get(kind).copied().unwrap_or(0).saturating_add(amount);
            if limit.max_load.is_some_and(|limit| most > limit) {
                return Err(Obstacle::Capacity(kind.clone()));
            }
        }
        Ok(())
    }

    fn load_and_unload(&mut self, stops: &[Stop<'a>]) {
        let is_delivery_only = stops.first().is_some_and(|stop| !stop.is_pickup);
        for stop in stops {
            for (kind, amount) in stop.load_change() {
                if is_delivery_only {
                    add(&mut self.start_load, &kind, amount.saturating_neg());
                    add(&mut self.peak, &kind, amount.saturating_neg());
                    continue;
                }
                add(&mut self.load, &kind, amount);
                let load = self.load.get(&kind).copied().unwrap_or(0);
                let peak = self.peak.entry(kind).or_default();
                *peak = load.max(*peak);
            }
        }
    }

    fn way(&self, from: Place, to: Place) -> Way {
        let meters = geo::meters(from, to);
        Way { meters, seconds: (meters / self.meters_per_second).round() as i64 }
    }

    fn way_home_from(&self, place: Place) -> Way {
        geo::end(self.vehicle).map_or(Way { meters: 0.0, seconds: 0 }, |end| self.way(place, Some(end)))
    }
}

impl Stop<'_> {
    /// The time at which the visit ends.
    pub(super) fn end(&self) -> i64 {
        self.begin.saturating_add(self.duration())
    }

    pub(super) fn duration(&self) -> i64 {
        self.request.duration.map_or(0, |duration| duration.seconds().max(0))
    }

    /// The amounts that the visit adds to the load. They are negative for a delivery.
    pub(super) fn load_change(&self) -> Amounts {
        let mut change = self.demand();
        if !self.is_pickup {
            change.values_mut().for_each(|amount| *amount = amount.saturating_neg());
        }
        change
    }

    /// The load of the shipment at this visit.
    fn demand(&self) -> Amounts {
        let mut demand = amounts(&self.shipment.load_demands);
        for (kind, amount) in amounts(&self.request.load_demands) {
            add(&mut demand, &kind, amount);
        }
        demand
    }
}

fn amounts(loads: &BTreeMap<String, Load>) -> Amounts {
    loads.iter().map(|(kind, load)| (kind.clone(), load.amount)).collect()
}

pub(super) fn add(amounts: &mut Amounts, kind: &str, amount: i64) {
    match amounts.get_mut(kind) {
        Some(sum) => *sum = sum.saturating_add(amount),
        None => {
            amounts.insert(kind.to_owned(), amount);
        }
    }
}

/// The time at which a visit begins after an arrival. Windows are in order and do not overlap.
fn begin(windows: &[TimeWindow], arrival: i64) -> Option<i64> {
    if windows.is_empty() {
        return Some(arrival);
    }
    let open = windows.iter().find(|window| window.end_time.is_none_or(|end| end.seconds() >= arrival))?;
    Some(open.start_time.map_or(arrival, |start| start.seconds().max(arrival)))
}
