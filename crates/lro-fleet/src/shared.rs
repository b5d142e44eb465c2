use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use lro::LroTransport;

use crate::{builder::Naming, state::State};

/// What the handles of a fleet and its task share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) transport: Arc<dyn LroTransport>,
    pub(crate) naming: Naming,
    state: Mutex<State>,
}

/// Held by all who may want something of the fleet: its task ends with the last.
#[derive(Debug)]
pub(crate) struct Hold(pub(crate) Arc<Shared>);

impl Shared {
    pub(crate) fn new(transport: Arc<dyn LroTransport>, naming: Naming, state: State) -> Self {
        Self { transport, naming, state: Mutex::new(state) }
    }

    /// Does something with the state, then wakes those whom it concerns.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let done = act(&mut state);
        let (woken, discarded) = state.take_wakers();
        drop(state);
        // A waker may come back for the lock, woken or dropped.
        drop(discarded);
        woken.into_iter().for_each(Waker::wake);
        done
    }

    /// Nothing is half done when a thread panics with the lock: code of others runs without it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.with(|state| state.end_all("the fleet was dropped"));
    }
}
