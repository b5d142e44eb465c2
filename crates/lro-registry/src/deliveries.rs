use std::{
    collections::VecDeque,
    fmt,
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::{FutureExt, Stream, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use lro::rules::guard;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tracing::warn;

use crate::{
    Delivery, Registry,
    delivery::{FIRST_PAUSE, LONGEST_PAUSE},
    published,
    pulse::{Pulse, in_time},
    store::{ClaimId, DeliveryRequest, Undelivered},
};

/// The outcomes that are due for delivery. It is a stream that never ends.
///
/// Each outcome is leased to one consumer at a time, and delivered again until it is acknowledged. The order is not that in which
/// the operations ended. A store that is away is asked again with growing pauses.
///
/// ```no_run
/// # use lro_registry::{MemoryStore, Registry};
/// # async fn example(registry: Registry) -> Result<(), Box<dyn std::error::Error>> {
/// let mut deliveries = registry.deliveries();
/// while let Some(delivery) = deliveries.next().await {
///     match delivery.decode::<serde_json::Value>() {
///         Ok(response) => println!("{}: {response}", delivery.key()),
///         // The wait was given up. The polling begins again, with the same deadline from now on.
///         Err(status) if status.may_be_running() => {
///             delivery.poll_again().await?;
///             continue;
///         }
///         // The operation failed, which is an outcome, too.
///         Err(status) => println!("{}: {status}", delivery.key()),
///     }
///     delivery.acknowledge().await?;
/// }
/// # Ok(()) }
/// ```
#[must_use = "outcomes are delivered only while the stream is polled"]
pub struct Deliveries {
    registry: Registry,
    lease: Duration,
    most: usize,
    ready: VecDeque<Undelivered>,
    /// When the lease of those that are ready was asked for.
    leased_at: Instant,
    fetch: Option<BoxFuture<'static, (Instant, Vec<Undelivered>)>>,
}

impl Deliveries {
    pub(crate) fn new(registry: Registry) -> Self {
        let leased_at = Instant::now();
        Self { registry, lease: LEASE, most: 1, ready: VecDeque::new(), leased_at, fetch: None }
    }

    /// Sets the time in which an outcome is handled, at least 10 ms. After it the outcome is delivered again. Default: 60 s.
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease: lease.clamp(SHORTEST_LEASE, LONGEST_LEASE), ..self }
    }

    /// Sets how many outcomes are leased at once. Default: 1.
    ///
    /// A larger number saves calls of the store. The lease of all of them begins at once.
    pub fn batch(self, most: usize) -> Self {
        Self { most: most.max(1), ..self }
    }

    /// Waits for the next outcome. Never returns `None`.
    ///
    /// Dropping the future loses no outcome.
    pub async fn next(&mut self) -> Option<Delivery> {
        StreamExt::next(self).await
    }

    /// Handles each outcome with a closure, at most `concurrency` at a time. Never returns.
    ///
    /// An outcome is acknowledged if the handler succeeds, and [delivered again](Delivery::retry_later) if it fails, panics, or
    /// takes longer than the lease. Dropping the future ends the handlers; their outcomes are delivered again.
    ///
    /// ```no_run
    /// # use lro_registry::Registry;
    /// # async fn example(registry: Registry) {
    /// # async fn store(key: &str, response: serde_json::Value) -> Result<(), std::io::Error> { Ok(()) }
    /// registry.deliveries().for_each(8, |delivery| async move {
    ///     match delivery.decode() {
    ///         Ok(response) => store(delivery.key(), response).await?,
    ///         Err(status) => println!("failed or given up: {status}"),
    ///     }
    ///     Ok::<_, std::io::Error>(())
    /// }).await;
    /// # }
    /// ```
    pub async fn for_each<F, E>(
        mut self,
        concurrency: usize,
        handler: impl Fn(Arc<Delivery>) -> F + Send + Sync,
    ) where
        F: Future<Output = Result<(), E>> + Send,
        E: fmt::Display + Send,
    {
        let mut handled = FuturesUnordered::new();
        loop {
            let is_free = handled.len() < concurrency.max(1);
            tokio::select! {
                Some(delivery) = self.next(), if is_free => handled.push(handle(&handler, delivery)),
                Some(()) = handled.next(), if !handled.is_empty() => {}
            }
        }
    }
}

