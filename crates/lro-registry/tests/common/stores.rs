//! Stores that are slow, or that fail for a while, or for some records.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::async_trait;
use lro_registry::{
    MemoryStore, Record, Store, StoreError, StoreErrorKind,
    store::{
        CancelRequested, ClaimRequest, Claimed, Complete, CountRequest, Counts, DeliveryRequest, Entry,
        Fence, Finished, GiveBack, Health, ListRequest, Registered, Reschedule, Undelivered, Written,
    },
};
use tokio::time::{Instant, sleep};

/// Each call takes a time before it is made.
#[derive(Debug)]
pub(crate) struct SlowStore(MemoryStore, Duration);

/// Each call fails until a time.
#[derive(Clone, Debug)]
pub(crate) struct FaultyStore(MemoryStore, Arc<Mutex<State>>);

/// Each call has the fault that a function of the call and its keys returns.
#[derive(Clone)]
pub(crate) struct HookedStore(MemoryStore, Arc<Mutex<Arc<Hook>>>);

type Hook = dyn Fn(&str, &[&str]) -> Fault + Send + Sync;

/// What happens to a call of a store.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    None,
    Fails(StoreErrorKind),
    /// The call takes a time before it is made.
    Slow(Duration),
    /// The call is made, and its reply takes a time.
    Late(Duration),
    /// The call is made, and fails.
    Lost,
    /// The call is not made, and never ends.
    Hangs,
}

#[derive(Debug)]
struct State {
    fails_until: Instant,
    calls: u32,
}

impl SlowStore {
    pub(crate) fn new(time: Duration) -> Self {
        Self(MemoryStore::new(), time)
    }

    async fn before(&self, _: &str, _: &[&str]) -> Result<Fault, StoreError> {
        sleep(self.1).await;
        Ok(Fault::None)
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

    async fn before(&self, _: &str, _: &[&str]) -> Result<Fault, StoreError> {
        let mut state = self.1.lock().unwrap();
        state.calls += 1;
        if Instant::now() < state.fails_until {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "the store is away"));
        }
        Ok(Fault::None)
    }
}

impl HookedStore {
    pub(crate) fn new() -> Self {
        Self::on(&MemoryStore::new())
    }

    pub(crate) fn on(store: &MemoryStore) -> Self {
        Self(store.clone(), Arc::new(Mutex::new(Arc::new(|_: &str, _: &[&str]| Fault::None))))
    }

    pub(crate) fn hook(&self, hook: impl Fn(&str, &[&str]) -> Fault + Send + Sync + 'static) {
        *self.1.lock().unwrap() = Arc::new(hook);
    }

    async fn before(&self, call: &str, keys: &[&str]) -> Result<Fault, StoreError> {
        let hook = self.1.lock().unwrap().clone();
        let fault = hook(call, keys);
        match fault {
            Fault::Fails(kind) => return Err(StoreError::new(kind, "the call fails")),
            Fault::Slow(time) => sleep(time).await,
            Fault::Hangs => std::future::pending().await,
            Fault::None | Fault::Late(_) | Fault::Lost => {}
        }
        Ok(fault)
    }
}

impl fmt::Debug for HookedStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HookedStore")
    }
}

async fn replied<T>(fault: Fault, reply: T) -> Result<T, StoreError> {
    match fault {
        Fault::Late(time) => sleep(time).await,
        Fault::Lost => return Err(StoreError::new(StoreErrorKind::Unavailable, "the reply is lost")),
        _ => {}
    }
    Ok(reply)
}

macro_rules! forwarded {
    ($store:ty: $($call:ident($($argument:ident: $kind:ty),*) -> $output:ty $(, $key:expr)?;)*) => {
        #[async_trait]
        impl Store for $store {
            $(
                async fn $call(&self, $($argument: $kind),*) -> Result<$output, StoreError> {
                    let keys: Vec<&str> = forwarded!(@keys $($argument)*; $($key)?);
                    let fault = self.before(stringify!($call), &keys).await?;
                    let reply = self.0.$call($($argument),*).await?;
                    replied(fault, reply).await
                }
            )*

            async fn changed(&self) {
                self.0.changed().await;
            }
        }
    };
    (@keys $argument:ident; $key:expr) => { $argument.iter().map($key).collect() };
    (@keys $($argument:ident)*;) => { Vec::new() };
}

macro_rules! forward {
    ($($store:ty)*) => { $(
        forwarded! { $store:
            register(entries: &[Entry]) -> Vec<Registered>, |entry| entry.key.as_str();
            claim(request: &ClaimRequest) -> Claimed;
            reschedule(writes: &[Reschedule]) -> Vec<Written>, |write| write.fence.key.as_str();
            complete(writes: &[Complete]) -> Vec<Written>, |write| write.fence.key.as_str();
            give_back(writes: &[GiveBack]) -> Vec<Written>, |write| write.fence.key.as_str();
            withdraw(fences: &[Fence]) -> Vec<Written>, |fence| fence.key.as_str();
            undelivered(request: &DeliveryRequest) -> Vec<Undelivered>;
            acknowledge(fences: &[Fence]) -> Vec<Written>, |fence| fence.key.as_str();
            get(keys: &[String]) -> Vec<Option<Record>>, String::as_str;
            list(request: &ListRequest) -> Vec<Record>;
            request_cancel(keys: &[String]) -> Vec<CancelRequested>, String::as_str;
            take_back(keys: &[String]) -> Vec<bool>, String::as_str;
            forget(keys: &[String]) -> Vec<bool>, String::as_str;
            retain(acknowledged_for: Duration, most: usize) -> usize;
            finished(after: i64, most: usize) -> Vec<(i64, Finished)>;
            health() -> Health;
            counts(request: &CountRequest) -> Counts;
        }
    )* };
}

forward!(SlowStore FaultyStore HookedStore);
