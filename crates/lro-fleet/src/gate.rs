use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use lro::Permit;
use lro_control::{Rate, Window};
use tokio::time::{Sleep, sleep_until};

use crate::clock::{Source, Time};

/// Holds the calls of each quota key against the rate in the moment in which they are sent.
///
/// The lanes decide about a call earlier: a connection or a credential may delay it, and then many leave at once.
#[derive(Debug)]
pub(crate) struct Gates {
    rate: Option<Rate>,
    source: Source,
    windows: Mutex<HashMap<usize, Arc<Mutex<Window>>>>,
}

/// The permit of one call.
#[derive(Debug)]
struct CallPermit {
    window: Arc<Mutex<Window>>,
    source: Source,
    /// Until the window opens. `None` once the permit was taken, and before it is waited for.
    timer: Mutex<Timer>,
}

#[derive(Debug, Default)]
enum Timer {
    #[default]
    Unset,
    Set(Pin<Box<Sleep>>),
    Taken,
}

impl Gates {
    pub(crate) fn new(rate: Option<Rate>, source: Source) -> Self {
        Self { rate, source, windows: Mutex::default() }
    }

    /// Returns the permit of a call under a key. `None` if there is no rate.
    pub(crate) fn permit(&self, key: usize) -> Option<Arc<dyn Permit>> {
        let rate = self.rate?;
        let window =
            lock(&self.windows).entry(key).or_insert_with(|| Arc::new(Mutex::new(Window::new(rate)))).clone();
        Some(Arc::new(CallPermit { window, source: self.source, timer: Mutex::default() }))
    }
}

impl CallPermit {
    /// Counts the call if the window is open. Otherwise returns when it opens.
    fn count(&self) -> Result<(), Time> {
        let mut window = lock(&self.window);
        // Read with the lock held: a call that waited for the lock is sent after that.
        let now = self.source.now();
        let opens_at = Time::of(Some(window.opens_at()));
        if opens_at > now {
            return Err(opens_at);
        }
        window.count(now.since_start());
        Ok(())
    }
}

impl Permit for CallPermit {
    fn poll_take(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut timer = lock(&self.timer);
        loop {
            match &mut *timer {
                Timer::Taken => return Poll::Ready(()),
                Timer::Set(sleep) => ready!(sleep.as_mut().poll(context)),
                Timer::Unset => {}
            }
            *timer = match self.count() {
                Ok(()) => Timer::Taken,
                Err(opens_at) => match self.source.instant(opens_at) {
                    Some(at) => Timer::Set(Box::pin(sleep_until(at))),
                    None => return Poll::Pending,
                },
            };
        }
    }
}

/// Nothing is half done when a thread panics with the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
