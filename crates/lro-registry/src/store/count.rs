use std::{fmt, time::Duration};

use lro::Service;

use super::RecordState;

/// A request to count records. The limits bound the costs, whatever the number of records.
///
/// The services share [`most`](Self::most) and [`most_read`](Self::most_read) evenly.
///
/// ```
/// use lro_registry::store::CountRequest;
///
/// let request = CountRequest::default().most_groups(10);
/// assert_eq!((request.most, request.most_groups), (100_000, 10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CountRequest {
    /// The most index entries that are read for the records of a state, and for the pending records of all services. Counts beyond
    /// them are cut.
    pub most: usize,
    /// The most pending records that are read for the [kinds](ServiceCounts::kinds).
    pub most_read: usize,
    /// The most services, kinds of a service, and buckets.
    pub most_groups: usize,
}

impl Default for CountRequest {
    /// Some tens of milliseconds in a large store.
    fn default() -> Self {
        Self { most: 100_000, most_read: 10_000, most_groups: 100 }
    }
}

impl CountRequest {
    /// Sets the most index entries that are read for a count.
    pub fn most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Sets the most pending records that are read for the kinds.
    pub fn most_read(self, most_read: usize) -> Self {
        Self { most_read, ..self }
    }

    /// Sets the most services, kinds of a service, and buckets.
    pub fn most_groups(self, most_groups: usize) -> Self {
        Self { most_groups, ..self }
    }
}

/// The records of a store, counted.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// The records in each state that has any, in the order of the states' numbers.
    pub states: Vec<(RecordState, Count)>,
    /// The services that have pending records, in the order of their keys and versions.
    pub services: Vec<ServiceCounts>,
    /// The token buckets, in the order of their quota keys.
    pub buckets: Vec<BucketLevel>,
}

/// A number of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Count {
    /// The records that were counted.
    pub number: u64,
    /// Whether there are more.
    pub is_cut: bool,
}

impl Count {
    /// Creates the count of a store that counted at most one more than `most`.
    pub fn of(counted: u64, most: usize) -> Self {
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        Self { number: counted.min(most), is_cut: counted > most }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.number, if self.is_cut { "+" } else { "" })
    }
}

/// The pending records of a service, counted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServiceCounts {
    /// The service and version.
    pub service: Service,
    /// The pending records.
    pub pending: Count,
    /// Those that are due, claims whose lease has ended included.
    pub overdue: Count,
    /// The kinds of the records that are due first, the largest first. They are all kinds if the counts add up to `pending`.
    pub kinds: Vec<KindCounts>,
}

impl ServiceCounts {
    /// Creates the counts of a service.
    pub fn new(service: Service, pending: Count, overdue: Count, kinds: Vec<KindCounts>) -> Self {
        Self { service, pending, overdue, kinds }
    }
}

/// The pending records of a kind, among those that were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KindCounts {
    /// The kind.
    pub kind: String,
    /// The records.
    pub pending: u64,
    /// Those that are due.
    pub overdue: u64,
    /// Those whose last call failed.
    pub failing: u64,
    /// The age of the oldest wait.
    pub oldest: Duration,
}

impl KindCounts {
    /// Creates the counts of a kind that has no records yet.
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), ..Self::default() }
    }
}

/// The level of a token bucket when a claim last took from it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BucketLevel {
    /// The quota key.
    pub quota: String,
    /// The tokens that the claim left.
    pub tokens: f64,
    /// The time since then.
    pub age: Duration,
}

impl BucketLevel {
    /// Creates the level of a bucket.
    pub fn new(quota: impl Into<String>, tokens: f64, age: Duration) -> Self {
        Self { quota: quota.into(), tokens, age }
    }
}
