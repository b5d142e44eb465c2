mod cancel;
mod driver;
mod long_poll;
#[cfg_attr(not(feature = "metrics"), path = "wait/meter/off.rs")]
mod meter;
mod open;
mod pace;
mod progress;
mod report;
mod settings;
mod snapshot;
mod step;

use std::{
    borrow::Cow,
    fmt,
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use futures::{Stream, stream};
use serde::de::{DeserializeOwned, IgnoredAny};

use self::{driver::Driver, settings::Share, step::Step};
use crate::{
    Any, Code, Handle, LroTransport, Operation, OperationName, Outcome, Response, Status, Tolerance,
    pacing::Pacing,
    telemetry::{self, Observer},
};

pub use self::{
    cancel::{AtDeadline, Cancellation},
    snapshot::Snapshot,
};

/// Polls an operation until it is done, and decodes its response as `R`.
///
/// The returned [`Wait`] makes no call until it is awaited, stepped by [`Wait::next`] or converted to a stream.
/// Dropping the future stops the polling; the operation goes on. Another wait by the same name reaches the same
/// outcome.
///
/// The type of the response is checked if `R` declares its full name, as every [`message!`](crate::message!) does.
/// `R` is [`Empty`](crate::Empty) or `()` for a response without content.
/// `serde_json::Value` accepts any response in JSON, and [`Any`](crate::Any) any response. `()` also accepts an object without a
/// type, as services with forms of their own send.
///
/// # Errors
///
/// A [`Status`]. Its [`origin`](Status::origin) distinguishes a failed operation, a failed call, a wait that stopped
/// polling, and a malformed reply.
/// A transient failure of a call is not an error: the call is retried ([`Tolerance`]).
///
/// ```
/// # use lro::{Any, Operation, OperationName, Status, poll_until_done, transport_fn};
/// # #[derive(serde::Deserialize)] struct Job { pages: u32 }
/// # async fn example() -> Result<(), Status> {
/// # let jobs = transport_fn(|name| async move { Ok(Operation::running(name.as_str())) });
/// let job: Job = poll_until_done(&jobs, OperationName::parse("operations/123")?).await?;
/// # Ok(()) }
/// ```
pub fn poll_until_done<'a, R>(transport: impl LroTransport + 'a, name: OperationName) -> Wait<'a, R> {
    Wait::of(Driver::new(Arc::new(transport), name))
}

/// A wait for one operation, from [`poll_until_done`]. It is a builder that is awaited, stepped or made a stream.
///
/// Dropping the wait, or the future of a step, stops the polling; the operation goes on.
/// A setting that changes between two steps takes effect at the next step.
///
/// ```
/// # use lro::{Any, Operation, OperationName, Status, poll_until_done, transport_fn};
/// # use std::time::Duration;
/// # #[derive(serde::Deserialize)] struct Job {}
/// # #[derive(Debug, serde::Deserialize)] struct JobProgress {}
/// # async fn example(name: OperationName) -> Result<(), Status> {
/// # let jobs = transport_fn(|name| async move { Ok(Operation::running(name.as_str())) });
/// let mut wait = poll_until_done::<Job>(&jobs, name)
///     .with_metadata::<JobProgress>()
///     .deadline(Duration::from_secs(600));
/// while let Some(snapshot) = wait.next().await {
///     println!("{:?}", snapshot?.metadata());
/// }
/// let job = wait.await?;
/// # Ok(()) }
/// ```
///
/// A wait implements [`IntoFuture`], not [`Future`]. `tokio::spawn` and `join_all` take its
/// [`into_future()`](IntoFuture::into_future):
///
/// ```
/// # use std::{future::IntoFuture, sync::Arc};
/// # use lro::{Operation, OperationName, Status, poll_until_done, transport_fn};
/// # use futures::future::join_all;
/// # #[derive(serde::Deserialize)] struct Job {}
/// # async fn example(name: OperationName, names: Vec<OperationName>) -> Result<(), Box<dyn std::error::Error>> {
/// # let jobs = transport_fn(|name| async move { Ok(Operation::running(name.as_str())) });
/// let jobs = Arc::new(jobs);
/// let task = tokio::spawn(poll_until_done::<Job>(Arc::clone(&jobs), name).into_future());
/// let waits = names.into_iter().map(|name| poll_until_done::<Job>(&jobs, name).into_future());
/// let results: Vec<Result<Job, Status>> = join_all(waits).await;
/// let job = task.await??;
/// # Ok(()) }
/// ```
#[must_use = "a wait does nothing until it is awaited"]
pub struct Wait<'a, R, M = IgnoredAny> {
    driver: Driver<'a>,
    /// Whether `next` has returned the end.
    told: bool,
    types: PhantomData<fn() -> (R, M)>,
}

