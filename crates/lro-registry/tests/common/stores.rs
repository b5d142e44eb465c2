//! Stores that are slow, or that fail for a while.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::async_trait;
use lro_registry::{
    MemoryStore, Record, Store, StoreError, StoreErrorKind,
    store::{
        CancelRequested, ClaimRequest, Claimed, Complete, DeliveryRequest, Entry, Fence, Finished, GiveBack,
        Health, ListRequest, Registered, Reschedule, Undelivered, Written,
    },
};
use tokio::time::{Instant, sleep};

/// Each call takes a time before it is made.
#[derive(Debug)]
pub(crate) struct SlowStore(MemoryStore, Duration);

/// Each call fails until a time.
#[derive(Clone, Debug)]
pub(crate) struct FaultyStore(MemoryStore, Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    fails_until: Instant,
    calls: u32,
}

impl SlowStore {
    pub(crate) fn new(time: Duration) -> Self {
        Self(MemoryStore::new(), time)
    }

    async fn before(&self) -> Result<(), StoreError> {
        sleep(self.1).await;
        Ok(())
    }
}

impl FaultyStore {
    pub(crate) fn new() -> Self {
        Self(MemoryStore::new(), Arc::new(Mutex::new(State { fails_until: Instant::now(), calls: 0 })))
    }

    pub(crate) fn fails_for(&self, time: Duration) {
        self.1.lock().unwrap().fails_until = Instant::now() + time;
    }

    pub(crate) fn calls(&self) -> u32 {
        self.1.lock().unwrap().calls
    }

    async fn before(&self) -> Result<(), StoreError> {
        let mut state = self.1.lock().unwrap();
        state.calls += 1;
        if Instant::now() < state.fails_until {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "the store is away"));
        }
        Ok(())
    }
}

macro_rules! forwarded {
    ($store:ty: $($call:ident($($argument:ident: $kind:ty),*) -> $output:ty;)*) => {
        #[async_trait]
        impl Store for $store {
            $(
                async fn $call(&self, $($argument: $kind),*) -> Result<$output, StoreError> {
                    self.before().await?;
                    self.0.$call($($argument),*).await
                }
            )*

            async fn changed(&self) {
                self.0.changed().await;
            }
        }
    };
}

macro_rules! forward {
    ($($store:ty)*) => { $(
        forwarded! { $store:
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
        }
    )* };
}

forward!(SlowStore FaultyStore);
