use std::{
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use lro::Permit;
use tokio::time::Instant;

/// The permission of one call. It can be used for a short time after the claim, and again after another claim of its record.
#[derive(Debug)]
pub(super) struct CallPermit(Mutex<State>);

#[derive(Debug)]
struct State {
    expires: Instant,
    taken_at: Option<Instant>,
    waker: Option<Waker>,
}

impl CallPermit {
    pub(super) fn until(expires: Instant) -> Self {
        Self(Mutex::new(State { expires, taken_at: None, waker: None }))
    }

    /// Returns when the call was sent.
    pub(super) fn taken_at(&self) -> Option<Instant> {
        self.lock().taken_at
    }

    /// Lets a call that waits be sent until a later time.
    pub(super) fn renew(&self, expires: Instant) {
        let waker = {
            let mut state = self.lock();
            state.expires = expires;
            state.waker.take()
        };
        // A waker is code of the caller's runtime, so it runs without the lock.
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Ends the permission, unless the call has been sent. Returns whether it was not.
    pub(super) fn expire(&self, now: Instant) -> bool {
        let mut state = self.lock();
        state.expires = state.expires.min(now);
        state.taken_at.is_none()
    }

    /// Waits until the call may be sent.
    pub(super) async fn take(&self) {
        poll_fn(|context| self.poll_take(context)).await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit for CallPermit {
    fn poll_take(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.taken_at.is_some() {
            return Poll::Ready(());
        }
        // Read with the lock held: a call that waited for the lock is sent after that.
        let now = Instant::now();
        if now < state.expires {
            state.taken_at = Some(now);
            return Poll::Ready(());
        }
        let old = state.waker.replace(context.waker().clone());
        drop(state);
        drop(old);
        Poll::Pending
    }
}
