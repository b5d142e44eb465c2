use std::{fmt, sync::Arc, time::Duration};

use lro::{
    Any, LroTransport, OperationName, Service, Status, Tolerance,
    pacing::{Pacing, PacingByKind},
    rules::{Rules, guard},
    telemetry::Observer,
};

use lro_control::Rate;
use serde::de::DeserializeOwned;

use crate::{
    clock::Source,
    driver::{EndAll, drive},
    fleet::Fleet,
    gate::Gates,
    shared::{Hold, Shared},
    state::State,
};

/// The settings of a [`Fleet`] that is not started. From [`Fleet::builder`].
#[derive(Debug)]
#[must_use = "a fleet does nothing until it is started"]
pub struct FleetBuilder {
    transport: Arc<dyn LroTransport>,
    naming: Naming,
    pacing: Option<Arc<dyn PacingByKind>>,
    settings: Settings,
}

/// The settings of a fleet.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) rules: Rules,
    pub(crate) deadline: Option<Duration>,
    pub(crate) rate: Option<Rate>,
    pub(crate) max_in_flight: usize,
    pub(crate) most_completions: usize,
    pub(crate) tick: Duration,
    pub(crate) sweeps: bool,
    pub(crate) seed: Option<u64>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) keep_metadata: bool,
    pub(crate) share: Option<Share>,
    pub(crate) service: Service,
}

/// A closure that returns the share of the work that is done, from 0 to 1, from the metadata.
#[derive(Clone)]
pub(crate) struct Share {
    /// The name of the closure, for the message of a panic.
    whose: &'static str,
    of: Arc<ShareOf>,
}

type ShareOf = dyn Fn(&Any) -> Option<f64> + Send + Sync;

/// The closures that return the quota key and the kind of an operation from its name.
#[derive(Clone)]
pub(crate) struct Naming {
    /// The key of the service.
    service: Arc<str>,
    key: Option<Arc<NameOf>>,
    kind: Option<Arc<NameOf>>,
}

type NameOf = dyn Fn(&OperationName) -> String + Send + Sync;

impl FleetBuilder {
    pub(crate) fn new(transport: Arc<dyn LroTransport>) -> Self {
        let settings = Settings {
            rules: Rules::default(),
            deadline: None,
            rate: None,
            max_in_flight: 64,
            most_completions: 1_024,
            tick: Duration::from_millis(50),
            sweeps: true,
            seed: None,
            observer: None,
            keep_metadata: true,
            share: None,
            service: transport.service(),
        };
        let naming = Naming { service: Arc::from(transport.service().key()), key: None, kind: None };
        Self { transport, naming, pacing: None, settings }
    }

    /// Sets the most calls in flight at a time, at least 1. Default: 64.
    pub fn max_in_flight(mut self, most: usize) -> Self {
        self.settings.max_in_flight = most.max(1);
        self
    }

    /// Sets the rate of calls under each [quota key](Self::quota_key). Default: no limit.
    ///
    /// A transport that makes further calls in a poll, such as an `HttpTransport` that reads targets, makes them beside the rate.
    ///
    /// ```
    /// # use lro_fleet::{Fleet, Rate};
    /// # fn example(events: impl lro::LroTransport + 'static) {
    /// let builder = Fleet::builder(events).rate(Rate::per_minute(600));
    /// # }
    /// ```
    pub fn rate(mut self, rate: impl Into<Option<Rate>>) -> Self {
        self.settings.rate = rate.into();
        self
    }

    /// Sets a closure that returns the quota key of an operation, from its name. Default: one key for all.
    ///
    /// Each key has the whole [rate](Self::rate), and its own health: an outage of one key does not stop the others.
    ///
    /// ```
    /// # use lro_fleet::{Fleet, Rate};
    /// # fn example(routes: impl lro::LroTransport + 'static) {
    /// let by_project = Fleet::builder(routes)
    ///     .quota_key(|name| name.segments().nth(1).unwrap_or_default().to_owned())
    ///     .rate(Rate::per_minute(60));
    /// # }
    /// ```
    pub fn quota_key(mut self, key: impl Fn(&OperationName) -> String + Send + Sync + 'static) -> Self {
        self.naming.key = Some(Arc::new(key));
        self
    }

    /// Sets a closure that returns the kind of an operation, from its name. Default: the key of the service for all.
    ///
    /// Operations of a kind take a similar time. The kind selects the pacing.
    pub fn kind(mut self, kind: impl Fn(&OperationName) -> String + Send + Sync + 'static) -> Self {
        self.naming.kind = Some(Arc::new(kind));
        self
    }

    /// Sets when to poll: one [`Pacing`] for all, or one for each [kind](Self::kind) of operation, such as
    /// `lro_learned::Learned`.
    ///
    /// Default: the pacing of the [transport](LroTransport::default_pacing) if it has one, otherwise [`Pacing::default`].
    pub fn pacing(mut self, pacing: impl PacingByKind + 'static) -> Self {
        self.pacing = Some(Arc::new(pacing));
        self
    }

    /// Sets a closure that returns the share of the work that is done, from 0 to 1, from the metadata.
    ///
    /// The closure runs after each successful reply with metadata that decodes as `M`, and again for a snapshot, as that of
    /// [`Wait::pace_by_progress`](lro::Wait::pace_by_progress) does. A panic of it ends the wait for that operation.
    /// Default: [`LroTransport::progress`], which knows the fields of some services.
    pub fn pace_by_progress<M: DeserializeOwned>(
        mut self,
        share: impl Fn(&M) -> Option<f64> + Send + Sync + 'static,
    ) -> Self {
        let of_metadata = move |metadata: &Any| share(&lro::telemetry::metadata(metadata)?);
        self.settings.share = Some(Share { whose: "the progress closure", of: Arc::new(of_metadata) });
        self
    }

