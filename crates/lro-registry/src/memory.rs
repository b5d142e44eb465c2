mod bucket;
mod count;
#[cfg(feature = "contract")]
mod fresh;
mod history;
mod row;
mod table;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use tokio::{sync::Notify, time::Instant};

use self::{bucket::Buckets, history::History, table::Table};
use crate::{
    Record, Store, StoreError,
    store::{
        CancelRequested, ClaimRequest, Claimed, Complete, CountRequest, Counts, DeliveryRequest, Entry,
        Fence, Finished, GiveBack, Health, ListRequest, Registered, Reschedule, Undelivered, Written,
    },
};

/// A [`Store`] in memory, for tests and for programs that need no durability.
///
/// Nothing is durable: the records end with the process, and no other process sees them. A clone shares the records.
///
/// The clock starts with the time of the system and then follows the clock of tokio, so that a test with a paused clock
/// decides when leases end.
///
/// ```
/// use std::time::Duration;
///
/// use lro::{OperationName, Service};
/// use lro_registry::{MemoryStore, Store, store::{Entry, Registered}};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// let entry = Entry {
///     key: "report-7".to_owned(),
///     service: Service::new("example.googleapis.com", "v1"),
///     name: Some(OperationName::parse("operations/7")?),
///     kind: "report".to_owned(),
///     fingerprint: String::new(),
///     tag: b"for the board".to_vec(),
///     deadline: None,
///     started: true,
///     delay: Duration::from_secs(5),
///     state: Vec::new(),
///     intent: None,
/// };
/// assert!(matches!(store.register(&[entry.clone()]).await?[..], [Registered::New(_)]));
/// assert!(matches!(store.clone().register(&[entry]).await?[..], [Registered::Existing(_)]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Notify,
    began: (Instant, SystemTime),
}

#[derive(Default)]
struct State {
    table: Table,
    buckets: Buckets,
    history: History,
}

/// The longest time that is added to the clock: a century. No clock overflows, whatever duration a caller passes.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// The clock after a duration.
fn after(now: SystemTime, duration: Duration) -> SystemTime {
    now + duration.min(LONGEST)
}

impl MemoryStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        let began = (Instant::now(), SystemTime::now());
        Self { shared: Arc::new(Shared { state: Mutex::default(), changed: Notify::new(), began }) }
    }

    /// Runs a call while no other one runs, with the time at which it began.
    fn call<T>(&self, call: impl FnOnce(&mut State, SystemTime) -> T) -> T {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, origin) = self.shared.began;
        call(&mut state, after(origin, began.elapsed()))
    }

    /// Runs a call on each item of a batch, in order.
    fn each<I, T>(&self, batch: &[I], mut call: impl FnMut(&mut State, SystemTime, &I) -> T) -> Vec<T> {
        self.call(|state, now| batch.iter().map(|item| call(state, now, item)).collect())
    }

    /// Wakes every waiting caller of [`changed`](Store::changed), and the next one if it is not waiting yet.
    fn wake_if(&self, is_due: bool) {
        if is_due {
            self.shared.changed.notify_waiters();
            self.shared.changed.notify_one();
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn register(&self, entries: &[Entry]) -> Result<Vec<Registered>, StoreError> {
        let registered = self.each(entries, |state, now, entry| state.table.register(now, entry));
        self.wake_if(registered.iter().any(Registered::needs_hint));
        Ok(registered)
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed, StoreError> {
        Ok(self.call(|State { table, buckets, .. }, now| match &request.bucket {
            None => table.claim(now, request, request.most),
            Some(bucket) => {
                let level = buckets.level(now, bucket);
                let claimed = table.claim(now, request, request.most.min(level.available()));
                level.spend(claimed.records.len() + claimed.set_aside.len());
                Claimed { next_token: level.next_token(bucket), ..claimed }
            }
        }))
    }

    async fn reschedule(&self, writes: &[Reschedule]) -> Result<Vec<Written>, StoreError> {
        let mut is_sooner = false;
        let written = self.each(writes, |state, now, write| {
            state.table.write(&write.fence, |row| {
                let written = row.reschedule(now, write);
                is_sooner |=
                    written == Written::Stored && (write.needs_hint() || row.is_due_before(now, write.delay));
                written
            })
        });
        self.wake_if(is_sooner);
        Ok(written)
    }

    async fn complete(&self, writes: &[Complete]) -> Result<Vec<Written>, StoreError> {
        Ok(self.each(writes, |state, now, write| {
            let written = state.table.write(&write.fence, |row| row.complete(now, write));
            if let (Written::Stored, Some(finished)) = (written, &write.finished) {
                state.history.add(finished.clone());
            }
            written
        }))
    }

    async fn give_back(&self, writes: &[GiveBack]) -> Result<Vec<Written>, StoreError> {
        Ok(self.each(writes, |state, now, write| {
            state.table.write(&write.fence, |row| row.give_back(now, write))
        }))
    }

    async fn withdraw(&self, fences: &[Fence]) -> Result<Vec<Written>, StoreError> {
        Ok(self.each(fences, |state, _, fence| state.table.withdraw(fence)))
    }

    async fn undelivered(&self, request: &DeliveryRequest) -> Result<Vec<Undelivered>, StoreError> {
        Ok(self.call(|state, now| state.table.undelivered(now, request)))
    }

    async fn acknowledge(&self, fences: &[Fence]) -> Result<Vec<Written>, StoreError> {
        Ok(self.each(fences, |state, now, fence| state.table.write(fence, |row| row.acknowledge(now))))
    }

    async fn get(&self, keys: &[String]) -> Result<Vec<Option<Record>>, StoreError> {
        Ok(self.each(keys, |state, now, key| state.table.get(now, key)))
    }

    async fn list(&self, request: &ListRequest) -> Result<Vec<Record>, StoreError> {
        Ok(self.call(|state, now| state.table.list(now, request)))
    }

    async fn request_cancel(&self, keys: &[String]) -> Result<Vec<CancelRequested>, StoreError> {
        let requested = self.each(keys, |state, now, key| {
            state.table.change(key, |row| row.request_cancel(now)).unwrap_or(CancelRequested::Unknown)
        });
        self.wake_if(requested.contains(&CancelRequested::Requested));
        Ok(requested)
    }

    async fn take_back(&self, keys: &[String]) -> Result<Vec<bool>, StoreError> {
        let taken = self.each(keys, |state, now, key| {
            state.table.change(key, |row| row.take_back(now)).unwrap_or_default()
        });
        self.wake_if(taken.contains(&true));
        Ok(taken)
    }

    async fn forget(&self, keys: &[String]) -> Result<Vec<bool>, StoreError> {
        Ok(self.each(keys, |state, _, key| state.table.forget(key)))
    }

    async fn retain(&self, acknowledged_for: Duration, most: usize) -> Result<usize, StoreError> {
        Ok(self.call(|state, now| state.table.retain(now, acknowledged_for, most)))
    }

    async fn finished(&self, after: i64, most: usize) -> Result<Vec<(i64, Finished)>, StoreError> {
        Ok(self.call(|state, _| state.history.after(after, most)))
    }

    async fn health(&self) -> Result<Health, StoreError> {
        Ok(self.call(|state, now| state.table.health(now)))
    }

    async fn counts(&self, request: &CountRequest) -> Result<Counts, StoreError> {
        Ok(self.call(|state, now| {
            let buckets = state.buckets.levels(now, request.most_groups);
            Counts { buckets, ..state.table.counts(now, request) }
        }))
    }

    async fn changed(&self) {
        self.shared.changed.notified().await;
    }
}
