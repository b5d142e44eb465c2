use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock},
    task::{Context, Poll},
};

use lro::Permit;
use lro_control::{Rate, Window};
use tokio::time::{Sleep, sleep_until};

use crate::{
    clock::{Source, Time},
    lock::lock,
};

/// Counts the calls of each quota key against the rate when they are sent.
///
/// The lanes decide about a call earlier. A connection or a credential may then delay calls, so that many are sent at once.
#[derive(Debug)]
pub(crate) struct Gates {
    rate: Option<Rate>,
    /// Whether the transport takes permits, so that it is known when a call is sent.
    permits: bool,
    source: Source,
    windows: Mutex<HashMap<usize, Arc<Mutex<Window>>>>,
}

/// The permit of one call.
#[derive(Debug)]
pub(crate) struct CallPermit {
    window: Option<Arc<Mutex<Window>>>,
    source: Source,
    /// The time until the window opens.
    timer: Mutex<Option<Pin<Box<Sleep>>>>,
    /// When the permit was taken.
    taken_at: OnceLock<Time>,
}

impl Gates {
    pub(crate) fn new(rate: Option<Rate>, permits: bool, source: Source) -> Self {
        Self { rate, permits, source, windows: Mutex::default() }
    }

    /// Returns the permit of a call under a key. `None` if there is no rate and the transport takes none.
    pub(crate) fn permit(&self, key: usize) -> Option<Arc<CallPermit>> {
        if self.rate.is_none() && !self.permits {
            return None;
        }
        let window = self.rate.map(|rate| {
            let new = || Arc::new(Mutex::new(Window::new(rate)));
            lock(&self.windows).entry(key).or_insert_with(new).clone()
        });
        let (timer, taken_at) = (Mutex::default(), OnceLock::new());
        Some(Arc::new(CallPermit { window, source: self.source, timer, taken_at }))
    }

    /// Returns when a call that was begun at `begun` was sent. `None` if it was not.
    pub(crate) fn sent_at(&self, permit: Option<&CallPermit>, begun: Time) -> Option<Time> {
        match permit {
            Some(permit) if self.permits => permit.taken_at.get().copied(),
            _ => Some(begun),
        }
    }
}

impl CallPermit {
    /// Counts the call if the window is open, and returns the time. Otherwise returns when the window opens.
    fn take(&self) -> Result<Time, Time> {
        let Some(window) = &self.window else {
            return Ok(self.source.now());
        };
        let mut window = lock(window);
        // Read with the lock held, because a call that waited for the lock is sent after it.
        let now = self.source.now();
        let opens_at = Time::of(Some(window.opens_at()));
        if opens_at > now {
            return Err(opens_at);
        }
        window.count(now.since_start());
        Ok(now)
    }

    fn set_timer(&self, timer: Pin<Box<Sleep>>) {
        let last = lock(&self.timer).replace(timer);
        drop(last);
    }
}

impl Permit for CallPermit {
    fn poll_take(&self, context: &mut Context<'_>) -> Poll<()> {
        while self.taken_at.get().is_none() {
            // A timer clones and drops wakers, which are code of the caller: it is polled without the lock. // SPEC 61
            let timer = lock(&self.timer).take();
            if let Some(mut sleep) = timer
                && sleep.as_mut().poll(context).is_pending()
            {
                self.set_timer(sleep);
                return Poll::Pending;
            }
            match self.take() {
                Ok(now) => {
                    let _ = self.taken_at.set(now);
                }
                Err(opens_at) => match self.source.instant(opens_at) {
                    Some(at) => self.set_timer(Box::pin(sleep_until(at))),
                    None => return Poll::Pending,
                },
            }
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Weak, mpsc},
        task::{Wake, Waker},
        thread,
        time::Duration,
    };

    use super::*;

    /// Takes a permit when it is dropped.
    struct Taking(Weak<CallPermit>);

    impl Wake for Taking {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for Taking {
        fn drop(&mut self) {
            let permit = self.0.upgrade().expect("held by the test");
            assert!(permit.poll_take(&mut Context::from_waker(Waker::noop())).is_pending());
        }
    }

    #[test]
    fn a_waker_that_is_replaced_may_take_the_permit() {
        let (done, is_done) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let _inside = runtime.as_ref().map(tokio::runtime::Runtime::enter);
            let gates = Gates::new(Some(Rate::per_minute(1)), true, Source::start());
            let permit = || gates.permit(0).expect("there is a rate");
            let (taken, waiting) = (permit(), permit());
            assert!(taken.poll_take(&mut Context::from_waker(Waker::noop())).is_ready());
            let waker = Waker::from(Arc::new(Taking(Arc::downgrade(&waiting))));
            assert!(waiting.poll_take(&mut Context::from_waker(&waker)).is_pending());
            drop(waker);
            assert!(waiting.poll_take(&mut Context::from_waker(Waker::noop())).is_pending());
            done.send(()).expect("the test waits");
        });
        is_done.recv_timeout(Duration::from_secs(60)).expect("a deadlock, or a panic");
    }
}
