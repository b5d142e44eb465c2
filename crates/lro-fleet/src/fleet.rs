use std::{future::poll_fn, sync::Arc};

use lro::{Handle, LroTransport, OperationName, Status};

use crate::{
    Completions, FleetBuilder, Metrics, Pending, Watch,
    completions::Listener,
    shared::Hold,
    state::{State, Wanted},
};

/// Very many operations, waited for by one task under one budget.
///
/// Cloning is cheap, and all clones are the same fleet. Its task ends when the last of them, of its [`Watch`]es and of
/// its [`Completions`] is dropped: then nothing is asked any more, and the operations go on.
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
#[derive(Clone, Debug)]
pub struct Fleet(Arc<Hold>);

impl Fleet {
    /// A fleet that asks by this transport.
    pub fn builder(transport: impl LroTransport + 'static) -> FleetBuilder {
        FleetBuilder::new(Arc::new(transport))
    }

    pub(crate) fn new(hold: Arc<Hold>) -> Self {
        Self(hold)
    }

    /// Waits for an operation, and decodes its response as `R`: a future of the outcome and a stream of snapshots, which
    /// ends as [`poll_until_done`](lro::poll_until_done) does.
    ///
    /// An operation that is watched already is not asked about twice: the wait is the one that is there, with its deadline,
    /// and with its end if it has ended in a failure that somebody still keeps a watch of. It is asked about from now on,
    /// whether the watch is awaited or not. Dropping the last watch of a name stops that, and nothing else.
    pub fn watch<R>(&self, name: OperationName) -> Watch<R> {
        let wanted = self.wanted(name);
        let seat = self.0.0.with(|state| state.watch(wanted));
        Watch::new(self.0.clone(), seat)
    }

    /// As [`watch`](Self::watch) without a future: the outcome comes among the [`completions`](Self::completions).
    ///
    /// # Errors
    ///
    /// `FAILED_PRECONDITION` of [`Origin::StoppedAsking`](lro::Origin::StoppedAsking) after a shutdown,
    /// `RESOURCE_EXHAUSTED` if four billion operations are waited for.
    pub fn register(&self, name: OperationName) -> Result<(), Status> {
        let wanted = self.wanted(name);
        self.0.0.with(|state| state.register(wanted))
    }

    /// The outcomes of the operations that were [registered](Self::register), as they come.
    ///
    /// Several of these streams share them: each outcome is handed out once. Up to
    /// [`most_completions`](FleetBuilder::most_completions) are kept until they are taken; after that nothing more is
    /// asked about registered operations until there is room, so no outcome is lost. What ends without a call of its own,
    /// by its deadline or in a list, may come on top, and so may what is watched too.
    pub fn completions(&self) -> Completions {
        Completions::new(self.0.clone())
    }

    /// Makes no more calls until [`unpause`](Self::unpause). Those in flight end as usual, and deadlines hold.
    pub fn pause(&self) {
        self.0.0.with(|state| state.set_paused(true));
    }

    /// Goes on after [`pause`](Self::pause).
    pub fn unpause(&self) {
        self.0.0.with(|state| state.set_paused(false));
    }

    /// What is waited for, and how it is going.
    ///
    /// Other handles of the fleet are not kept waiting meanwhile, so what ends or begins while this runs may be missing.
    pub fn pending(&self) -> Vec<Pending> {
        let mut pending = Vec::new();
        let mut from = Some(0);
        while let Some(first) = from {
            from = self.0.0.with(|state| state.pending(first, AT_ONCE, &mut pending));
        }
        pending
    }

    /// What was done so far.
    pub fn metrics(&self) -> Metrics {
        self.0.0.with(|state| state.metrics())
    }

    /// Makes no more calls, waits for those in flight, and hands back what is still pending, by which
    /// [`Wait::resumed`](lro::Wait::resumed) or another fleet can go on.
    ///
    /// The watches of what is pending end with [`Origin::StoppedAsking`](lro::Origin::StoppedAsking). Of several callers the
    /// first is handed all, the others nothing. Dropping the future takes nothing back: the waits end all the same, and it can
    /// be called again for what is to be handed back.
    pub async fn shutdown(&self) -> Vec<Handle> {
        self.0.0.with(State::close);
        let listener = Listener::new(self.0.clone());
        poll_fn(|context| listener.poll(context, State::take_handles)).await
    }

    fn wanted(&self, name: OperationName) -> Wanted {
        let naming = &self.0.0.naming;
        Wanted { kind: naming.kind(&name), key: naming.key(&name), name }
    }
}

/// So many operations are looked at before others have their turn.
const AT_ONCE: u32 = 4_096;
