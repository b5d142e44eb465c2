use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use lro::{LroTransport, Report, Snapshot};
use tracing::warn;

use crate::{
    builder::{Naming, Settings},
    caller::{SUBSCRIBER, drop_each, run},
    gate::Gates,
    lock::lock,
    state::{Leftovers, State},
};

/// The state that the handles of a fleet share with its task.
pub(crate) struct Shared {
    pub(crate) transport: Arc<dyn LroTransport>,
    pub(crate) naming: Naming,
    pub(crate) settings: Arc<Settings>,
    pub(crate) gates: Gates,
    state: Mutex<State>,
    /// The number of threads that wait for the lock.
    waiting: AtomicUsize,
}

/// A reference that the handles, watches and completions of a fleet hold. The task ends when the last is dropped.
pub(crate) struct Hold(pub(crate) Arc<Shared>);

impl Shared {
    pub(crate) fn new(
        transport: Arc<dyn LroTransport>,
        naming: Naming,
        settings: Arc<Settings>,
        gates: Gates,
        state: State,
    ) -> Self {
        Self { transport, naming, settings, gates, state: Mutex::new(state), waiting: AtomicUsize::new(0) }
    }

    /// Runs `act` with the lock, and then wakes tasks without the lock.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let mut state = lock(&self.state);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let done = act(&mut state);
        let Leftovers { woken, discarded, litter } = state.take_leftovers();
        drop(state);
        // A waker is code of the caller. It may take the lock, or panic. The others are woken nevertheless.
        drop_each("a waker", discarded);
        drop_each("a destructor", litter);
        for waker in woken {
            run("a waker", || waker.wake());
        }
        done
    }

    /// Runs `act` with the lock repeatedly, while it returns true. A thread that waits for the lock gets it between two runs.
    pub(crate) fn piecewise(&self, mut act: impl FnMut(&mut State) -> bool) {
        while self.with(&mut act) {
            for _ in 0..TURNS {
                if self.waiting.load(Ordering::Relaxed) == 0 {
                    break;
                }
                thread::yield_now();
            }
        }
    }

    /// Returns a snapshot of an operation. It is made without the lock, because it runs code of the caller.
    pub(crate) fn snapshot<M>(&self, report: Report, next_poll: Option<Duration>) -> Snapshot<M> {
        let mut share = None;
        run("the progress of a snapshot", || share = self.settings.share_of(report.last_metadata.as_ref()));
        Snapshot::new(report, next_poll).with_progress(share)
    }

    /// Ends all waits.
    pub(crate) fn end_all(&self, why: &str) {
        self.piecewise(|state| state.end_some(why));
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.end_all("the fleet was dropped");
        let left = self.0.with(State::take_handles).unwrap_or_default().len();
        if left > 0 {
            run(SUBSCRIBER, || {
                warn!(left, "a fleet was dropped, and its registered operations are no longer polled")
            });
        }
    }
}

/// The yields between two runs. A thread that waits for the lock gets it after a few of them, because the system runs it within some
/// microseconds.
const TURNS: usize = 64;
