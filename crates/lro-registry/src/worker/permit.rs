use std::{
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use lro::Permit;
use tokio::{sync::Notify, time::Instant};

/// The permission of one call. It can be used for a short time after the claim, and again after another claim of its record.
#[derive(Debug)]
pub(super) struct CallPermit {
    state: Mutex<State>,
    /// Notified when a call waits for a permission that has ended.
    waits: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    /// When the permission was given.
    given_at: Instant,
    expires: Instant,
    taken_at: Option<Instant>,
    is_revoked: bool,
    /// Of the call that waits for the permission.
    taker: Option<Waker>,
    /// Of the task that drives the call, until it is revoked.
    driver: Option<Waker>,
}

impl CallPermit {
    pub(super) fn until(expires: Instant, given_at: Instant, waits: Arc<Notify>) -> Self {
        let (taken_at, taker, driver) = (None, None, None);
        Self {
            state: Mutex::new(State { given_at, expires, taken_at, is_revoked: false, taker, driver }),
            waits,
        }
    }

    /// Returns when the call was sent.
    pub(super) fn taken_at(&self) -> Option<Instant> {
        self.lock().taken_at
    }

    /// Returns when the permission was given.
    pub(super) fn given_at(&self) -> Instant {
        self.lock().given_at
    }

    /// Returns whether the call has a connection, and waits for a permission.
    pub(super) fn is_waiting(&self) -> bool {
        let state = self.lock();
        state.taken_at.is_none() && state.taker.is_some()
    }

    /// Lets a call that waits be sent until a later time.
    pub(super) fn renew(&self, expires: Instant, now: Instant) {
        let wakers = {
            let mut state = self.lock();
            (state.expires, state.given_at) = (expires, now);
            [state.taker.take(), state.driver.take()]
        };
        wake(wakers);
    }

    /// Ends the call, whether it was sent or not.
    pub(super) fn revoke(&self) {
        let wakers = {
            let mut state = self.lock();
            state.is_revoked = true;
            [state.taker.take(), state.driver.take()]
        };
        wake(wakers);
    }

    /// Waits until the call may be sent.
    pub(super) async fn take(&self) {
        poll_fn(|context| self.poll_take(context)).await;
    }

    /// Waits until the call is to end.
    pub(super) async fn revoked(&self) {
        poll_fn(|context| {
            let mut state = self.lock();
            if state.is_revoked {
                return Poll::Ready(());
            }
            let old = state.driver.replace(context.waker().clone());
            drop(state);
            drop(old);
            Poll::Pending
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
        if now < state.expires && !state.is_revoked {
            state.taken_at = Some(now);
            return Poll::Ready(());
        }
        let old = state.taker.replace(context.waker().clone());
        drop(state);
        drop(old);
        self.waits.notify_one();
        Poll::Pending
    }
}

/// Wakers are code of the runtime, so they run without the lock.
fn wake(wakers: [Option<Waker>; 2]) {
    wakers.into_iter().flatten().for_each(Waker::wake);
}
