use std::{slice, sync::Arc, time::Duration};

use lro::rules::Ending;
use tokio::sync::Notify;

use crate::{
    CancelRequested, Conflict, Deliveries, Error, Health, ListRequest, Record, RecordState, Registration,
    Store, published,
    store::{CountRequest, Counts, Entry, Registered, StoreError, StoreErrorKind},
};

/// The operations that a program waits for, in a [`Store`] that outlives the process.
///
/// A registry registers operations, and a [`Worker`](crate::Worker) polls them until they end: in this process, in another one,
/// or after a restart. [`Deliveries`] are their outcomes. A clone shares the store.
#[derive(Clone, Debug)]
pub struct Registry {
    store: Arc<dyn Store>,
    /// Wakes the consumers of this process after a worker of this process has stored an outcome.
    completed: Arc<Notify>,
}

/// The result of a registration.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// The record that is stored, without its payloads.
    pub record: Record,
    /// Whether this registration stored it. `false` if the same request was registered before.
    pub is_new: bool,
}

impl From<Arc<dyn Store>> for Registry {
    fn from(store: Arc<dyn Store>) -> Self {
        Self { store, completed: Arc::default() }
    }
}

impl Registry {
    /// Creates a registry in this store.
    pub fn new(store: impl Store + 'static) -> Self {
        Self::from(Arc::new(store) as Arc<dyn Store>)
    }

    /// Returns the store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Registers an operation. When the future returns, the registration survives a crash.
    ///
    /// The same registration again returns the same record. It also resolves an unresolved intent with the same key and
    /// fingerprint: see [`start`](Self::start). Tag, kind and deadline are then those of the registration.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] if the key belongs to another request, [`Error::Invalid`], or the fault of the store.
    pub async fn register(&self, registration: Registration) -> Result<Receipt, Error> {
        self.store_entry(registration.entry()?).await
    }

    pub(crate) async fn store_entry(&self, entry: Entry) -> Result<Receipt, Error> {
        let registered = self.store.register(slice::from_ref(&entry)).await?;
        receipt(registered.into_iter().next().ok_or_else(miscounted)?, &entry.fingerprint)
    }

    /// Registers operations in one transaction. The results have the order of the registrations.
    ///
    /// # Errors
    ///
    /// The fault of the store; then nothing is registered. The inner errors are as of [`register`](Self::register), each for
    /// one registration.
    pub async fn register_all(
        &self,
        registrations: impl IntoIterator<Item = Registration>,
    ) -> Result<Vec<Result<Receipt, Error>>, StoreError> {
        let checked: Vec<Result<Entry, Error>> = registrations.into_iter().map(Registration::entry).collect();
        let entries: Vec<Entry> = checked.iter().filter_map(|entry| entry.as_ref().ok().cloned()).collect();
        let mut registered =
            if entries.is_empty() { Vec::new() } else { self.store.register(&entries).await? }.into_iter();
        let receipts = checked.into_iter().map(|checked| {
            let entry = checked?;
            receipt(registered.next().ok_or_else(miscounted)?, &entry.fingerprint)
        });
        Ok(receipts.collect())
    }

