//! A value that all open pages share: one computation at a time, and not all the time.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

/// The last value of a computation.
#[derive(Clone, Debug)]
pub(crate) struct Computed<T> {
    pub(crate) value: T,
    /// How long the computation took.
    pub(crate) took: Duration,
    /// Whether it succeeded.
    is_good: bool,
    at: Instant,
}

impl<T> Computed<T> {
    /// Returns the time since the computation ended.
    pub(crate) fn age(&self) -> Duration {
        self.at.elapsed()
    }

    fn is_fresh(&self) -> bool {
        // A fault that took long is not kept for long: the next try may succeed.
        let rest = if self.is_good { self.took * SHARE } else { Duration::ZERO };
        self.age() < FRESH_FOR.max(rest)
    }
}

/// A computation whose value is shared.
#[derive(Debug)]
pub(crate) struct Fresh<T> {
    last: watch::Sender<Option<Arc<Computed<T>>>>,
    is_computing: AtomicBool,
}

impl<T: Send + Sync + 'static> Fresh<T> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { last: watch::channel(None).0, is_computing: AtomicBool::new(false) })
    }

    /// Returns the last value if it is fresh. Otherwise it is computed, by this call or by another one. The computation returns also
    /// whether it succeeded.
    ///
    /// A computation that takes long is not waited for: the value is then the one before, and `None` at first. It goes on if its caller
    /// ends, so a page that is closed starts no second one.
    pub(crate) async fn get<F>(self: &Arc<Self>, compute: impl FnOnce() -> F) -> Option<Arc<Computed<T>>>
    where
        F: Future<Output = (T, bool)> + Send + 'static,
    {
        let mut last = self.last.subscribe();
        last.mark_unchanged();
        if !self.is_fresh() {
            self.begin(compute);
            let _ = timeout(PATIENCE, last.changed()).await;
        }
        last.borrow().clone()
    }

    /// As [`get`](Self::get), but a value of up to a minute ago is as good. An older one is returned while the next one is computed.
    pub(crate) async fn recent<F>(self: &Arc<Self>, compute: impl FnOnce() -> F) -> Option<Arc<Computed<T>>>
    where
        F: Future<Output = (T, bool)> + Send + 'static,
    {
        let last = self.last.borrow().clone();
        let Some(last) = last.filter(|last| last.is_good) else { return self.get(compute).await };
        if last.age() > RECENT_FOR {
            self.begin(compute);
        }
        Some(last)
    }

    fn is_fresh(&self) -> bool {
        self.last.borrow().as_ref().is_some_and(|last| last.is_fresh())
    }

    fn begin<F>(self: &Arc<Self>, compute: impl FnOnce() -> F)
    where
        F: Future<Output = (T, bool)> + Send + 'static,
    {
        if self.is_computing.swap(true, Ordering::AcqRel) {
            return;
        }
        let computing = Computing(Arc::clone(self));
        // Another one may have ended since the caller looked.
        if self.is_fresh() {
            return;
        }
        let value = compute();
        tokio::spawn(async move {
            let began = Instant::now();
            let (value, is_good) = value.await;
            let computed = Computed { value, took: began.elapsed(), is_good, at: Instant::now() };
            // The next one may begin before the waiting callers see this value, which is fresh.
            computing.0.last.send_replace(Some(Arc::new(computed)));
            drop(computing);
        });
    }
}

/// Lets the next computation begin, also after a panic.
struct Computing<T>(Arc<Fresh<T>>);

impl<T> Drop for Computing<T> {
    fn drop(&mut self) {
        self.0.is_computing.store(false, Ordering::Release);
    }
}

/// From the end of a computation to the next one. People see no difference below some seconds.
const FRESH_FOR: Duration = Duration::from_secs(5);
/// For how long a value is good that changes rarely.
const RECENT_FOR: Duration = Duration::from_secs(60);
/// A computation is at most one part in so many of the time, so that claims keep theirs.
const SHARE: u32 = 20;
/// How long a page waits for counts. The first one must be there within a second.
const PATIENCE: Duration = Duration::from_millis(700);

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use tokio::time::{advance, sleep};

    use super::*;

    /// A computation that takes a time, and returns how many there were before.
    fn slow(count: &Arc<AtomicU32>, time: Duration) -> impl Future<Output = (u32, bool)> + Send + use<> {
        let count = Arc::clone(count);
        async move {
            let before = count.fetch_add(1, Ordering::Relaxed);
            sleep(time).await;
            (before, true)
        }
    }

    // g29
    #[tokio::test(start_paused = true)]
    async fn pages_share_a_computation_and_its_age() {
        let (fresh, count) = (Fresh::new(), Arc::new(AtomicU32::new(0)));
        let time = Duration::from_millis(100);
        let calls = (0..20).map(|_| fresh.get(|| slow(&count, time)));
        let seen = futures::future::join_all(calls).await;
        assert!(seen.iter().all(|seen| seen.as_ref().unwrap().value == 0), "{seen:?}");
        advance(Duration::from_millis(4_900)).await;
        let same = fresh.get(|| slow(&count, time)).await.unwrap();
        assert_eq!((same.value, same.age(), same.took), (0, Duration::from_millis(4_900), time));
        advance(Duration::from_millis(101)).await;
        let next = fresh.get(|| slow(&count, time)).await.unwrap();
        assert_eq!((next.value, next.age(), count.load(Ordering::Relaxed)), (1, Duration::ZERO, 2));
    }

    // g29
    #[tokio::test(start_paused = true)]
    async fn slow_computations_are_not_waited_for_and_rest_longer() {
        let (fresh, count) = (Fresh::new(), Arc::new(AtomicU32::new(0)));
        let time = Duration::from_secs(2);
        let began = Instant::now();
        assert!(fresh.get(|| slow(&count, time)).await.is_none());
        assert_eq!(began.elapsed(), PATIENCE);
        // The page was closed. Its computation goes on, alone.
        assert!(fresh.get(|| slow(&count, time)).await.is_none());
        assert_eq!(count.load(Ordering::Relaxed), 1);
        sleep(time).await;
        assert_eq!(fresh.get(|| slow(&count, time)).await.unwrap().value, 0);
        advance(Duration::from_secs(38)).await;
        assert_eq!(fresh.get(|| slow(&count, time)).await.unwrap().value, 0);
        advance(Duration::from_secs(2)).await;
        // The value before, while the next one is computed.
        assert_eq!(fresh.get(|| slow(&count, time)).await.unwrap().value, 0);
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fault_that_took_long_is_soon_tried_again() {
        let (fresh, count) = (Fresh::new(), Arc::new(AtomicU32::new(0)));
        let fails = || async {
            sleep(Duration::from_secs(30)).await;
            (7, false)
        };
        assert!(fresh.get(fails).await.is_none());
        sleep(Duration::from_secs(30)).await;
        assert_eq!(fresh.get(fails).await.unwrap().value, 7);
        advance(FRESH_FOR).await;
        assert_eq!(fresh.get(|| slow(&count, Duration::from_millis(1))).await.unwrap().value, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_ends_one_computation_only() {
        let fresh = Fresh::<u32>::new();
        assert!(fresh.get(|| async { panic!("in the store") }).await.is_none());
        assert_eq!(fresh.get(|| async { (1, true) }).await.unwrap().value, 1);
    }
}
