use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{SendError, Sender},
    },
    time::Duration,
};

use async_trait::async_trait;
use lro_registry::{
    Record, Store, StoreError, StoreErrorKind,
    store::{
        CancelRequested, ClaimRequest, Claimed, Complete, CountRequest, Counts, DeliveryRequest, Entry,
        Fence, Finished, GiveBack, Health, ListRequest, Registered, Reschedule, Undelivered, WorkerLock,
        Written,
    },
};
use tokio::sync::oneshot;

use crate::{
    Builder, backup,
    call::{self, Call, Transaction},
    calls::{change, claim, count, deliver, health, history, list, register, retain, write},
    fault::Faults,
    worker_lock,
    writer::{Changes, Message},
};

/// A [`Store`] in an SQLite file.
///
/// A clone uses the same connections. The file is closed some time after the last clone is dropped.
///
/// A call whose future is dropped is not run if it still waits in the queue. Otherwise it is run as a whole.
#[derive(Clone)]
pub struct SqliteStore {
    threads: Arc<Threads>,
}

/// The ways to the threads of the connections. The threads end when it is dropped.
pub(crate) struct Threads {
    pub(crate) write: Sender<Message>,
    pub(crate) read: Sender<Box<dyn Call>>,
    pub(crate) changes: Arc<Changes>,
    pub(crate) faults: Faults,
    pub(crate) builder: Builder,
}