    /// Returns a record with its payloads. `None` if there is none with this key.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    pub async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        Ok(self.store.get(&[key.to_owned()]).await?.pop().flatten())
    }

    /// Returns a record without its payloads. `None` if there is none with this key.
    ///
    /// The store does not read the payloads either, except for a few strange keys.
    ///
    /// ```
    /// # use lro_registry::{MemoryStore, Registry};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lro_registry::StoreError> {
    /// let registry = Registry::new(MemoryStore::new());
    /// assert_eq!(registry.peek("report-7").await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The fault of the store.
    pub async fn peek(&self, key: &str) -> Result<Option<Record>, StoreError> {
        if let Some(after) = just_before(key) {
            let request = ListRequest { after: Some(after), most: 1, ..ListRequest::default() };
            match self.list(&request).await?.pop() {
                Some(record) if *record.key < *key => {}
                record => return Ok(record.filter(|record| record.key == key)),
            }
        }
        let without = |record| Record { tag: Vec::new(), saved: Vec::new(), outcome: None, ..record };
        Ok(self.get(key).await?.map(without))
    }

    /// Returns a page of records, ordered by key.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    pub async fn list(&self, request: &ListRequest) -> Result<Vec<Record>, StoreError> {
        self.store.list(request).await
    }

    /// Requests that an operation is cancelled. A worker sends the request to the service, and polls on.
    ///
    /// The outcome is that of the service: an operation may end with a response in spite of the request.
    /// The request for an intent is sent after the intent is resolved. If the wait was given up, [take it back](Self::take_back) first.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    pub async fn cancel(&self, key: &str) -> Result<CancelRequested, StoreError> {
        let requested = self.store.request_cancel(&[key.to_owned()]).await?;
        Ok(requested.into_iter().next().unwrap_or(CancelRequested::Unknown))
    }

    /// Removes a record in any state. The operation goes on, and its outcome is not delivered. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    pub async fn forget(&self, key: &str) -> Result<bool, StoreError> {
        Ok(self.store.forget(&[key.to_owned()]).await?.contains(&true))
    }

    /// Lets workers poll an operation again that was [set aside](crate::RecordState::SetAside), or whose wait was given up.
    /// Returns whether it was.
    ///
    /// A wait that was given up begins again: its outcome is removed, and its deadline counts from now.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    pub async fn take_back(&self, key: &str) -> Result<bool, StoreError> {
        let Some(record) = self.get(key).await? else {
            return Ok(false);
        };
        let is_given_up = || matches!(record.ending(), Some(Ok(Ending::GaveUp(_))));
        if record.state != RecordState::SetAside && !is_given_up() {
            return Ok(false);
        }
        Ok(self.store.take_back(&[key.to_owned()]).await?.contains(&true))
    }

    /// Removes the records that were acknowledged at least this long ago, in small batches. Returns how many were removed.
    ///
    /// A worker does the same by [`WorkerBuilder::retain_for`](crate::WorkerBuilder::retain_for).
    ///
    /// # Errors
    ///
    /// The fault of the store. What was removed before stays removed.
    pub async fn retain(&self, acknowledged_for: Duration) -> Result<usize, StoreError> {
        let mut removed = 0;
        loop {
            let batch = self.store.retain(acknowledged_for, RETAIN_BATCH).await?;
            removed += batch;
            if batch < RETAIN_BATCH {
                return Ok(removed);
            }
        }
    }

    /// Returns what needs attention: overdue operations that no worker claims, unresolved intents, records that are set aside,
    /// outcomes that nobody acknowledges.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    pub async fn health(&self) -> Result<Health, StoreError> {
        self.store.health().await
    }

    /// Counts the records by state, service and kind, up to the limits of the request.
    ///
    /// # Errors
    ///
    /// The fault of the store.
    pub async fn counts(&self, request: &CountRequest) -> Result<Counts, StoreError> {
        self.store.counts(request).await
    }

    /// Returns the outcomes to deliver. Several consumers may share a store: each outcome is leased to one of them at a time.
    pub fn deliveries(&self) -> Deliveries {
        Deliveries::new(self.clone())
    }

    pub(crate) fn completed(&self) -> &Notify {
        &self.completed
    }
}

fn receipt(registered: Registered, fingerprint: &str) -> Result<Receipt, Error> {
    match registered {
        Registered::New(record) => {
            published::registered(&record.service);
            Ok(Receipt { record, is_new: true })
        }
        Registered::Existing(record) => Ok(Receipt { record, is_new: false }),
        Registered::Conflict(stored) => {
            Err(Error::Conflict(Box::new(Conflict { stored, fingerprint: fingerprint.to_owned() })))
        }
    }
}

/// Returns a text before a key, so close that hardly any other key lies between them.
fn just_before(key: &str) -> Option<String> {
    let mut characters = key.chars();
    let last = characters.next_back()?;
    let before = (1..u32::from(last)).rev().find_map(char::from_u32)?;
    Some(format!("{}{before}{}", characters.as_str(), char::MAX))
}

/// A store that returns fewer results than it got items is broken.
fn miscounted() -> Error {
    Error::Store(StoreError::new(StoreErrorKind::Other, "the store returned too few results"))
}

/// A batch takes some milliseconds, so that claims do not wait for it.
const RETAIN_BATCH: usize = 1_000;