    /// Sets whether the last metadata of each operation is kept, for snapshots and reports. Default: yes.
    ///
    /// Without it an operation takes less memory. Reports have no metadata then, and
    /// [`Report::metadata_dropped`](lro::Report::metadata_dropped) is true.
    pub fn keep_metadata(mut self, keep: bool) -> Self {
        self.settings.keep_metadata = keep;
        self
    }

    /// Sets which failed calls are retried. Default: [`Tolerance::default`].
    pub fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.settings.rules.tolerance = tolerance;
        self
    }

    /// Sets the longest time to wait for an operation. `None`, the default, is no limit.
    ///
    /// The wait then ends with [`Origin::StoppedAsking`](lro::Origin::StoppedAsking), after a last call. That call has two seconds
    /// to be answered. It is left out if the rate or the calls in flight leave no room for it within two seconds.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.settings.deadline = deadline.into();
        self
    }

    /// Sets the longest time for one call. Default: 30 s.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.settings.rules.attempt_timeout = timeout;
        self
    }

    /// Sets how many [completions](Fleet::completions) are kept until they are taken, at least 1. Default: 1,024.
    pub fn most_completions(mut self, most: usize) -> Self {
        self.settings.most_completions = most.max(1);
        self
    }

    /// Sets the interval of the grid on which calls are made, so that the task wakes once for many. Zero is no grid. Default: 50 ms.
    ///
    /// It delays a call by at most this interval, and by at most a fortieth of the delay of the pacing.
    pub fn tick(mut self, tick: Duration) -> Self {
        self.settings.tick = tick;
        self
    }

    /// Sets whether one list may replace many gets, where the transport has a call to list. Default: yes.
    pub fn sweeps(mut self, sweeps: bool) -> Self {
        self.settings.sweeps = sweeps;
        self
    }

    /// Sets an [observer](lro::telemetry) of the events of all operations. Default: none.
    ///
    /// It runs on the task of the fleet, without a lock. It may call the fleet.
    pub fn observe(mut self, observer: impl Observer + 'static) -> Self {
        self.settings.observer = Some(Arc::new(observer));
        self
    }

    /// Sets the seed of the jitter after failed calls and of the phase of the grid. Default: random.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    /// Starts the task of the fleet, and returns the fleet.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with time enabled.
    pub fn start(self) -> Fleet {
        let Self { transport, naming, pacing, mut settings } = self;
        settings.share.get_or_insert_with(|| Share::of_transport(transport.clone()));
        let pacing = pacing.unwrap_or_else(|| Arc::new(TransportPacing(transport.clone())));
        let capabilities = transport.capabilities();
        let (settings, source) = (Arc::new(settings), Source::start());
        let state = State::new(settings.clone(), capabilities.list, source);
        let gates = Gates::new(settings.rate, transport.takes_permits(), source);
        let shared = Arc::new(Shared::new(transport, naming, settings, gates, state));
        tokio::spawn(drive(EndAll(shared.clone()), pacing, source));
        Fleet::new(Arc::new(Hold(shared)))
    }
}

impl Settings {
    /// Returns the share of the work that is done, by the metadata of a reply.
    ///
    /// # Errors
    ///
    /// As [`guard`]: the closure is the caller's, and may panic.
    pub(crate) fn progress(&self, metadata: Option<&Any>) -> Result<Option<f64>, Status> {
        let whose = self.share.as_ref().map_or("", |share| share.whose);
        guard(whose, || self.share_of(metadata))
    }

    /// Returns the share of the work that is done, by the metadata of a reply. Panics of the caller's code are not caught.
    pub(crate) fn share_of(&self, metadata: Option<&Any>) -> Option<f64> {
        (self.share.as_ref()?.of)(metadata?)
    }
}

impl Share {
    fn of_transport(transport: Arc<dyn LroTransport>) -> Self {
        let of_metadata = move |metadata: &Any| transport.progress(metadata);
        Self { whose: "the progress of the transport", of: Arc::new(of_metadata) }
    }
}

impl Naming {
    /// Returns the quota key of an operation.
    ///
    /// # Errors
    ///
    /// As [`guard`]: the closure is the caller's, and may panic.
    pub(crate) fn key(&self, name: &OperationName) -> Result<String, Status> {
        let Some(key) = &self.key else {
            return Ok(String::new());
        };
        guard("the closure of quota_key", || key(name))
    }

    /// Returns the kind of an operation.
    ///
    /// # Errors
    ///
    /// As [`key`](Self::key).
    pub(crate) fn kind(&self, name: &OperationName) -> Result<Arc<str>, Status> {
        let Some(kind) = &self.kind else {
            return Ok(self.service.clone());
        };
        guard("the closure of kind", || kind(name)).map(Arc::from)
    }
}

/// The default pacing of a fleet: that of its transport.
#[derive(Debug)]
struct TransportPacing(Arc<dyn LroTransport>);

impl PacingByKind for TransportPacing {
    fn pacing(&self, kind: &str) -> Pacing {
        self.0.default_pacing(kind).unwrap_or_default()
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Share")
    }
}

impl fmt::Debug for Naming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Naming").finish_non_exhaustive()
    }
}