impl SqliteStore {
    /// Opens a file with the default settings, and creates it if it does not exist. The folder must exist.
    ///
    /// # Errors
    ///
    /// As [`Builder::open`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder(path).open().await
    }

    /// Returns the settings of a store in this file.
    pub fn builder(path: impl AsRef<Path>) -> Builder {
        Builder::new(path.as_ref())
    }

    pub(crate) fn new(threads: Threads) -> Self {
        Self { threads: Arc::new(threads) }
    }

    /// Copies the store to a new file, as it is at one moment, while others go on to write.
    ///
    /// The log of the store grows while the copy is made. Dropping the future does not stop it.
    ///
    /// # Errors
    ///
    /// - [`Refused`](StoreErrorKind::Refused): a file with this path exists.
    /// - The fault of the copy or of the store. No file with this path exists then.
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<(), StoreError> {
        let to = path.as_ref().to_owned();
        let Threads { builder, faults, .. } = &*self.threads;
        let (sender, done) = oneshot::channel();
        let spawned = std::thread::Builder::new().name("lro-sqlite-backup".to_owned()).spawn({
            let (builder, faults) = (builder.clone(), faults.clone());
            move || {
                let source = builder.open_to_read().map_err(|error| faults.translate(error));
                let copied = source.and_then(|source| backup::back_up(&source, &to, builder.busy_limit()));
                drop(sender.send(copied));
            }
        });
        spawned.map_err(|error| {
            faults
                .new_error(StoreErrorKind::Unavailable, "cannot be copied: the system starts no thread")
                .with_source(error)
        })?;
        done.await.map_err(|_| self.stopped())?
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (call, answer) = call::new(work);
        self.threads.write.send(Message::Call(call)).map_err(|SendError(_)| self.stopped())?;
        answer.await.map_err(|_| self.stopped())?
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (call, answer) = call::new(work);
        self.threads.read.send(call).map_err(|SendError(_)| self.stopped())?;
        answer.await.map_err(|_| self.stopped())?
    }

    fn stopped(&self) -> StoreError {
        self.threads.faults.new_error(StoreErrorKind::Other, "is not served any more: its thread has ended")
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.threads.faults.path()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn register(&self, entries: &[Entry]) -> Result<Vec<Registered>, StoreError> {
        let entries = entries.to_vec();
        self.write(move |transaction| register::register(transaction, &entries)).await
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Claimed, StoreError> {
        let request = request.clone();
        self.write(move |transaction| claim::claim(transaction, &request)).await
    }

    async fn reschedule(&self, writes: &[Reschedule]) -> Result<Vec<Written>, StoreError> {
        let writes = writes.to_vec();
        self.write(move |transaction| write::reschedule(transaction, &writes)).await
    }

    async fn complete(&self, writes: &[Complete]) -> Result<Vec<Written>, StoreError> {
        let writes = writes.to_vec();
        self.write(move |transaction| write::complete(transaction, &writes)).await
    }

    async fn give_back(&self, writes: &[GiveBack]) -> Result<Vec<Written>, StoreError> {
        let writes = writes.to_vec();
        self.write(move |transaction| write::give_back(transaction, &writes)).await
    }

    async fn withdraw(&self, fences: &[Fence]) -> Result<Vec<Written>, StoreError> {
        let fences = fences.to_vec();
        self.write(move |transaction| retain::withdraw(transaction, &fences)).await
    }

    async fn undelivered(&self, request: &DeliveryRequest) -> Result<Vec<Undelivered>, StoreError> {
        let request = request.clone();
        self.write(move |transaction| deliver::undelivered(transaction, &request)).await
    }

    async fn acknowledge(&self, fences: &[Fence]) -> Result<Vec<Written>, StoreError> {
        let fences = fences.to_vec();
        self.write(move |transaction| deliver::acknowledge(transaction, &fences)).await
    }

    async fn get(&self, keys: &[String]) -> Result<Vec<Option<Record>>, StoreError> {
        let keys = keys.to_vec();
        self.read(move |transaction| list::get(transaction, &keys)).await
    }

    async fn list(&self, request: &ListRequest) -> Result<Vec<Record>, StoreError> {
        let request = request.clone();
        self.read(move |transaction| list::list(transaction, &request)).await
    }

    async fn request_cancel(&self, keys: &[String]) -> Result<Vec<CancelRequested>, StoreError> {
        let keys = keys.to_vec();
        self.write(move |transaction| change::request_cancel(transaction, &keys)).await
    }

    async fn take_back(&self, keys: &[String]) -> Result<Vec<bool>, StoreError> {
        let keys = keys.to_vec();
        self.write(move |transaction| change::take_back(transaction, &keys)).await
    }

    async fn forget(&self, keys: &[String]) -> Result<Vec<bool>, StoreError> {
        let keys = keys.to_vec();
        self.write(move |transaction| retain::forget(transaction, &keys)).await
    }

    async fn retain(&self, acknowledged_for: Duration, most: usize) -> Result<usize, StoreError> {
        self.write(move |transaction| retain::retain(transaction, acknowledged_for, most)).await
    }

    async fn finished(&self, after: i64, most: usize) -> Result<Vec<(i64, Finished)>, StoreError> {
        self.read(move |transaction| history::finished(transaction, after, most)).await
    }

    async fn health(&self) -> Result<Health, StoreError> {
        self.read(health::health).await
    }

    async fn counts(&self, request: &CountRequest) -> Result<Counts, StoreError> {
        let request = *request;
        self.read(move |transaction| count::counts(transaction, &request)).await
    }

    /// Locks the file `<path>-worker`. Another worker is refused, in this process and in others on this host.
    async fn lock_worker(&self) -> Result<WorkerLock, StoreError> {
        worker_lock::lock(&self.threads.faults)
    }

    /// Waits for a registration or a change by a caller of this store, or by another process.
    ///
    /// The changes of other processes are looked for every 250 ms.
    async fn changed(&self) {
        let changes = &self.threads.changes;
        let _waiting = Waiting::begin(changes);
        // Without the thread, the hint never comes, and each call reports it.
        drop(self.threads.write.send(Message::Watch));
        changes.notify.notified().await;
    }
}

/// A caller that waits for a change. The thread looks for changes of other processes while there is one.
struct Waiting<'a>(&'a Changes);

impl<'a> Waiting<'a> {
    fn begin(changes: &'a Changes) -> Self {
        changes.waiting.fetch_add(1, Ordering::AcqRel);
        Self(changes)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}
