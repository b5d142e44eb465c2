//! The storage of a registry. For authors of stores; code that uses a registry does not need it.
//!
//! A [`Store`] keeps records as plain data. It knows neither transports nor pacings, and decides nothing about an operation.
//! [`MemoryStore`](crate::MemoryStore) is the smallest one. The crates `lro-registry-sqlite` and `lro-registry-postgres` have
//! durable ones. The feature `contract` has the rules that every store must pass.

mod claim;
mod count;
mod delivery;
mod entry;
mod error;
mod fence;
mod health;
mod list;
mod record;
mod write;

use std::{fmt, time::Duration};

use async_trait::async_trait;

pub use self::{
    claim::{Bucket, ClaimRequest, Claimed, ClaimedRecord},
    count::{BucketLevel, Count, CountRequest, Counts, KindCounts, ServiceCounts},
    delivery::{DeliveryRequest, Undelivered},
    entry::{Entry, Intent, Registered},
    error::{StoreError, StoreErrorKind},
    fence::{ClaimId, Fence},
    health::{Health, ServiceHealth},
    list::ListRequest,
    record::{CancelState, Record, RecordState},
    write::{CancelRequested, CancelStep, Complete, Finished, GiveBack, Reschedule, Written},
};

pub(crate) use self::record::{ending, saved};

