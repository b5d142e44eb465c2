use std::collections::HashMap;

use lro_registry::{
    Health, Record, WorkerState,
    store::{Count, Counts, ServiceCounts},
};
use serde::Serialize;

use super::{
    list::Row,
    parts::{PART, Parts, part},
    state,
    time::seconds,
};

/// A registry at a moment.
#[derive(Debug, Default, Serialize)]
pub(crate) struct RegistryOverview {
    /// Why there are no counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<String>,
    pub(crate) states: Vec<StateView>,
    pub(crate) attention: Attention,
    pub(crate) services: Vec<ServiceView>,
    /// Whether there are services after these.
    pub(crate) has_more_services: bool,
    /// Where the next services begin. `None` if there are none, or if they were not counted.
    pub(crate) next_services: Option<usize>,
    pub(crate) buckets: Vec<BucketView>,
    pub(crate) has_more_buckets: bool,
    pub(crate) next_buckets: Option<usize>,
    pub(crate) workers: Vec<WorkerView>,
    /// Some of the records that are set aside, with their reasons.
    pub(crate) set_aside: Vec<Row>,
    /// Some of the starting calls of which nothing is known.
    pub(crate) unresolved_intents: Vec<Row>,
    pub(crate) store: Vec<(String, String)>,
    #[serde(skip)]
    pub(crate) parts: Parts,
}