/// A stream of the snapshots of a wait, from [`Wait::snapshots`] and [`Wait::into_stream`].
pub type Snapshots<'a, M> = Pin<Box<dyn Stream<Item = Result<Snapshot<M>, Status>> + Send + 'a>>;

impl<'a, R> Wait<'a, R> {
    /// Creates a wait for an operation that a starting call returned.
    ///
    /// An operation that is done costs no call. It may have no name, as after a request that was only validated.
    /// A running operation without a valid name is malformed: awaiting the wait returns
    /// [`Origin::MalformedReply`](crate::Origin::MalformedReply).
    pub fn started(transport: impl LroTransport + 'a, operation: Operation) -> Self {
        Self::of(Driver::started(Arc::new(transport), operation))
    }

    /// Creates a wait for the operation of a saved handle, with the kind of the handle.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the handle belongs to another service than the transport's, or to another version of its
    /// API.
    pub fn resumed(transport: impl LroTransport + 'a, handle: &Handle) -> Result<Self, Status> {
        let name = handle.name_for(&transport.service())?;
        let mut wait = poll_until_done(transport, name);
        wait.driver.set_kind(handle.kind().map(|kind| Cow::Owned(kind.to_owned())));
        Ok(wait)
    }

    fn of(driver: Driver<'a>) -> Self {
        Self { driver, told: false, types: PhantomData }
    }
}

impl<'a, R, M> Wait<'a, R, M> {
    /// Returns the operation as it was last seen, and stops the polling.
    ///
    /// A program that stores operations itself takes what a starting call returned, instead of waiting for it.
    ///
    /// # Errors
    ///
    /// The end of the wait, if it ended before the operation was done.
    pub fn into_operation(self) -> Result<Operation, Status> {
        self.driver.into_operation()
    }

