//! What workers and consumers publish through the facade `metrics`. Nobody holds a lock meanwhile.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use lro::{
    Service,
    metrics::driver::{Counter, EndLabels, Gauge, Series, Share, count, set},
    rules::{Call, Ending, Reply, Tally},
};
use tokio::time::Instant;

use crate::{
    Health, Registry,
    pulse::in_time,
    store::{Claimed, CountRequest, Counts},
};

/// Publishes the metrics of a worker. Owned by its task.
#[derive(Debug)]
pub(crate) struct Publisher {
    lanes: Vec<Lane>,
    /// When the gauges may be set again.
    set_again: Option<Instant>,
}

/// A service that the worker serves.
#[derive(Debug)]
struct Lane {
    service: Service,
    of_kinds: HashMap<String, Series>,
    gauges: [Share; 4],
    seen: [f64; 4],
}

/// How a wait has ended, to be published when that is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    labels: EndLabels,
    lasted: Duration,
    delay: Option<Duration>,
}

/// Publishes what a store holds.
#[derive(Debug, Default)]
pub(crate) struct Stock {
    pending: Levels,
    overdue: Levels,
    overdue_for: Levels,
    /// The looks at the health of the store.
    looks: u64,
}

/// The value of a gauge for each service.
type Levels = BTreeMap<String, f64>;

impl Publisher {
    pub(crate) fn new(services: Vec<Service>) -> Self {
        let lane = |service: Service| Lane {
            of_kinds: HashMap::new(),
            gauges: GAUGES.map(|gauge| Share::new(gauge, &service)),
            seen: [0.0; 4],
            service,
        };
        Self { lanes: services.into_iter().map(lane).collect(), set_again: None }
    }

    pub(crate) fn claimed(&self, lane: usize, claimed: &Claimed) {
        let Claimed { records, set_aside, .. } = claimed;
        let takeovers = records.iter().filter(|record| record.claims > 1).count();
        let numbers = [records.len(), takeovers, set_aside.len()];
        for (counter, number) in
            [Counter::Claims, Counter::Takeovers, Counter::SetAside].into_iter().zip(numbers)
        {
            count(counter, self.key(lane), number as u64);
        }
    }

    pub(crate) fn polled(&mut self, lane: usize, kind: &str, reply: &Reply) {
        if let Some(code) = Series::code(reply) {
            self.of_kind(lane, kind, |series| series.polled(code, 1));
        }
    }

    pub(crate) fn ended(&mut self, lane: usize, kind: &str, ended: Ended) {
        let Ended { labels, lasted, delay } = ended;
        self.of_kind(lane, kind, |series| {
            series.ended(labels, lasted);
            delay.into_iter().for_each(|delay| series.noticed(delay));
        });
    }

    pub(crate) fn lost(&self, lane: usize) {
        count(Counter::LostClaims, self.key(lane), 1);
    }

    /// Sets the gauges if it is time. `load` is what the worker holds of a service: the claims, the calls in flight, 1 if it is shut, and
    /// the rate that was found. Returns when to come back, `None` if nothing has changed.
    pub(crate) fn show(&mut self, load: impl Fn(usize) -> [f64; 4], now: Instant) -> Option<Instant> {
        if let Some(at) = self.set_again.filter(|at| *at > now) {
            return Some(at);
        }
        let mut is_changed = false;
        for (number, lane) in self.lanes.iter_mut().enumerate() {
            let values = load(number);
            lane.gauges.iter_mut().zip(values).for_each(|(share, value)| share.set(value));
            is_changed |= lane.seen != values;
            lane.seen = values;
        }
        self.set_again = Some(now + SET_AGAIN);
        self.set_again.filter(|_| is_changed)
    }

    fn key(&self, lane: usize) -> Option<&str> {
        self.lanes.get(lane).map(|lane| lane.service.key())
    }

