//! The metrics that a fleet publishes through the facade `metrics`. They are recorded with the lock held, and published without it.

use std::{collections::HashMap, mem, sync::Arc, time::Duration};

use lro::{
    Code, Service,
    metrics::driver::{EndLabels, Gauge, Series, Share},
    rules::Reply,
};

use crate::{QuotaKey, book::End, clock::Time, fleet::KEYS_AT_ONCE, shared::Shared};

/// What has happened since the last publication.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// The polls that ended, by kind and code. Equal ones in a row are one entry.
    polls: Vec<(Arc<str>, Code, u64)>,
    ends: Vec<Ended>,
    /// The delays of polls after their due times.
    late: Vec<Duration>,
    /// The codes of the lists.
    lists: Vec<Code>,
}

/// A wait that has ended.
#[derive(Debug)]
struct Ended {
    kind: Arc<str>,
    end: EndLabels,
    lasted: Duration,
    delay: Option<Duration>,
}

/// Publishes the metrics of a fleet. Owned by its task.
#[derive(Debug)]
pub(crate) struct Publisher {
    notes: Notes,
    service: Service,
    of_service: Series,
    of_kinds: HashMap<Arc<str>, Series>,
    gauges: [Share; 7],
    /// The time at which the gauges may be set again.
    set_again: Time,
    seen: [f64; 7],
}

/// The sums over the quota keys.
#[derive(Default)]
struct Totals {
    due: usize,
    keys: usize,
    shut: usize,
    limited: usize,
    rate: f64,
}

/// The load of a fleet.
pub(crate) struct Load {
    pub(crate) pending: usize,
    pub(crate) in_flight: usize,
    /// The operations that are due and held back until completions are taken.
    pub(crate) held: usize,
}

impl Notes {
    pub(crate) fn polled(&mut self, kind: &Arc<str>, reply: &Reply) {
        let Some(code) = Series::code(reply) else {
            return;
        };
        match self.polls.last_mut() {
            Some((last, of, calls)) if Arc::ptr_eq(last, kind) && *of == code => *calls += 1,
            _ => self.polls.push((kind.clone(), code, 1)),
        }
    }

    pub(crate) fn ended(&mut self, kind: &Arc<str>, end: &End, lasted: Duration, delay: Option<Duration>) {
        let end = EndLabels::of((**end).as_ref());
        self.ends.push(Ended { kind: kind.clone(), end, lasted, delay });
    }

    pub(crate) fn late(&mut self, delay: Duration) {
        self.late.push(delay);
    }

    pub(crate) fn listed(&mut self, code: Code) {
        self.lists.push(code);
    }
}

impl Publisher {
    pub(crate) fn new(service: &Service) -> Self {
        Self {
            notes: Notes::default(),
            service: service.clone(),
            of_service: Series::new(service, None),
            of_kinds: HashMap::new(),
            gauges: GAUGES.map(|gauge| Share::new(gauge, service)),
            set_again: Time::default(),
            seen: [0.0; 7],
        }
    }

    /// Takes the records, and leaves an empty list with the memory of the last one.
    pub(crate) fn take(&mut self, notes: &mut Notes) {
        mem::swap(&mut self.notes, notes);
    }

    /// Publishes the records, and sets the gauges if it is time. Returns when to call it again.
    pub(crate) fn publish(&mut self, shared: &Shared, now: Time) -> Time {
        let Self { notes, service, of_kinds, .. } = self;
        let mut of_kind = |kind: Arc<str>, publish: &dyn Fn(&mut Series)| {
            let series = || Series::new(service, Some(kind.clone()));
            publish(of_kinds.entry(kind.clone()).or_insert_with(series));
        };
        for (kind, code, calls) in notes.polls.drain(..) {
            of_kind(kind, &|series| series.polled(code, calls));
        }
        for Ended { kind, end, lasted, delay } in notes.ends.drain(..) {
            of_kind(kind, &|series| {
                series.ended(end, lasted);
                delay.into_iter().for_each(|delay| series.noticed(delay));
            });
        }
        self.of_service.late(&notes.late);
        notes.late.clear();
        notes.lists.drain(..).for_each(|code| self.of_service.listed(code));
        if now < self.set_again { self.set_again } else { self.set_gauges(shared, now) }
    }

    /// Sets the gauges. Returns when to set them again, never if nothing has changed.
    fn set_gauges(&mut self, shared: &Shared, now: Time) -> Time {
        let (mut from, mut totals) = (0, Totals::default());
        shared.piecewise(|state| {
            let next = state.quota_keys(from, KEYS_AT_ONCE, |_, key| totals.add(&key));
            from = next.unwrap_or(from);
            next.is_some()
        });
        let values = shared.with(|state| totals.values(state.load()));
        for (share, value) in self.gauges.iter_mut().zip(values) {
            share.set(value);
        }
        self.set_again = now.after(SET_AGAIN);
        if mem::replace(&mut self.seen, values) == values { Time::NEVER } else { self.set_again }
    }
}

impl Totals {
    fn add(&mut self, key: &QuotaKey) {
        self.due += key.due;
        self.keys += 1;
        self.shut += usize::from(key.is_shut);
        self.limited += usize::from(key.found_rate.is_some());
        self.rate += key.found_rate.unwrap_or_default();
    }

    /// Returns the values of the gauges, in their order.
    fn values(&self, Load { pending, in_flight, held }: Load) -> [f64; 7] {
        let [pending, due, in_flight, keys, shut, limited] =
            [pending, self.due + held, in_flight, self.keys, self.shut, self.limited]
                .map(|count| count as f64);
        [pending, due, in_flight, keys, shut, limited, self.rate]
    }
}

/// The gauges, in the order of the values.
const GAUGES: [Gauge; 7] = [
    Gauge::PendingOperations,
    Gauge::DueCalls,
    Gauge::InFlightCalls,
    Gauge::QuotaKeys,
    Gauge::ShutKeys,
    Gauge::LimitedKeys,
    Gauge::FoundCallsPerSecond,
];
/// The time between two updates of the gauges. A scrape comes every few seconds, and an update of 10,000 quota keys takes one or two
/// milliseconds.
const SET_AGAIN: Duration = Duration::from_secs(1);
