use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use lro::{
    LroTransport, Service, Tolerance,
    pacing::{Pacing, PacingByKind},
    rules::Rules,
    telemetry::Observer,
};
use lro_control::{Control, Rate};
use tokio::{
    sync::{oneshot, watch},
    time::sleep,
};
use tracing::{error, info};

use super::{
    Shown, Worker,
    driver::{Driver, Tools},
    lane::{Key, Lane},
};
use crate::{
    Error, Quota, Registry, Store, StoreError, StoreErrorKind, limits,
    store::{SOON, WorkerLock},
};

/// The settings of a [`Worker`].
#[derive(Debug)]
#[must_use = "a builder does nothing until it is started"]
pub struct WorkerBuilder {
    registry: Registry,
    served: Vec<(Arc<dyn LroTransport>, Option<Quota>)>,
    pacing: Arc<dyn PacingByKind>,
    waits_for_lock: bool,
    settings: Settings,
}

/// The settings that the driver reads.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) rules: Rules,
    pub(super) lease: Duration,
    pub(super) most_claims: u32,
    pub(super) max_in_flight: usize,
    pub(super) fallback: Duration,
    pub(super) retain_for: Option<Duration>,
    pub(super) observer: Option<Arc<dyn Observer>>,
}

impl WorkerBuilder {
    pub(super) fn new(registry: Registry) -> Self {
        let settings = Settings {
            rules: Rules { tolerance: Tolerance::default().failures(None), ..Rules::default() },
            lease: LEASE,
            most_claims: MOST_CLAIMS,
            max_in_flight: MAX_IN_FLIGHT,
            fallback: SOON,
            retain_for: Some(RETAIN_FOR),
            observer: None,
        };
        Self {
            registry,
            served: Vec::new(),
            pacing: Arc::new(Pacing::default()),
            waits_for_lock: false,
            settings,
        }
    }

    /// Adds a transport. The worker claims the operations of its [service](LroTransport::service) and version.
    pub fn serve(mut self, transport: impl LroTransport + 'static) -> Self {
        self.served.push((Arc::new(transport), None));
        self
    }

    /// Adds a transport whose calls count under a quota.
    pub fn serve_under(mut self, quota: Quota, transport: impl LroTransport + 'static) -> Self {
        self.served.push((Arc::new(transport), Some(quota)));
        self
    }

    /// Sets the pacing by the kind of operation. Default: [`Pacing::default`].
    ///
    /// A pacing that learns begins with what the workers on this store have seen, and learns from all of them.
    pub fn pacing(self, pacing: impl PacingByKind + 'static) -> Self {
        Self { pacing: Arc::new(pacing), ..self }
    }

    /// Sets which failed calls are retried. Default: [`Tolerance::default`] without a limit of consecutive failures.
    ///
    /// A service that is away does not end a wait by default. The [deadline](crate::Registration::deadline) does.
    pub fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.settings.rules.tolerance = tolerance;
        self
    }

    /// Sets the longest time for one call. Default: 30 s.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.settings.rules.attempt_timeout = timeout.min(LONGEST_LEASE / 2);
        self
    }

    /// Sets the duration of a claim, at least 5 s more than the longest time for one call. Default: 60 s.
    ///
    /// After a crash, others poll the claimed operations when it has ended.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.settings.lease = lease.min(LONGEST_LEASE);
        self
    }

    /// Sets after how many claims in a row without a result an operation is [set aside](crate::RecordState::SetAside), at least 2.
    /// Default: 5.
    ///
    /// A claim that ends with its process counts against every operation that the worker held. From the third on an operation is
    /// polled alone, so that those that harm no worker get their result. A process that is killed every few seconds needs a larger number.
    pub fn most_claims(mut self, most: u32) -> Self {
        self.settings.most_claims = most.max(2);
        self
    }

    /// Sets the most calls in flight for each service, at least 1. Default: 256.
    pub fn max_in_flight(mut self, most: usize) -> Self {
        self.settings.max_in_flight = most.max(1);
        self
    }

    /// Sets how often the worker asks the store for due operations if the store gives no hint of any. Default: 5 s.
    ///
    /// It is how late an operation is polled for the first time if every hint is lost. A store gives no hint of an operation whose
    /// first poll is due more than 5 s after it was registered.
    pub fn fallback(mut self, fallback: Duration) -> Self {
        self.settings.fallback = fallback.clamp(LEAST_FALLBACK, LONGEST_LEASE);
        self
    }

    /// Sets code that is called at the events of the operations, see [`lro::telemetry`]. Default: none.
    ///
    /// It runs on the task of the worker. An outcome whose claim has ended, or that cannot be stored, is observed again by another worker.
    pub fn observe(mut self, observer: impl Observer + 'static) -> Self {
        self.settings.observer = Some(Arc::new(observer));
        self
    }

    /// Sets for how long acknowledged records are kept, `None` for ever. Default: 7 days. They are removed every half a minute.
    pub fn retain_for(mut self, retain_for: impl Into<Option<Duration>>) -> Self {
        self.settings.retain_for = retain_for.into();
        self
    }

    /// Waits in [`start`](Self::start) until no other worker holds the store, if the store serves one at a time. Default: an error.
    ///
    /// A deploy starts the next worker before the last one has stopped.
    pub fn wait_for_lock(self) -> Self {
        Self { waits_for_lock: true, ..self }
    }

    /// Starts the worker.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for settings that contradict each other, for a transport without a service, and for two transports of
    /// one service. The fault of the store if it has a lock for workers and another worker holds it.
    pub async fn start(self) -> Result<Worker, Error> {
        let Self { registry, served, pacing, waits_for_lock, settings } = self;
        let Settings { lease, rules, .. } = &settings;
        if *lease < rules.attempt_timeout.saturating_add(LEAST_SLACK) {
            return Err(Error::Invalid(format!(
                "a lease of {lease:?} is too short for calls of {:?}: it must be longer by {LEAST_SLACK:?}",
                rules.attempt_timeout
            )));
        }
        let (lanes, keys) = lanes(served, &settings)?;
        let lock = lock(&**registry.store(), waits_for_lock).await?;
        let (stop, stopped) = oneshot::channel();
        let (show, state) = watch::channel(Shown::default());
        let driver = Driver::new(Tools { registry, pacing, settings: Arc::new(settings), show }, lanes, keys);
        let task = tokio::spawn(run(driver, stopped, lock));
        Ok(Worker { stop: Some(stop), task, state })
    }
}

