use std::{fmt, future::poll_fn, sync::Arc};

use lro::{Handle, LroTransport, Operation, OperationName, Snapshot, Status, rules::Rules};

use crate::{
    Completions, FleetBuilder, Metrics, Pending, QuotaKey, Registration, Watch,
    cancel::cancel,
    completions::Listener,
    shared::Hold,
    state::{State, Wanted},
};

/// Very many operations, waited for by one task under one budget.
///
/// Cloning is cheap, and all clones are the same fleet. Its task ends when the last of them, of its [`Watch`]es and of
/// its [`Completions`] is dropped: then no more calls are made, and the operations go on.
///
/// ```
/// # use lro::{Operation, OperationName, Status, transport_fn};
/// # use lro_fleet::{Fleet, Rate};
/// # #[derive(serde::Deserialize)] struct Job {}
/// # async fn example(names: Vec<OperationName>) -> Result<(), Status> {
/// # let jobs = transport_fn(|name| async move { Ok(Operation::running(name.as_str())) });
/// let fleet = Fleet::builder(jobs).max_in_flight(64).rate(Rate::per_minute(600)).start();
/// let watches: Vec<_> = names.into_iter().map(|name| fleet.watch::<Job>(name)).collect();
/// for job in futures::future::join_all(watches).await {
///     let job: Job = job?;
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Fleet(Arc<Hold>);

impl Fleet {
    /// Creates a fleet that makes its calls by this transport.
    pub fn builder(transport: impl LroTransport + 'static) -> FleetBuilder {
        FleetBuilder::new(Arc::new(transport))
    }

    pub(crate) fn new(hold: Arc<Hold>) -> Self {
        Self(hold)
    }

    /// Waits for an operation, and decodes its response as `R`: a future of the outcome and a stream of snapshots, which
    /// ends as [`poll_until_done`](lro::poll_until_done) does.
    ///
    /// The calls begin now, whether the watch is awaited or not. Dropping the last watch of a name stops them, and nothing else.
    ///
    /// An operation that is waited for already is not asked about twice: the watch joins the wait that is there, with its
    /// deadline. It also joins a wait whose operation is done. After a wait that failed a new one begins.
    pub fn watch<R>(&self, name: OperationName) -> Watch<R> {
        self.watch_with(Registration::new(name))
    }

    /// As [`watch`](Self::watch), for an operation with settings of its own.
    pub fn watch_with<R>(&self, registration: Registration) -> Watch<R> {
        let wanted = self.wanted(registration);
        let seat = self.0.0.with(|state| state.watch(wanted));
        Watch::new(self.0.clone(), seat)
    }

    /// As [`watch`](Self::watch), for an operation that a starting call has just returned: see [`Registration::started`].
    ///
    /// # Errors
    ///
    /// As [`Registration::started`].
    pub fn started<R>(&self, operation: Operation) -> Result<Watch<R>, Status> {
        Ok(self.watch_with(Registration::started(operation)?))
    }

    /// As [`watch`](Self::watch) without a future: the outcome comes among the [`completions`](Self::completions).
    ///
    /// # Errors
    ///
    /// `FAILED_PRECONDITION` of [`Origin::StoppedAsking`](lro::Origin::StoppedAsking) after [`drain`](Self::drain) and after
    /// a shutdown, `RESOURCE_EXHAUSTED` if four billion operations are waited for.
    pub fn register(&self, name: OperationName) -> Result<(), Status> {
        self.register_with(Registration::new(name))
    }

    /// As [`register`](Self::register), for an operation with settings of its own.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register).
    pub fn register_with(&self, registration: Registration) -> Result<(), Status> {
        let wanted = self.wanted(registration);
        self.0.0.with(|state| state.register(wanted))
    }

