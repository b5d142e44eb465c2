use std::{fmt, future::poll_fn, sync::Arc};

use lro::{Handle, LroTransport, Operation, OperationName, Snapshot, Status, rules::Rules};
use tracing::debug;

use crate::{
    Completions, FleetBuilder, Metrics, Pending, QuotaKey, Registration, Watch,
    caller::{SUBSCRIBER, run},
    cancel::cancel,
    completions::Listener,
    shared::Hold,
    state::{State, Wanted},
};

/// Waits for very many operations, by one task and under one quota.
///
/// Cloning is cheap, and all clones are the same fleet. The task ends when the last clone, the last [`Watch`] and the last
/// [`Completions`] are dropped. No more calls are made then, and the operations go on.
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
    /// Creates the builder of a fleet that makes its calls by this transport.
    pub fn builder(transport: impl LroTransport + 'static) -> FleetBuilder {
        FleetBuilder::new(Arc::new(transport))
    }

    pub(crate) fn new(hold: Arc<Hold>) -> Self {
        Self(hold)
    }

    /// Waits for an operation, and decodes its response as `R`.
    ///
    /// The watch is a future of the outcome, and a stream of snapshots. It ends as [`poll_until_done`](lro::poll_until_done)
    /// does.
    ///
    /// The polls begin now, whether the watch is awaited or not. Dropping the last watch of a name stops the polls. The operation
    /// goes on.
    ///
    /// A name is polled once. Another watch of it joins the wait that exists, with the deadline of that wait, also if the
    /// operation is done. If that wait has failed, a new one begins.
    pub fn watch<R>(&self, name: OperationName) -> Watch<R> {
        self.watch_with(Registration::new(name))
    }

    /// Waits for an operation with settings of its own, as [`watch`](Self::watch) does.
    ///
    /// A watch that joins a wait has the settings of that wait. An event of level `DEBUG` reports that its own do not apply.
    pub fn watch_with<R>(&self, registration: Registration) -> Watch<R> {
        let wanted = self.wanted(registration);
        let (seat, overruled) = self.0.0.with(|state| state.watch(wanted));
        report_overruled(overruled);
        Watch::new(self.0.clone(), seat)
    }

    /// Waits for an operation that a starting call has just returned, as [`watch`](Self::watch) does.
    ///
    /// [`Registration::started`] says what differs.
    ///
    /// # Errors
    ///
    /// As [`Registration::started`].
    pub fn started<R>(&self, operation: Operation) -> Result<Watch<R>, Status> {
        Ok(self.watch_with(Registration::started(operation)?))
    }

    /// Waits for an operation without a future. Its outcome is one of the [`completions`](Self::completions).
    ///
    /// # Errors
    ///
    /// - `FAILED_PRECONDITION` with [`Origin::StoppedAsking`](lro::Origin::StoppedAsking) after [`drain`](Self::drain) and
    ///   after a shutdown.
    /// - `RESOURCE_EXHAUSTED` if the fleet has four billion operations.
    pub fn register(&self, name: OperationName) -> Result<(), Status> {
        self.register_with(Registration::new(name))
    }

    /// Waits for an operation with settings of its own, as [`register`](Self::register) does.
    ///
    /// A registration that joins a wait has the deadline, the pacing, the tolerance and the kind of that wait, and its own tag. One that
    /// is made twice before its completion is taken has the tag of the first. An event of level `DEBUG` reports that settings do not
    /// apply.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register).
    pub fn register_with(&self, registration: Registration) -> Result<(), Status> {
        let wanted = self.wanted(registration);
        report_overruled(self.0.0.with(|state| state.register(wanted))?);
        Ok(())
    }

    /// Registers the operations of saved handles, such as those of a [`shutdown`](Self::shutdown).
    ///
    /// A handle has the kind of its operation, and no other setting of a [`Registration`].
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if a handle belongs to another service. No handle is registered then. Otherwise as
    /// [`register`](Self::register).
    pub fn register_handles<'a>(&self, handles: impl IntoIterator<Item = &'a Handle>) -> Result<(), Status> {
        let service = &self.0.0.settings.service;
        let registrations = handles.into_iter().map(|handle| Registration::resumed(handle, service));
        for registration in registrations.collect::<Result<Vec<_>, _>>()? {
            self.register_with(registration)?;
        }
        Ok(())
    }

    /// Returns the outcomes of the operations that were [registered](Self::register), as a stream.
    ///
    /// Several streams share the outcomes. Each outcome is returned once.
    ///
    /// The fleet keeps up to [`most_completions`](FleetBuilder::most_completions) outcomes that no stream has returned. It then
    /// polls no registered operation until there is room, so no outcome is lost. An operation that ends without a poll of its own, at
    /// its deadline or in a list, may exceed the limit, as may one that is watched too.
    pub fn completions(&self) -> Completions {
        Completions::new(self.0.clone())
    }

    /// Accepts no more operations. The [`completions`](Self::completions) then end after the last outcome.
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

    /// Asks the server to cancel an operation.
    ///
    /// `Ok` means that the server accepted the request. The next poll is then due at once, or after the delay that the server asked for
    /// with its last reply. The wait ends with the outcome of the operation. The fleet need not know the name. The request counts
    /// against the rate, and is retried as a poll is.
    ///
    /// # Errors
    ///
    /// The status of the failed call. `UNIMPLEMENTED`, without a call, if the transport does not
    /// [declare](LroTransport::capabilities) the call to cancel.
    pub async fn cancel(&self, name: &OperationName) -> Result<(), Status> {
        let shared = &self.0.0;
        let key = shared.naming.key(name)?;
        cancel(shared, name, &key).await?;
        shared.with(|state| state.hasten(name));
        Ok(())
    }

    /// Ends the wait for an operation, and returns its handle. Returns `None` if the fleet does not wait for it.
    ///
    /// Its watches end with [`Origin::StoppedAsking`](lro::Origin::StoppedAsking). The completions do not return it. The
    /// operation goes on.
    pub fn forget(&self, name: &OperationName) -> Option<Handle> {
        self.0.0.with(|state| state.stop(name))
    }

    /// Returns the last snapshot of an operation, with the metadata as `M`. Returns `None` if the fleet does not know the name.
    ///
    /// No call is made.
    pub fn get<M>(&self, name: &OperationName) -> Option<Snapshot<M>> {
        let (report, next_poll) = self.0.0.with(|state| state.last(name))?;
        Some(self.0.0.snapshot(report, next_poll))
    }

    /// Makes no more calls until [`unpause`](Self::unpause).
    ///
    /// Calls in flight end as usual. Deadlines hold.
    pub fn pause(&self) {
        self.0.0.with(|state| state.set_paused(true));
    }

    /// Ends a [`pause`](Self::pause).
    pub fn unpause(&self) {
        self.0.0.with(|state| state.set_paused(false));
    }

    /// Returns the operations that the fleet waits for.
    ///
    /// The fleet does not stop meanwhile. An operation that ends or is added while this runs may be missing.
    pub fn pending(&self) -> Vec<Pending> {
        // A vector that grows under the lock is copied under the lock.
        let (mut pending, mut from) = (Vec::with_capacity(self.metrics().pending), 0);
        self.0.0.piecewise(|state| {
            let next = state.pending(from, AT_ONCE, &mut pending);
            from = next.unwrap_or(from);
            next.is_some()
        });
        pending
    }

    /// Returns up to `most` operations that the fleet waits for, and the position of the next one. It is `None` after the last.
    ///
    /// `from` is a position in the table of the fleet, 0 for the first. An operation keeps its position, so a caller that continues
    /// from the returned position sees each operation once. Positions that are not in use are skipped at almost no cost.
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

    /// Returns the counters of the fleet.
    pub fn metrics(&self) -> Metrics {
        self.0.0.with(|state| state.metrics())
    }

    /// Returns the state of each [quota key](FleetBuilder::quota_key), in no particular order.
    ///
    /// The fleet does not stop meanwhile. A key that is added while this runs may be missing.
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

    /// Ends all waits, and returns the handles of the operations that are still pending.
    ///
    /// [`register_handles`](Self::register_handles) of another fleet and [`Wait::resumed`](lro::Wait::resumed) continue with a
    /// handle. It has the service, the version, the name and the kind. It does not have the tag, the deadline, the pacing and the
    /// tolerance of the [`Registration`], nor the age and the polls of the wait.
    ///
    /// - Calls in flight are waited for. An operation that one of them finds done ends as usual.
    /// - Watches of pending operations end with [`Origin::StoppedAsking`](lro::Origin::StoppedAsking).
    /// - [`completions`](Self::completions) still return the outcomes that were not taken, and then end. These operations have no
    ///   handle.
    ///
    /// Of several callers, the first gets all handles. Dropping the future does not undo the shutdown: the waits end, and another
    /// call returns the handles. This also holds if the task of the fleet has ended before, for example with its runtime.
    pub async fn shutdown(&self) -> Vec<Handle> {
        self.0.0.with(State::close);
        let listener = Listener::new(self.0.clone());
        poll_fn(|context| listener.poll(context, State::take_handles)).await
    }

    fn wanted(&self, registration: Registration) -> Wanted {
        let shared = &self.0.0;
        let Registration { name, kind, first, tag, tolerance, mut own } = registration;
        let (has_own_kind, tag) = (kind.is_some(), tag.map(String::into_boxed_str));
        own.rules = tolerance.map(|tolerance| Rules { tolerance, ..shared.settings.rules.clone() });
        let kind = kind.map_or_else(|| shared.naming.kind(&name), |kind| Ok(kind.into()));
        let (kind, key, refusal) = match (kind, shared.naming.key(&name)) {
            (Ok(kind), Ok(key)) => (kind, key, None),
            (Err(panicked), _) | (_, Err(panicked)) => (Arc::from(""), String::new(), Some(panicked)),
        };
        let own = (!own.is_default()).then(|| Arc::new(own));
        Wanted { name, kind, has_own_kind, key, tag, first, own, refusal }
    }
}

/// Reports that settings do not apply, because the operation was waited for already.
fn report_overruled(name: Option<OperationName>) {
    if let Some(name) = name {
        run(SUBSCRIBER, || {
            debug!(
                lro.operation = name.as_str(),
                "settings do not apply: the operation is waited for already"
            );
        });
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

/// The operations that are visited while the lock is held: less than a millisecond.
const AT_ONCE: usize = 1_024;
/// The quota keys that are visited while the lock is held: some tenths of a millisecond. A key costs several cache misses and an
/// allocation, far more than an operation.
pub(crate) const KEYS_AT_ONCE: usize = 256;