async fn lock(store: &dyn Store, waits: bool) -> Result<WorkerLock, StoreError> {
    let mut is_reported = false;
    loop {
        match store.lock_worker().await {
            Err(held) if waits && held.kind() == StoreErrorKind::Held => {
                if !is_reported {
                    info!(%held, "the worker waits for another one");
                    is_reported = true;
                }
                sleep(LOCK_PAUSE).await;
            }
            result => return result,
        }
    }
}

async fn run(driver: Driver, stopped: oneshot::Receiver<()>, lock: WorkerLock) {
    // Unwind safe: the driver is not used again.
    if AssertUnwindSafe(driver.run(stopped)).catch_unwind().await.is_err() {
        error!("the worker panicked and has stopped; its claims end with their leases");
    }
    drop(lock);
}

/// Groups the services by their quota keys.
fn lanes(
    served: Vec<(Arc<dyn LroTransport>, Option<Quota>)>,
    settings: &Settings,
) -> Result<(Vec<Lane>, Vec<Key>), Error> {
    if served.is_empty() {
        return Err(Error::Invalid("the worker has no transport".to_owned()));
    }
    let (mut lanes, mut rates): (Vec<Lane>, Vec<Option<Rate>>) = (Vec::new(), Vec::new());
    let mut by_key: HashMap<String, usize> = HashMap::new();
    for (transport, quota) in served {
        let service = transport.service();
        limits::check_service(&service)?;
        if lanes.iter().any(|lane: &Lane| lane.service == service) {
            return Err(Error::Invalid(format!("the worker has two transports for {service}")));
        }
        if let Some(quota) = &quota {
            quota.check()?;
        }
        let name = quota.as_ref().map_or_else(|| own_key(&service), |quota| quota.key().to_owned());
        let rate = quota.as_ref().map(Quota::rate);
        let key = *by_key.entry(name).or_insert_with(|| {
            rates.push(rate);
            rates.len() - 1
        });
        if rates[key] != rate {
            return Err(Error::Invalid(format!("the quota key of {service} has two rates")));
        }
        lanes.push(Lane::new(service, transport, quota, key));
    }
    let keys = rates.into_iter().enumerate().map(|(number, rate)| {
        let sharing = lanes.iter().filter(|lane| lane.key == number).count();
        Key { control: Control::new(rate, settings.max_in_flight.saturating_mul(sharing)) }
    });
    let keys = keys.collect();
    Ok((lanes, keys))
}

/// The key of a service that has no quota. No quota has this key, because of its control character.
fn own_key(service: &Service) -> String {
    format!("{}\0{}", service.key(), service.version())
}

/// A look costs one call of the operating system.
const LOCK_PAUSE: Duration = Duration::from_millis(500);
/// Twice the longest time for a call: a claim outlives its call, and others take over within two minutes of a crash.
const LEASE: Duration = Duration::from_secs(60);
/// From the claim to the call, and from the reply to its write.
const LEAST_SLACK: Duration = Duration::from_secs(5);
/// A record whose claims end with the process is claimed this often. At 1 a deploy would set healthy records aside.
const MOST_CLAIMS: u32 = 5;
/// With a round trip of 50 ms these make 5,000 calls a second.
const MAX_IN_FLIGHT: usize = 256;
/// A sum with it does not overflow.
const LONGEST_LEASE: Duration = Duration::from_secs(366 * 24 * 3_600);
const LEAST_FALLBACK: Duration = Duration::from_millis(10);
/// A consumer that finds a fault of its own after a weekend can still look outcomes up.
const RETAIN_FOR: Duration = Duration::from_secs(7 * 24 * 3_600);
