use lro::{OperationName, Snapshot};
use lro_fleet::{Metrics, Pending, QuotaKey};
use serde::Serialize;

use super::{
    cut,
    operation::Failure,
    parts::{Parts, part},
    time::seconds,
};

/// A fleet at a moment.
#[derive(Debug, Serialize)]
pub(crate) struct FleetOverview {
    pub(crate) pending: usize,
    pub(crate) due: usize,
    pub(crate) in_flight: usize,
    pub(crate) polls: u64,
    pub(crate) failed: u64,
    pub(crate) finished: u64,
    pub(crate) given_up: u64,
    pub(crate) late_p99_seconds: f64,
    pub(crate) notice_delay_seconds: f64,
    pub(crate) kinds: Vec<FleetKind>,
    /// Whether the kinds are those of all operations, or of the first hundred thousand.
    pub(crate) has_all_kinds: bool,
    /// Whether there are kinds after these.
    pub(crate) has_more_kinds: bool,
    /// Where the next kinds begin.
    pub(crate) next_kinds: Option<usize>,
    pub(crate) quota_keys: Vec<KeyView>,
    /// Whether there are quota keys after these.
    pub(crate) has_more_keys: bool,
    /// Where the next quota keys begin.
    pub(crate) next_keys: Option<usize>,
    #[serde(skip)]
    pub(crate) parts: Parts,
}

/// The operations of a kind.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct FleetKind {
    pub(crate) kind: String,
    pub(crate) pending: u64,
    pub(crate) due: u64,
    pub(crate) with_failure: u64,
    pub(crate) oldest_seconds: f64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct KeyView {
    pub(crate) quota: String,
    pub(crate) operations: usize,
    pub(crate) due: usize,
    pub(crate) in_flight: usize,
    pub(crate) found_per_second: Option<f64>,
    pub(crate) is_shut: bool,
}

/// A page of the operations of a fleet.
#[derive(Debug, Serialize)]
pub(crate) struct FleetList {
    pub(crate) operations: Vec<FleetRow>,
    /// The position where the next page begins. `None` if this is the last page.
    pub(crate) next: Option<u32>,
}

#[derive(Debug, Serialize)]
pub(crate) struct FleetRow {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) tag: Option<String>,
    pub(crate) age_seconds: f64,
    pub(crate) polls: u32,
    /// The time until the next call, zero if it is due. `None` while it is being made.
    pub(crate) next_poll_seconds: Option<f64>,
    pub(crate) last_failure: Option<Failure>,
}

/// One operation of a fleet, as its last reply showed it.
#[derive(Debug, Serialize)]
pub(crate) struct FleetOperation {
    pub(crate) name: String,
    pub(crate) is_done: bool,
    pub(crate) polls: u32,
    pub(crate) elapsed_seconds: f64,
    pub(crate) next_poll_seconds: Option<f64>,
    pub(crate) progress: Option<f64>,
}

impl FleetKind {
    pub(crate) fn add(&mut self, pending: &Pending) {
        self.pending += 1;
        self.due += u64::from(pending.next_poll.is_some_and(|next| next.is_zero()));
        self.with_failure += u64::from(pending.last_failure.is_some());
        self.oldest_seconds = self.oldest_seconds.max(seconds(pending.age));
    }
}

impl FleetOverview {
    pub(crate) fn new(
        metrics: &Metrics,
        mut keys: Vec<QuotaKey>,
        kinds: Vec<FleetKind>,
        has_all_kinds: bool,
    ) -> Self {
        // What is shut first, then the largest.
        keys.sort_by(|a, b| {
            b.is_shut.cmp(&a.is_shut).then(b.operations.cmp(&a.operations)).then(a.name.cmp(&b.name))
        });
        Self {
            pending: metrics.pending,
            due: metrics.due,
            in_flight: metrics.in_flight,
            polls: metrics.polls,
            failed: metrics.failed(),
            finished: metrics.finished,
            given_up: metrics.given_up,
            late_p99_seconds: seconds(metrics.late.quantile(0.99)),
            notice_delay_seconds: seconds(metrics.notice_delay),
            kinds,
            has_all_kinds,
            has_more_kinds: false,
            next_kinds: None,
            quota_keys: keys.into_iter().map(KeyView::new).collect(),
            has_more_keys: false,
            next_keys: None,
            parts: Parts::default(),
        }
    }

    /// Returns the overview with a part of each long table.
    pub(crate) fn part(&self, mut parts: Parts) -> Self {
        let (kinds, next_kinds) = part(&self.kinds, &mut parts.kinds);
        let (quota_keys, next_keys) = part(&self.quota_keys, &mut parts.quota_keys);
        Self {
            kinds,
            has_more_kinds: next_kinds.is_some(),
            next_kinds,
            quota_keys,
            has_more_keys: next_keys.is_some(),
            next_keys,
            parts,
            ..*self
        }
    }
}

impl KeyView {
    fn new(key: QuotaKey) -> Self {
        Self {
            quota: key.name,
            operations: key.operations,
            due: key.due,
            in_flight: key.in_flight,
            found_per_second: key.found_rate,
            is_shut: key.is_shut,
        }
    }
}

impl FleetList {
    pub(crate) fn new(pending: &[Pending], next: Option<u32>) -> Self {
        Self { operations: pending.iter().map(FleetRow::new).collect(), next }
    }
}

impl FleetRow {
    fn new(pending: &Pending) -> Self {
        let failure =
            |status: &lro::Status| Failure { message: cut(status.message()), ..Failure::new(status) };
        Self {
            name: pending.name.as_str().to_owned(),
            kind: cut(&pending.kind),
            tag: pending.tag.as_deref().map(cut),
            age_seconds: seconds(pending.age),
            polls: pending.polls,
            next_poll_seconds: pending.next_poll.map(seconds),
            last_failure: pending.last_failure.as_ref().map(failure),
        }
    }
}

impl FleetOperation {
    pub(crate) fn new(name: &OperationName, snapshot: &Snapshot) -> Self {
        Self {
            name: name.as_str().to_owned(),
            is_done: snapshot.is_done(),
            polls: snapshot.polls(),
            elapsed_seconds: seconds(snapshot.elapsed()),
            next_poll_seconds: snapshot.next_poll().map(seconds),
            progress: snapshot.progress(),
        }
    }
}