/// Handles one outcome. Faults of the store end in another delivery.
async fn handle<F, E>(handler: &(impl Fn(Arc<Delivery>) -> F + Sync), delivery: Delivery)
where
    F: Future<Output = Result<(), E>> + Send,
    E: fmt::Display + Send,
{
    let delivery = Arc::new(delivery);
    let handling = async {
        let handled = handler(delivery.clone()).await;
        handled.map_err(|error| error.to_string())
    };
    // Unwind safe: the handler's future is not used again.
    let mut handling = Box::pin(AssertUnwindSafe(handling).catch_unwind());
    let handled = timeout_at(delivery.handled_by(), &mut handling).await;
    // Its destructor is code of the caller, and may panic.
    let dropped = guard("the handler", || drop(handling));
    let fault = match handled {
        Ok(Ok(Ok(()))) => dropped.err().map(|panicked| panicked.message().to_owned()),
        Ok(Ok(Err(error))) => Some(error),
        Ok(Err(panic)) => {
            let _ = guard("the handler", || drop(panic));
            Some("the handler panicked".to_owned())
        }
        Err(_) => Some("the handler took longer than the lease".to_owned()),
    };
    let stored = match fault {
        None => delivery.acknowledge().await.map(|_| ()),
        Some(fault) => {
            let (key, attempt) = (delivery.key(), delivery.attempt());
            warn!(key, attempt, %fault, "an outcome was not handled; it is delivered again");
            delivery.retry_later(fault).await
        }
    };
    if let Err(error) = stored {
        warn!(key = delivery.key(), %error, "the result of a delivery was not stored; it is delivered again");
    }
}

impl Stream for Deliveries {
    type Item = Delivery;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let this = &mut *self;
        loop {
            if this.leased_at.elapsed() >= this.lease {
                // Others may have them by now.
                this.ready.clear();
            }
            if let Some(undelivered) = this.ready.pop_front() {
                published::delivered(&undelivered.service, undelivered.deliveries);
                let leased_until = this.leased_at + this.lease;
                return Poll::Ready(Some(Delivery::new(this.registry.clone(), undelivered, leased_until)));
            }
            let fetch =
                this.fetch.get_or_insert_with(|| fetch(this.registry.clone(), this.most, this.lease).boxed());
            let (leased_at, fetched) = ready!(fetch.poll_unpin(context));
            this.fetch = None;
            this.leased_at = leased_at;
            this.ready.extend(fetched);
        }
    }
}

impl fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliveries")
            .field("lease", &self.lease)
            .field("ready", &self.ready.len())
            .finish_non_exhaustive()
    }
}

/// Waits until outcomes are due, and leases them. Returns when the leases were asked for: they end no sooner than one lease later.
async fn fetch(registry: Registry, most: usize, lease: Duration) -> (Instant, Vec<Undelivered>) {
    let mut pulse = Pulse::default();
    loop {
        let mut completed = std::pin::pin!(registry.completed().notified());
        completed.as_mut().enable();
        let request = DeliveryRequest {
            claim: ClaimId::random(),
            most,
            lease,
            first_pause: FIRST_PAUSE,
            longest_pause: LONGEST_PAUSE,
        };
        let leased_at = Instant::now();
        match in_time(registry.store().undelivered(&request)).await {
            Ok(undelivered) => {
                pulse.works();
                if !undelivered.is_empty() {
                    return (leased_at, undelivered);
                }
                // The outcomes of other processes, and second deliveries, come without a notice.
                let _ = timeout(IDLE, completed).await;
            }
            Err(error) => {
                pulse.failed(&error);
                sleep_until(pulse.retry_at().unwrap_or(leased_at)).await;
            }
        }
    }
}

/// Longer than handlers usually take. Outcomes of a consumer that died come again after it.
const LEASE: Duration = Duration::from_secs(60);
const SHORTEST_LEASE: Duration = Duration::from_millis(10);
/// A sum with it does not overflow.
const LONGEST_LEASE: Duration = Duration::from_secs(366 * 24 * 3_600);
/// How late the outcome of another process arrives. A call of an idle store costs under a millisecond.
const IDLE: Duration = Duration::from_secs(1);