/// A count, and whether there are more.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct CountView {
    pub(crate) number: u64,
    pub(crate) is_cut: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct StateView {
    pub(crate) state: &'static str,
    pub(crate) records: CountView,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Attention {
    pub(crate) overdue: CountView,
    pub(crate) longest_overdue_seconds: Option<f64>,
    pub(crate) set_aside: CountView,
    pub(crate) unresolved_intents: CountView,
    pub(crate) not_acknowledged: CountView,
    pub(crate) oldest_delivery_due_seconds: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct ServiceView {
    pub(crate) service: String,
    pub(crate) version: String,
    pub(crate) pending: CountView,
    pub(crate) overdue: CountView,
    pub(crate) longest_overdue_seconds: Option<f64>,
    /// Whether the kinds are those of all pending records, or of those that are due first.
    pub(crate) has_all_kinds: bool,
    /// Whether there are more kinds than those, among the records that were read.
    pub(crate) has_more_kinds: bool,
    pub(crate) kinds: Vec<KindView>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct KindView {
    pub(crate) kind: String,
    pub(crate) pending: u64,
    pub(crate) overdue: u64,
    pub(crate) failing: u64,
    pub(crate) oldest_seconds: f64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct BucketView {
    pub(crate) quota: String,
    pub(crate) tokens: f64,
    pub(crate) claimed_seconds_ago: f64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct WorkerView {
    pub(crate) claimed: usize,
    pub(crate) calls: u64,
    pub(crate) calls_per_second: Option<f64>,
    pub(crate) store_away_seconds: Option<f64>,
    pub(crate) has_ended: bool,
    pub(crate) services: Vec<ServedView>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct ServedView {
    pub(crate) service: String,
    pub(crate) version: String,
    pub(crate) quota: Option<String>,
    pub(crate) rate_per_second: Option<f64>,
    pub(crate) found_per_second: Option<f64>,
    pub(crate) is_shut: bool,
    pub(crate) in_flight: usize,
}

impl RegistryOverview {
    pub(crate) fn fault(message: &str) -> Self {
        Self { fault: Some(message.to_owned()), ..Self::default() }
    }

    /// Creates the view of counts up to [`GROUPS`] and one more.
    pub(crate) fn new(
        health: Health,
        mut counts: Counts,
        set_aside: &[Record],
        unresolved: &[Record],
    ) -> Self {
        let has_more_services = cut(&mut counts.services);
        let has_more_buckets = cut(&mut counts.buckets);
        let overdue_for: HashMap<_, _> = health.services.iter().map(|it| (&it.service, it.overdue)).collect();
        let longest = health.services.iter().filter_map(|it| it.overdue).max();
        let overdue = counts.services.iter().map(|it| it.overdue);
        let services = counts.services.iter().map(|it| {
            let overdue_for = overdue_for.get(&it.service).copied().flatten();
            ServiceView::new(it, overdue_for.map(seconds))
        });
        let state =
            |(state, count): &(_, Count)| StateView { state: state::name(*state), records: (*count).into() };
        Self {
            fault: None,
            services: services.collect(),
            attention: Attention {
                overdue: CountView {
                    number: overdue.clone().map(|count| count.number).sum(),
                    is_cut: overdue.clone().any(|count| count.is_cut) || has_more_services,
                },
                longest_overdue_seconds: longest.map(seconds),
                set_aside: up_to_a_limit(health.set_aside),
                unresolved_intents: up_to_a_limit(health.unresolved_intents),
                not_acknowledged: up_to_a_limit(health.undelivered),
                oldest_delivery_due_seconds: health.undelivered_for.map(seconds),
            },
            states: counts.states.iter().map(state).collect(),
            has_more_services,
            next_services: None,
            buckets: counts.buckets.into_iter().map(BucketView::new).collect(),
            has_more_buckets,
            next_buckets: None,
            workers: Vec::new(),
            set_aside: set_aside.iter().map(Row::new).collect(),
            unresolved_intents: unresolved.iter().map(Row::new).collect(),
            store: health.details,
            parts: Parts::default(),
        }
    }

    /// Returns the overview with a part of each long table.
    pub(crate) fn part(&self, mut parts: Parts) -> Self {
        let (services, next_services) = part(&self.services, &mut parts.services);
        let (buckets, next_buckets) = part(&self.buckets, &mut parts.buckets);
        Self {
            fault: self.fault.clone(),
            states: self.states.clone(),
            attention: self.attention.clone(),
            services,
            has_more_services: self.has_more_services || next_services.is_some(),
            next_services,
            buckets,
            has_more_buckets: self.has_more_buckets || next_buckets.is_some(),
            next_buckets,
            workers: self.workers.clone(),
            set_aside: self.set_aside.clone(),
            unresolved_intents: self.unresolved_intents.clone(),
            store: self.store.clone(),
            parts,
        }
    }

    pub(crate) fn count(&self, state: &str) -> CountView {
        self.states.iter().find(|of| of.state == state).map(|of| of.records).unwrap_or_default()
    }
}

impl From<Count> for CountView {
    fn from(Count { number, is_cut, .. }: Count) -> Self {
        Self { number, is_cut }
    }
}

impl ServiceView {
    fn new(of: &ServiceCounts, longest_overdue_seconds: Option<f64>) -> Self {
        let kinds = of.kinds.iter().take(PART).map(|it| KindView {
            kind: it.kind.clone(),
            pending: it.pending,
            overdue: it.overdue,
            failing: it.failing,
            oldest_seconds: seconds(it.oldest),
        });
        let read: u64 = of.kinds.iter().map(|it| it.pending).sum();
        Self {
            service: of.service.key().to_owned(),
            version: of.service.version().to_owned(),
            pending: of.pending.into(),
            overdue: of.overdue.into(),
            longest_overdue_seconds,
            has_all_kinds: !of.pending.is_cut && read >= of.pending.number && of.kinds.len() <= PART,
            has_more_kinds: of.kinds.len() > PART,
            kinds: kinds.collect(),
        }
    }
}

impl BucketView {
    fn new(of: lro_registry::store::BucketLevel) -> Self {
        let tokens = (of.tokens * 100.0).round() / 100.0;
        Self { quota: of.quota, tokens, claimed_seconds_ago: seconds(of.age) }
    }
}

impl WorkerView {
    pub(crate) fn new(state: &WorkerState, rate: Option<f64>) -> Self {
        let rounded = |rate: f64| (rate * 100.0).round() / 100.0;
        let services = state.services.iter().map(|it| ServedView {
            service: it.service.key().to_owned(),
            version: it.service.version().to_owned(),
            quota: it.quota.as_ref().map(|quota| quota.key().to_owned()),
            rate_per_second: it.quota.as_ref().map(|quota| rounded(quota.rate().calls_per_second())),
            found_per_second: it.found_rate.map(rounded),
            is_shut: it.is_shut,
            in_flight: it.in_flight,
        });
        Self {
            claimed: state.claimed,
            calls: state.calls,
            calls_per_second: rate.map(rounded),
            store_away_seconds: state.store_away_for.map(seconds),
            has_ended: state.has_ended,
            services: services.collect(),
        }
    }
}

/// Cuts what is beyond [`GROUPS`]. Returns whether there was anything.
fn cut<T>(groups: &mut Vec<T>) -> bool {
    let has_more = groups.len() > GROUPS;
    groups.truncate(GROUPS);
    has_more
}

/// The services, and the buckets, that are counted. They share the index entries that are read, so the counts of more would say little.
pub(crate) const GROUPS: usize = 1_000;

/// [`Health`] counts up to 10,000.
fn up_to_a_limit(number: u64) -> CountView {
    CountView { number, is_cut: number >= 10_000 }
}