    fn of_kind(&mut self, lane: usize, kind: &str, publish: impl FnOnce(&mut Series)) {
        let Some(Lane { service, of_kinds, .. }) = self.lanes.get_mut(lane) else {
            return;
        };
        if !of_kinds.contains_key(kind) {
            if of_kinds.len() >= MOST_KINDS {
                of_kinds.clear();
            }
            of_kinds.insert(kind.to_owned(), Series::new(service, Some(kind.into())));
        }
        if let Some(series) = of_kinds.get_mut(kind) {
            publish(series);
        }
    }
}

impl Ended {
    pub(crate) fn new(ending: &Ending, call: &Call, tally: &Tally) -> Self {
        let delay =
            matches!(ending, Ending::Done(_)).then(|| call.looked().saturating_sub(tally.running()) / 2);
        Self { labels: EndLabels::of_ending(ending), lasted: call.ended, delay }
    }
}

impl Stock {
    /// Publishes the health of the store, and at every second look its counts.
    pub(crate) async fn publish(&mut self, registry: &Registry, health: &Health) {
        self.show_health(health);
        if self.looks.is_multiple_of(LOOKS_PER_COUNT)
            && let Ok(counts) = in_time(registry.counts(&CountRequest::default().most_read(0))).await
        {
            self.show_counts(&counts);
        }
        self.looks += 1;
    }

    fn show_health(&mut self, health: &Health) {
        let mut overdue_for = Levels::new();
        for service in &health.services {
            let longest = overdue_for.entry(service.service.key().to_owned()).or_default();
            *longest = service.overdue.unwrap_or_default().as_secs_f64().max(*longest);
        }
        replace(Gauge::OverdueSeconds, &mut self.overdue_for, overdue_for);
        set(Gauge::UnresolvedIntents, None, health.unresolved_intents as f64);
        set(Gauge::SetAsideOperations, None, health.set_aside as f64);
        set(Gauge::UndeliveredOutcomes, None, health.undelivered as f64);
        set(Gauge::UndeliveredSeconds, None, health.undelivered_for.unwrap_or_default().as_secs_f64());
    }

    fn show_counts(&mut self, counts: &Counts) {
        let (mut pending, mut overdue) = (Levels::new(), Levels::new());
        for service in &counts.services {
            let key = service.service.key();
            *pending.entry(key.to_owned()).or_default() += service.pending.number as f64;
            *overdue.entry(key.to_owned()).or_default() += service.overdue.number as f64;
        }
        replace(Gauge::StoredOperations, &mut self.pending, pending);
        replace(Gauge::OverdueOperations, &mut self.overdue, overdue);
    }
}

/// Sets a gauge for each service, and to zero for those that have no pending records any more.
fn replace(gauge: Gauge, before: &mut Levels, now: Levels) {
    for gone in before.keys().filter(|service| !now.contains_key(*service)) {
        set(gauge, Some(gone), 0.0);
    }
    for (service, value) in &now {
        set(gauge, Some(service), *value);
    }
    *before = now;
}

pub(crate) fn registered(service: &Service) {
    count(Counter::Registrations, Some(service.key()), 1);
}

/// Counts an outcome that a consumer has received, by the number of its deliveries.
pub(crate) fn delivered(service: &Service, deliveries: u32) {
    count(Counter::Deliveries, Some(service.key()), 1);
    count(Counter::Redeliveries, Some(service.key()), u64::from(deliveries > 1));
}

pub(crate) fn acknowledged(service: &Service) {
    count(Counter::Acknowledgements, Some(service.key()), 1);
}

pub(crate) fn store_failed() {
    count(Counter::StoreFailures, None, 1);
}

/// In the order of the load.
const GAUGES: [Gauge; 4] =
    [Gauge::ClaimedOperations, Gauge::WorkerCalls, Gauge::ShutServices, Gauge::WorkerCallsPerSecond];
/// From one time that the gauges are set to the next. A scrape comes every few seconds at most.
const SET_AGAIN: Duration = Duration::from_secs(1);
/// A count costs a large database some tens of milliseconds: once a minute for each worker.
const LOOKS_PER_COUNT: u64 = 2;
/// A program that makes a kind of every name must not fill the memory.
const MOST_KINDS: usize = 1_024;
