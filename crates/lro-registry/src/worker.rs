mod builder;
mod call;
mod calls;
mod chores;
mod claims;
mod driver;
mod isolation;
mod judge;
mod lane;
mod paces;
mod permit;
mod writer;

use std::{fmt, time::Duration};

use lro::Service;
use serde::Serialize;
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
    time::Instant,
};

pub use self::builder::WorkerBuilder;
pub(crate) use self::judge::{outcome, state};
use crate::{Quota, Registry};

/// A worker: it polls the operations of a registry until they end.
///
/// Any number of workers share a store, in any number of processes. Each record is leased to one of them at a time, and polled by
/// the rules of [`poll_until_done`](lro::poll_until_done). A worker claims only operations of the services that it was
/// given transports for.
///
/// Dropping the worker stops it as [`stop`](Self::stop) does, in the background.
/// If its process or its runtime dies, others poll its operations after the lease.
/// It never cancels or deletes an operation, unless [`Registry::cancel`] requested that.
///
/// ```no_run
/// # use lro::{Operation, LroTransport, Status};
/// # use lro_registry::{Registry, Worker};
/// # async fn example(registry: Registry, routes: impl LroTransport + 'static) -> Result<(), Box<dyn std::error::Error>> {
/// let worker = Worker::builder(&registry).serve(routes).start().await?;
/// # let shutdown = async {};
/// shutdown.await;
/// worker.stop().await;
/// # Ok(()) }
/// ```
#[must_use = "dropping a worker stops it"]
pub struct Worker {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
    state: watch::Receiver<Shown>,
}

/// What a worker is doing.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct WorkerState {
    /// The claims that it holds.
    pub claimed: usize,
    /// The calls that it has made.
    pub calls: u64,
    /// For how long the store has been failing. `None` if it works.
    pub store_away_for: Option<Duration>,
    /// Whether it has ended: it was stopped, or its runtime has ended. The rest is then its last state.
    pub has_ended: bool,
    /// The services that it serves.
    pub services: Vec<ServedService>,
}

/// A service that a worker serves. Services with the same quota key share what follows it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServedService {
    /// The service and version.
    pub service: Service,
    /// The quota of its calls. `None` if it has none.
    pub quota: Option<Quota>,
    /// Whether the service seems to be down, or its quota to be used up. Then only probes are sent.
    pub is_shut: bool,
    /// The calls a second that the service was found to give this worker. `None` as long as no limit was found.
    pub found_rate: Option<f64>,
    /// The calls in flight.
    pub in_flight: usize,
}

/// Shows what a worker is doing, also to code that does not own it. After the worker has ended, its last state.
#[derive(Clone)]
pub struct WorkerWatch(watch::Receiver<Shown>);

#[derive(Clone, Debug, Default)]
struct Shown {
    claimed: usize,
    calls: u64,
    store_away_since: Option<Instant>,
    services: Vec<ServedService>,
}

impl Worker {
    /// Begins the settings of a worker.
    pub fn builder(registry: &Registry) -> WorkerBuilder {
        WorkerBuilder::new(registry.clone())
    }

    /// Returns what the worker is doing.
    pub fn state(&self) -> WorkerState {
        self.watch().state()
    }

    /// Returns a view of the worker for other tasks, such as a page.
    pub fn watch(&self) -> WorkerWatch {
        WorkerWatch(self.state.clone())
    }

    /// Stops the worker: it ends its calls, stores their results, and gives its other claims back, so that others poll at once.
    ///
    /// It takes at most 10 s, if the store does not answer. Claims that could not be given back end with their lease.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        let _ = (&mut self.task).await;
    }
}

impl WorkerWatch {
    /// Returns what the worker is doing.
    pub fn state(&self) -> WorkerState {
        let Shown { claimed, calls, store_away_since, services } = self.0.borrow().clone();
        let store_away_for = store_away_since.map(|since| since.elapsed());
        let has_ended = self.0.has_changed().is_err();
        WorkerState { claimed, calls, store_away_for, has_ended, services }
    }
}

impl fmt::Debug for WorkerWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerWatch").field("state", &self.state()).finish()
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// Encodes state as JSON. What is encoded has no map with keys that are no strings, which is the only fault that can occur.
pub(crate) fn encoded(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