    /// Sets the type of the metadata, which [`Snapshot::metadata`] decodes. Default: none.
    pub fn with_metadata<N>(self) -> Wait<'a, R, N> {
        Wait { driver: self.driver, told: self.told, types: PhantomData }
    }

    /// Sets the delays between polls.
    ///
    /// Default: the [default pacing](LroTransport::default_pacing) of the transport for operations of this
    /// [kind](Self::kind). If it has none, [`Pacing::default`].
    pub fn pacing(mut self, pacing: Pacing) -> Self {
        self.driver.set_pacing(pacing);
        self
    }

    /// Sets the kind of the operation, such as its method: `routeoptimization.googleapis.com/OptimizeToursLongRunning`.
    ///
    /// Operations of a kind take a similar time. The kind selects the default pacing of the transport.
    /// Default: the key of the transport's service.
    pub fn kind(mut self, kind: impl Into<Cow<'static, str>>) -> Self {
        self.driver.set_kind(Some(kind.into()));
        self
    }

    /// Sets a closure that returns the share of the work that is done, from 0 to 1, from the metadata.
    ///
    /// The closure runs after each successful reply with metadata that decodes as `M`, and again for the snapshot of the
    /// reply. A panic of it ends the wait.
    /// The pacing receives the share as [`Moment::progress`](crate::pacing::Moment::progress), the caller as
    /// [`Snapshot::progress`].
    /// Default: [`LroTransport::progress`], which knows the fields of some services.
    /// The built-in pacings ignore it; the pacing of the crate `lro-learned` uses it.
    ///
    /// ```
    /// # use lro::{Operation, OperationName, Pacing, Status, poll_until_done, transport_fn};
    /// # #[derive(serde::Deserialize)] struct Job {}
    /// #[derive(serde::Deserialize)]
    /// struct JobProgress { percent: f64 }
    /// # async fn example(name: OperationName, pacing: Pacing) -> Result<(), Status> {
    /// # let jobs = transport_fn(|name| async move { Ok(Operation::running(name.as_str())) });
    /// let job: Job = poll_until_done(&jobs, name)
    ///     .with_metadata::<JobProgress>()
    ///     .pace_by_progress(|progress| Some(progress.percent / 100.0))
    ///     .pacing(pacing)
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn pace_by_progress(mut self, share: impl Fn(&M) -> Option<f64> + Send + Sync + 'static) -> Self
    where
        M: DeserializeOwned,
    {
        let of_metadata = move |metadata: &Any| share(&telemetry::metadata(metadata)?);
        self.driver.settings_mut().share = Some(Share(Arc::new(of_metadata)));
        self
    }

    /// Sets which failed calls are retried. Default: [`Tolerance::default`].
    pub fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.driver.settings_mut().rules.tolerance = tolerance;
        self
    }

    /// Sets the longest time from the first step to the end of the wait, `None` for no limit. Default: no limit.
    ///
    /// The deadline cuts a sleep or a call in flight.
    /// If no call is in flight, the wait makes one last call, which may take two more seconds.
    /// If the operation is not done then, the wait ends with
    /// [`Origin::StoppedAsking`](crate::Origin::StoppedAsking), unless [`at_deadline`](Self::at_deadline) cancels.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.driver.settings_mut().deadline = deadline.into();
        self
    }

    /// Sets whether the deadline cancels the operation on the server. Default: [`AtDeadline::Leave`].
    pub fn at_deadline(mut self, at_deadline: AtDeadline) -> Self {
        self.driver.settings_mut().at_deadline = at_deadline;
        self
    }

    /// Sets the longest time for one call. Default: 30 s.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.driver.settings_mut().rules.attempt_timeout = timeout;
        self
    }

    /// Sets the least delay from a successful reply to the next call, if the pacing returns a shorter one. Default:
    /// 10 ms.
    pub fn least_delay(mut self, delay: Duration) -> Self {
        self.driver.settings_mut().rules.least_delay = delay;
        self
    }

    /// Sets whether to poll by [`wait_operation`](LroTransport::wait_operation) if the transport has it. Default: yes.
    ///
    /// The server holds such a call until the operation is done, or until shortly before the longest time for one call.
    /// A wait that is stepped by [`next`](Self::next) has its calls held for the delay of the pacing at most, so that it
    /// shows progress as often as by get.
    /// If the server has no such call, the wait continues with get. A `NOT_FOUND` shows that only the second time after
    /// a get found the operation, a call without a reply only the second time in a row.
    /// The call after a failed call is a get.
    pub fn long_poll(mut self, long_poll: bool) -> Self {
        self.driver.settings_mut().long_poll = long_poll;
        self
    }

    /// Sets the age of the wait before which it makes no poll. Default: zero, so that a wait by name polls at once.
    ///
    /// The deadline and a cancellation end the delay.
    pub fn not_before(mut self, age: Duration) -> Self {
        self.driver.settings_mut().not_before = age;
        self
    }

    /// Sets code that is called at the events of this wait, see [`telemetry`](crate::telemetry). Default: none.
    pub fn observe(mut self, observer: impl Observer + 'static) -> Self {
        self.driver.settings_mut().observer = Some(Arc::new(observer));
        self
    }

    /// Sets the seed of the jitter in the delays after failed calls. Default: random.
    pub fn seed(mut self, seed: u64) -> Self {
        self.driver.set_seed(seed);
        self
    }

    /// Returns the operation's name. `None` only if the starting call returned an operation without a valid name.
    pub fn name(&self) -> Option<&OperationName> {
        self.driver.name()
    }

    /// Returns the handle to save in order to resume after a restart, by [`Wait::resumed`]. `None` without a
    /// [name](Self::name).
    pub fn handle(&self) -> Option<Handle> {
        let handle = Handle::new(&self.driver.transport().service(), self.driver.name()?.clone());
        Some(match self.driver.kind() {
            Some(kind) => handle.with_kind(kind),
            None => handle,
        })
    }

    /// Waits for the next successful reply and returns a snapshot of it. Returns `None` after the last snapshot.
    ///
    /// The last snapshot is that of the operation that is done. A wait that ends otherwise returns its error instead.
    /// Either way the wait can still be awaited.
    ///
    /// The future sleeps until the call is due and retries failed calls.
    /// Dropping the future loses at most a call in flight. The next step continues from the same state.
    ///
    /// # Errors
    ///
    /// As [`poll_until_done`], except that an operation that failed is a snapshot that is done.
    pub async fn next(&mut self) -> Option<Result<Snapshot<M>, Status>> {
        if self.told {
            return None;
        }
        if self.driver.next().await == Step::Running {
            return Some(Ok(Snapshot::of(&self.driver)));
        }
        self.told = true;
        match self.driver.end() {
            Some(Err(status)) => Some(Err(status.clone())),
            _ => Some(Ok(Snapshot::of(&self.driver))),
        }
    }

    /// Returns a stream of the snapshots that [`next`](Self::next) returns.
    ///
    /// The wait can be awaited after the stream is dropped.
    ///
    /// ```
    /// # use futures::StreamExt;
    /// # use lro::{Operation, OperationName, Status, poll_until_done, transport_fn};
    /// # async fn example(name: OperationName) -> Result<(), Status> {
    /// # let jobs = transport_fn(|name| async move { Ok(Operation::running(name.as_str())) });
    /// let mut wait = poll_until_done::<serde_json::Value>(&jobs, name);
    /// wait.snapshots().for_each(|snapshot| async move { println!("{snapshot:?}") }).await;
    /// let answer = wait.await?;
    /// # Ok(()) }
    /// ```
    pub fn snapshots(&mut self) -> Snapshots<'_, M> {
        Box::pin(stream::unfold(self, |wait| async { Some((wait.next().await?, wait)) }))
    }

    /// Returns a stream as [`snapshots`](Self::snapshots) does. The stream owns the wait.
    ///
    /// Dropping the stream stops the polling; the operation goes on.
    pub fn into_stream(self) -> Snapshots<'a, M>
    where
        R: 'a,
        M: 'a,
    {
        Box::pin(stream::unfold(self, |mut wait| async { Some((wait.next().await?, wait)) }))
    }

    /// Asks the server to cancel the operation, and waits for the outcome until the deadline, if there is one.
    ///
    /// A request that fails transiently is retried.
    /// If the server refuses, or the request still fails after its last retry or at the deadline, one more poll shows
    /// whether the operation is done. If it is not done, the wait can continue.
    /// The wait ignores its [`AtDeadline`] from then on, because the server has received the request already.
    ///
    /// Dropping the future stops the polling; the operation goes on.
    /// It does not withdraw the request: the next step sends a request that is not sent yet.
    ///
    /// # Errors
    ///
    /// - A failed call that ends the wait.
    /// - The failure of the request, if the operation is not done.
    /// - A malformed reply.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use lro::{Cancellation, Operation, OperationName, Status, poll_until_done, transport_fn};
    /// # async fn example(name: OperationName) -> Result<(), Status> {
    /// # let jobs = transport_fn(|name| async move { Ok(Operation::running(name.as_str())) });
    /// let mut wait = poll_until_done::<serde_json::Value>(&jobs, name).deadline(Duration::from_secs(60));
    /// match wait.cancel_and_wait().await? {
    ///     Cancellation::Cancelled(_) => println!("cancelled"),
    ///     Cancellation::Finished(answer) => println!("finished in spite of it: {answer}"),
    ///     Cancellation::Failed(error) => println!("failed: {error}"),
    ///     Cancellation::StillRunning(status) | Cancellation::Unsupported(status) => println!("not cancelled: {status}"),
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn cancel_and_wait(&mut self) -> Result<Cancellation<R>, Status>
    where
        R: Response,
    {
        if self.driver.end().is_none() {
            if let Some(status) = self.cannot_cancel() {
                return Ok(Cancellation::Unsupported(status.with_report(self.driver.report())));
            }
            if let Err(failure) = self.driver.cancel().await {
                let failure = failure.with_report(self.driver.report());
                return match failure.code() {
                    Code::Unimplemented => Ok(Cancellation::Unsupported(failure)),
                    _ => Err(failure),
                };
            }
        }
        self.driver.finish().await;
        Cancellation::of(self.decode())
    }

    /// Waits for the outcome as awaiting does, but keeps the wait. A second call returns the same outcome without a
    /// poll.
    ///
    /// Dropping the future stops the polling; the operation goes on. The next step continues from the same state.
    ///
    /// # Errors
    ///
    /// As [`poll_until_done`].
    pub async fn outcome(&mut self) -> Result<R, Status>
    where
        R: Response,
    {
        self.driver.finish().await;
        self.decode()
    }

    fn cannot_cancel(&self) -> Option<Status> {
        let (transport, name) = (self.driver.transport(), self.driver.name()?);
        let is_missing = !transport.capabilities().cancel;
        is_missing.then(|| Status::unsupported(&transport.service(), "cancel", name.as_str()))
    }

    fn decode(&self) -> Result<R, Status>
    where
        R: Response,
    {
        let decoded = match self.driver.end() {
            Some(Ok(outcome)) => outcome.decode(),
            None => Outcome::Neither.decode(),
            Some(Err(status)) => return Err(status.clone()),
        };
        decoded.map_err(|status| status.with_report(self.driver.report()))
    }
}

impl<'a, R, M> IntoFuture for Wait<'a, R, M>
where
    R: Response + 'a,
    M: 'a,
{
    type Output = Result<R, Status>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move { self.outcome().await })
    }
}

impl<R, M> fmt::Debug for Wait<'_, R, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("name", &self.driver.name())
            .field("polls", &self.driver.polls())
            .field("done", &self.driver.end().is_some())
            .finish_non_exhaustive()
    }
}