    /// As [`register`](Self::register), for the operations of saved handles, such as those of a [`shutdown`](Self::shutdown).
    ///
    /// A handle carries the kind, so a fleet of several types of responses goes on where it was.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if a handle belongs to another service; then none is registered. Otherwise as
    /// [`register`](Self::register).
    pub fn register_handles<'a>(&self, handles: impl IntoIterator<Item = &'a Handle>) -> Result<(), Status> {
        let service = &self.0.0.settings.service;
        let registrations = handles.into_iter().map(|handle| Registration::resumed(handle, service));
        for registration in registrations.collect::<Result<Vec<_>, _>>()? {
            self.register_with(registration)?;
        }
        Ok(())
    }

    /// Returns the outcomes of the operations that were [registered](Self::register), as they come.
    ///
    /// Several of these streams share them: each outcome is returned once. Up to
    /// [`most_completions`](FleetBuilder::most_completions) are kept until they are taken. After that no calls are made about
    /// registered operations until there is room, so no outcome is lost. What ends without a call of its own,
    /// by its deadline or in a list, may come on top, and so may what is watched too.
    pub fn completions(&self) -> Completions {
        Completions::new(self.0.clone())
    }

    /// Accepts no more operations, so the [`completions`](Self::completions) end after the last outcome.
    ///
    /// ```
    /// # use futures::StreamExt;
    /// # async fn example(fleet: lro_fleet::Fleet) {
    /// fleet.drain();
    /// let mut completions = fleet.completions();
    /// while let Some(completion) = completions.next().await {
    ///     println!("{}: {:?}", completion.name(), completion.outcome());
    /// }
    /// # }
    /// ```
    pub fn drain(&self) {
        self.0.0.with(State::drain);
    }

    /// Asks the server to cancel an operation, which need not be one of the fleet. Then its next poll is due at once.
    ///
    /// Success means that the server accepted the request. The wait ends as before: with the outcome of the operation.
    /// The request counts against the rate. It is retried as a poll is.
    ///
    /// # Errors
    ///
    /// The failed call. `UNIMPLEMENTED` if the service does not cancel operations.
    pub async fn cancel(&self, name: &OperationName) -> Result<(), Status> {
        let shared = &self.0.0;
        let key = shared.naming.key(name)?;
        cancel(shared, name, &key).await?;
        shared.with(|state| state.hasten(name));
        Ok(())
    }

    /// Stops the wait for an operation, and returns its handle. `None` if the fleet does not wait for it.
    ///
    /// Its watches end with [`Origin::StoppedAsking`](lro::Origin::StoppedAsking), and it has no completion. The operation goes
    /// on.
    pub fn forget(&self, name: &OperationName) -> Option<Handle> {
        self.0.0.with(|state| state.stop(name))
    }

    /// Returns the last snapshot of an operation, with the metadata as `M`, without a call. `None` if the fleet does not
    /// know the name.
    pub fn get<M>(&self, name: &OperationName) -> Option<Snapshot<M>> {
        let (report, next_poll) = self.0.0.with(|state| state.last(name))?;
        Some(self.0.0.snapshot(report, next_poll))
    }

    /// Makes no more calls until [`unpause`](Self::unpause). Those in flight end as usual, and deadlines hold.
    pub fn pause(&self) {
        self.0.0.with(|state| state.set_paused(true));
    }

    /// Makes calls again after [`pause`](Self::pause).
    pub fn unpause(&self) {
        self.0.0.with(|state| state.set_paused(false));
    }

    /// Returns the operations that the fleet waits for.
    ///
    /// The fleet goes on meanwhile, so what ends or begins while this runs may be missing.
    pub fn pending(&self) -> Vec<Pending> {
        // With room for all: a vector that grows under the lock is copied under the lock.
        let (mut pending, mut from) = (Vec::with_capacity(self.metrics().pending), 0);
        self.0.0.piecewise(|state| {
            let next = state.pending(from, AT_ONCE, &mut pending);
            from = next.unwrap_or(from);
            next.is_some()
        });
        pending
    }

    /// Returns up to `most` operations that the fleet waits for, and where the next ones begin. `None` after the last.
    ///
    /// `from` is a position in the memory of the fleet, zero for the first. An operation keeps its position, so a caller that goes
    /// on where it stopped sees each once. Empty positions cost next to nothing: a few operations of a fleet that was large before
    /// are found at once.
    ///
    /// ```
    /// # fn example(fleet: lro_fleet::Fleet) {
    /// let (mut failing, mut from) = (0, Some(0));
    /// while let Some(position) = from {
    ///     let (some, next) = fleet.pending_from(position, 1_000);
    ///     failing += some.iter().filter(|pending| pending.last_failure.is_some()).count();
    ///     from = next;
    /// }
    /// # }
    /// ```
    pub fn pending_from(&self, from: u32, most: u32) -> (Vec<Pending>, Option<u32>) {
        let (mut pending, mut next, most) = (Vec::new(), Some(from), most.max(1) as usize);
        self.0.0.piecewise(|state| {
            let Some(position) = next else { return false };
            let some = AT_ONCE.min(most - pending.len());
            next = state.pending(position, some, &mut pending);
            next.is_some() && pending.len() < most
        });
        (pending, next)
    }

    /// Returns what the fleet has done so far.
    pub fn metrics(&self) -> Metrics {
        self.0.0.with(|state| state.metrics())
    }

    /// Returns the state of the [quota keys](FleetBuilder::quota_key), in no particular order.
    ///
    /// The fleet goes on meanwhile, as for [`pending`](Self::pending).
    ///
    /// ```
    /// # fn example(fleet: lro_fleet::Fleet) {
    /// for key in fleet.quota_keys().iter().filter(|key| key.is_shut) {
    ///     println!("{key}");
    /// }
    /// # }
    /// ```
    pub fn quota_keys(&self) -> Vec<QuotaKey> {
        let (mut keys, mut from) = (Vec::new(), 0);
        self.0.0.piecewise(|state| {
            let add = |name: &str, key| keys.push(QuotaKey { name: name.to_owned(), ..key });
            let next = state.quota_keys(from, KEYS_AT_ONCE, add);
            from = next.unwrap_or(from);
            next.is_some()
        });
        keys
    }

    /// Makes no more calls, waits for those in flight, and returns the handles of what is still pending, by which
    /// [`Wait::resumed`](lro::Wait::resumed) or another fleet ([`register_handles`](Self::register_handles)) goes on.
    ///
    /// The watches of what is pending end with [`Origin::StoppedAsking`](lro::Origin::StoppedAsking). Of several callers the
    /// first gets all handles, the others none. Dropping the future takes nothing back: the waits end all the same, and
    /// another call returns the handles. It also returns them if the task of the fleet has ended before, with its runtime
    /// for example.
    pub async fn shutdown(&self) -> Vec<Handle> {
        self.0.0.with(State::close);
        let listener = Listener::new(self.0.clone());
        poll_fn(|context| listener.poll(context, State::take_handles)).await
    }

    fn wanted(&self, registration: Registration) -> Wanted {
        let shared = &self.0.0;
        let Registration { name, kind, first, tolerance, mut own } = registration;
        own.rules = tolerance.map(|tolerance| Rules { tolerance, ..shared.settings.rules.clone() });
        let kind = kind.map_or_else(|| shared.naming.kind(&name), |kind| Ok(kind.into()));
        let (kind, key, refusal) = match (kind, shared.naming.key(&name)) {
            (Ok(kind), Ok(key)) => (kind, key, None),
            (Err(panicked), _) | (_, Err(panicked)) => (Arc::from(""), String::new(), Some(panicked)),
        };
        let own = (!own.is_default()).then(|| Arc::new(own));
        Wanted { name, kind, key, first, own, refusal }
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metrics = self.metrics();
        f.debug_struct("Fleet")
            .field("service", &format_args!("{}", self.0.0.settings.service))
            .field("pending", &metrics.pending)
            .field("in_flight", &metrics.in_flight)
            .finish_non_exhaustive()
    }
}

/// The operations that are looked at before others have the lock: less than a millisecond.
const AT_ONCE: usize = 1_024;
/// The quota keys that are looked at before others have the lock: some tenths of a millisecond. Each costs several cache misses
/// and an allocation, so far more than an operation.
pub(crate) const KEYS_AT_ONCE: usize = 256;