/// The durable storage of a registry, shared by its processes.
///
/// Every call is a batch, one round trip and one transaction. The transaction does not wait for the caller: a caller that stops
/// in the middle of a call, or drops its future, leaves neither a lock nor an open transaction. The call is then done as a whole
/// or not at all.
///
/// All times are the store's. A call passes durations, and the store adds them to its own clock, which it reads after it holds
/// the locks of the call. The results of a batch have the order of its items.
///
/// # Leases and fences
///
/// A claim gives a record to one worker for the duration of the lease. It raises the record's epoch and stores a random claim id.
/// The due time of a claimed record is the end of its lease, so a lease that ends makes the record due.
/// Every later write passes a [`Fence`] and changes the record only if epoch and claim id are still those of the record.
/// The deliveries of outcomes are leased in the same way.
///
/// # States
///
/// ```text
/// register ──────────────────────────────> Pending ── complete ──> Finished ── acknowledge ──> Acknowledged ── retain ──> (gone)
/// register as an intent ──> Intent ── reschedule ──^  │   ^
///                                └──── complete ──────┼───┼──────────^
///                            claimed too often: SetAside ─┘ take_back (from Finished and Acknowledged, too)
/// ```
/// `forget` removes a record in any state, and `withdraw` an intent.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// Stores new records, all of the batch or none. A record that exists stays as it is.
    ///
    /// An entry whose key exists is reported as [`Existing`](Registered::Existing) if the fingerprints are equal, and as
    /// [`Conflict`](Registered::Conflict) otherwise. Two entries of a batch may have the same key: the first one is stored.
    ///
    /// An entry with a name resolves an intent with the same key and fingerprint. The record takes all members of the entry
    /// and an age of zero, its epoch goes up, the claim of the starting call ends, and it is reported as
    /// [`New`](Registered::New).
    ///
    /// # Errors
    ///
    /// The fault of the store. Nothing of the batch is stored then, unless the connection was lost during the commit.
    async fn register(&self, entries: &[Entry]) -> Result<Vec<Registered>, StoreError>;

    /// Leases due records of one service to a worker.
    ///
    /// Picks the pending records that have been due for the longest time, at most [`most`](ClaimRequest::most), or
    /// [random](ClaimRequest::is_random) ones.
    /// With a [`Bucket`], no more than it has tokens, and takes as many tokens as records are picked. The row of the bucket is
    /// locked before the clock is read and before any record is picked.
    /// Each picked record gets the lease as its due time, a higher epoch and the claim id of the request, and its number of
    /// claims without a result goes up by one. A record whose number was at [`most_claims`](ClaimRequest::most_claims) before
    /// is [set aside](RecordState::SetAside) instead, with its last error or a sentence as the reason.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed, StoreError>;

    /// Stores the state after a poll, and makes the records due after their delays.
    ///
    /// It ends the claim and sets the number of claims without a result to zero. A record whose cancellation was requested and
    /// not seen by the worker becomes due at once. An intent becomes pending, with the name and with an age of zero.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn reschedule(&self, writes: &[Reschedule]) -> Result<Vec<Written>, StoreError>;

    /// Stores outcomes, and makes them due for delivery at once. The error of a poll is removed: it is not the delivery's.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn complete(&self, writes: &[Complete]) -> Result<Vec<Written>, StoreError>;

    /// Ends claims without a result: of records that were not polled, and of outcomes that were not handled.
    ///
    /// A pending record is due after the delay. Its number of claims without a result goes down by one, unless the claim
    /// [counts](GiveBack::counts). If its cancellation is requested and not sent, it is due at once, unless the claim counts.
    /// A finished record is delivered again after the delay. An intent is unresolved after the delay.
    /// The error is stored if there is one.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn give_back(&self, writes: &[GiveBack]) -> Result<Vec<Written>, StoreError>;

    /// Removes intents whose starting calls have surely started nothing. Any other record, and one of another claim, is fenced.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn withdraw(&self, fences: &[Fence]) -> Result<Vec<Written>, StoreError>;

    /// Leases outcomes that are due for delivery to a consumer.
    ///
    /// Each one gets a higher epoch and the claim id of the request, and its number of deliveries goes up by one. It is due again
    /// after the lease and, from the second delivery on, a pause that doubles: see [`DeliveryRequest`].
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn undelivered(&self, request: &DeliveryRequest) -> Result<Vec<Undelivered>, StoreError>;

    /// Acknowledges outcomes. They are not delivered again.
    ///
    /// A fence of an earlier delivery is refused: the outcome was delivered again meanwhile.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn acknowledge(&self, fences: &[Fence]) -> Result<Vec<Written>, StoreError>;

    /// Returns records by key, with their payloads. `None` for a key that does not exist.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn get(&self, keys: &[String]) -> Result<Vec<Option<Record>>, StoreError>;

    /// Returns a page of records, ordered by key.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn list(&self, request: &ListRequest) -> Result<Vec<Record>, StoreError>;

    /// Requests that the operations are cancelled. A worker sends the request to the service.
    ///
    /// A pending record becomes due at once if no worker has claimed it. The lease of a claimed one does not change.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn request_cancel(&self, keys: &[String]) -> Result<Vec<CancelRequested>, StoreError>;

    /// Makes records pending again, due at once and without claims that count. Returns whether each was taken back.
    ///
    /// A record that was [set aside](RecordState::SetAside) goes on where it was. A finished or acknowledged one with a name begins
    /// again: outcome, state of the wait, position of the pacing, error and deliveries are removed, and its age is zero.
    /// Others do not change. The caller decides which outcomes may be removed: [`Registry::take_back`](crate::Registry::take_back)
    /// takes only those of waits that were given up.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn take_back(&self, keys: &[String]) -> Result<Vec<bool>, StoreError>;

    /// Removes records in any state. Returns whether each existed.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn forget(&self, keys: &[String]) -> Result<Vec<bool>, StoreError>;

    /// Removes at most `most` records that were acknowledged at least `acknowledged_for` ago. Returns how many were removed.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn retain(&self, acknowledged_for: Duration, most: usize) -> Result<usize, StoreError>;

    /// Returns how operations finished, in the order in which that was stored, after the number `after`.
    ///
    /// At least the last 64 operations of each kind are kept.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn finished(&self, after: i64, most: usize) -> Result<Vec<(i64, Finished)>, StoreError>;

    /// Returns what needs attention. The costs are bounded, whatever the number of records.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn health(&self) -> Result<Health, StoreError>;

    /// Counts the records by state, service and kind, and reads the levels of the buckets. The limits of the request bound the costs.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    async fn counts(&self, request: &CountRequest) -> Result<Counts, StoreError>;

    /// Locks the store for a worker process, if it serves one at a time. The lock ends when the value is dropped.
    ///
    /// The default locks nothing.
    ///
    /// # Errors
    ///
    /// The fault of the store. [`StoreErrorKind::Held`] names the process that holds the lock.
    async fn lock_worker(&self) -> Result<WorkerLock, StoreError> {
        Ok(WorkerLock::none())
    }

    /// Waits for a hint that a record may be due sooner than the last [`claim`](Self::claim) reported.
    ///
    /// It is only a hint: it may come late, too often or never. The default never returns. A worker without a hint looks after its
    /// [`fallback`](crate::WorkerBuilder::fallback).
    ///
    /// A store that gives hints gives one after
    ///
    /// - a registration, if [`Registered::needs_hint`];
    /// - a reschedule that was stored, if [`Reschedule::needs_hint`];
    /// - a write that makes a record due before its own delay, because a request to cancel is not sent;
    /// - a new request to cancel, and a record that was taken back.
    ///
    /// The other writes of workers need none: a worker knows of its own delays.
    async fn changed(&self) {
        std::future::pending().await
    }
}

/// The delay up to which a new record needs a hint: the default of [`fallback`](crate::WorkerBuilder::fallback), after which a worker
/// looks anyway.
pub(crate) const SOON: Duration = Duration::from_secs(5);

/// The lock of a worker process. Dropping it unlocks the store.
#[derive(Debug)]
pub struct WorkerLock(
    #[expect(dead_code, reason = "it is held, not read")] Option<Box<dyn fmt::Debug + Send + Sync>>,
);

impl WorkerLock {
    /// Creates a lock that holds nothing.
    pub fn none() -> Self {
        Self(None)
    }

    /// Creates a lock that holds this value until it is dropped.
    pub fn of(held: impl fmt::Debug + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(held)))
    }
}
