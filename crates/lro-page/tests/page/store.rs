//! A store that may be away, and that counts the calls that read payloads.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use lro::async_trait;
use lro_registry::{
    ListRequest, MemoryStore, Record, Store, StoreError, StoreErrorKind,
    store::{
        CancelRequested, ClaimRequest, Claimed, Complete, CountRequest, Counts, DeliveryRequest, Entry,
        Fence, Finished, GiveBack, Health, Registered, Reschedule, Undelivered, Written,
    },
};

#[derive(Clone, Debug)]
pub(crate) struct WatchedStore(MemoryStore, Arc<State>);

#[derive(Debug, Default)]
struct State {
    is_away: AtomicBool,
    reads: AtomicU32,
}

impl WatchedStore {
    pub(crate) fn new(store: &MemoryStore) -> Self {
        Self(store.clone(), Arc::default())
    }

    pub(crate) fn set_away(&self, is_away: bool) {
        self.1.is_away.store(is_away, Ordering::Relaxed);
    }

    /// Returns how often payloads were read.
    pub(crate) fn reads(&self) -> u32 {
        self.1.reads.load(Ordering::Relaxed)
    }

    fn before(&self, call: &str) -> Result<(), StoreError> {
        if call == "get" {
            self.1.reads.fetch_add(1, Ordering::Relaxed);
        }
        let away = || StoreError::new(StoreErrorKind::Unavailable, "the <b>disk</b> is away");
        if self.1.is_away.load(Ordering::Relaxed) { Err(away()) } else { Ok(()) }
    }
}

macro_rules! forward {
    ($($call:ident($($argument:ident: $kind:ty),*) -> $output:ty;)*) => {
        #[async_trait]
        impl Store for WatchedStore {
            $(
                async fn $call(&self, $($argument: $kind),*) -> Result<$output, StoreError> {
                    self.before(stringify!($call))?;
                    self.0.$call($($argument),*).await
                }
            )*
        }
    };
}

forward! {
    register(entries: &[Entry]) -> Vec<Registered>;
    claim(request: &ClaimRequest) -> Claimed;
    reschedule(writes: &[Reschedule]) -> Vec<Written>;
    complete(writes: &[Complete]) -> Vec<Written>;
    give_back(writes: &[GiveBack]) -> Vec<Written>;
    withdraw(fences: &[Fence]) -> Vec<Written>;
    undelivered(request: &DeliveryRequest) -> Vec<Undelivered>;
    acknowledge(fences: &[Fence]) -> Vec<Written>;
    get(keys: &[String]) -> Vec<Option<Record>>;
    list(request: &ListRequest) -> Vec<Record>;
    request_cancel(keys: &[String]) -> Vec<CancelRequested>;
    take_back(keys: &[String]) -> Vec<bool>;
    forget(keys: &[String]) -> Vec<bool>;
    retain(acknowledged_for: Duration, most: usize) -> usize;
    finished(after: i64, most: usize) -> Vec<(i64, Finished)>;
    health() -> Health;
    counts(request: &CountRequest) -> Counts;
}
