mod cancel;
mod driver;
mod progress;
mod settings;
mod snapshot;

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

use self::{driver::Driver, progress::Step, settings::Share};
use crate::{
    Any, Code, Handle, LroTransport, Operation, OperationName, Outcome, Response, Status, Tolerance,
    pacing::Pacing,
};

pub use self::{
    cancel::{AtDeadline, Cancellation},
    snapshot::Snapshot,
};

/// Waits for an operation until it is done, and decodes its response as `R`.
///
/// What is returned does nothing until it is awaited, stepped by [`Wait::next`] or made a stream; until then it is a
/// builder. Dropping it stops the polling and nothing else: the operation goes on, and another wait by the same name
/// reaches the same outcome.
///
/// The response's type is checked if `R` tells its full name, as every [`message!`](crate::message!) does. Await
/// [`Empty`](crate::Empty) or `()` where the response has no content, `serde_json::Value` to see whatever it is.
///
/// # Errors
///
/// A [`Status`], whose [`origin`](Status::origin) says whether the operation failed, a call failed, we stopped asking,
/// or a reply broke the rules. A failed call that may pass is no error but asked again ([`Tolerance`]).
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

/// A wait for one operation: a builder that is awaited, stepped or made a stream. See [`poll_until_done`].
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
#[must_use = "a wait does nothing until it is awaited"]
pub struct Wait<'a, R, M = IgnoredAny> {
    driver: Driver<'a>,
    /// Whether the end was handed out by `next`.
    told: bool,
    types: PhantomData<fn() -> (R, M)>,
}

/// The snapshots of a wait, from [`Wait::snapshots`] and [`Wait::into_stream`].
pub type Snapshots<'a, M> = Pin<Box<dyn Stream<Item = Result<Snapshot<M>, Status>> + Send + 'a>>;

impl<'a, R> Wait<'a, R> {
    /// Waits for an operation that a starting call returned.
    ///
    /// One that is done already costs no call, and may have no name (a request that was only validated). One that is
    /// running and has no name is malformed: awaiting it says so.
    pub fn started(transport: impl LroTransport + 'a, operation: Operation) -> Self {
        Self::of(Driver::started(Arc::new(transport), operation))
    }

    /// Goes on with an operation from a saved handle.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the handle is of another service, or of another version of its API.
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
    /// Names the type of the metadata for [`Snapshot::metadata`].
    pub fn with_metadata<N>(self) -> Wait<'a, R, N> {
        Wait { driver: self.driver, told: self.told, types: PhantomData }
    }

    /// Sets when to poll. Default: the [default pacing](LroTransport::default_pacing) of the transport for operations of
    /// this [kind](Self::kind), if it has one; else [`Pacing::default`].
    pub fn pacing(mut self, pacing: Pacing) -> Self {
        self.driver.set_pacing(pacing);
        self
    }

    /// Names the kind of the operation, such as its method: `routeoptimization.googleapis.com/OptimizeToursLongRunning`.
    /// Operations of a kind take a similar time. A client with a pacing that learns applies it by kind.
    ///
    /// Default: the key of the transport's service.
    pub fn kind(mut self, kind: impl Into<Cow<'static, str>>) -> Self {
        self.driver.set_kind(Some(kind.into()));
        self
    }

    /// Reads how much of the work is done, from 0 to 1, out of the metadata. A pacing receives it as
    /// [`Moment::progress`](crate::pacing::Moment::progress); the pacing that learns (crate `lro-learned`) plans by it.
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
        let of_metadata = move |metadata: &Any| share(&metadata.decode().ok()?);
        self.driver.settings_mut().share = Some(Share(Arc::new(of_metadata)));
        self
    }

    /// Sets which failed calls are survived. Default: [`Tolerance::default`].
    pub fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.driver.settings_mut().rules.tolerance = tolerance;
        self
    }

    /// Sets the longest time from the first step to the end of the wait, `None` for any. Default: `None`.
    ///
    /// Then the wait ends with [`Origin::StoppedAsking`](crate::Origin::StoppedAsking): sleeps and a call in flight are
    /// cut short, and if no call is in flight one last is made, for which there are two more seconds.
    pub fn deadline(mut self, deadline: impl Into<Option<Duration>>) -> Self {
        self.driver.settings_mut().deadline = deadline.into();
        self
    }

    /// Sets what becomes of the server's work when the deadline passes. Default: [`AtDeadline::Leave`].
    pub fn at_deadline(mut self, at_deadline: AtDeadline) -> Self {
        self.driver.settings_mut().at_deadline = at_deadline;
        self
    }

    /// Sets the longest time for one call. Default: 30 s.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.driver.settings_mut().rules.attempt_timeout = timeout;
        self
    }

    /// Sets whether to ask by [`wait_operation`](LroTransport::wait_operation) where the transport has it: the server
    /// answers when the operation is done, or shortly before the longest time for one call. Where the server turns out
    /// to have no such call the wait goes on with get. Default: yes.
    pub fn long_poll(mut self, long_poll: bool) -> Self {
        self.driver.settings_mut().long_poll = long_poll;
        self
    }

    /// Sets an age of the wait before which no poll is made. Default: zero, the first poll of a wait by name is made at once.
    pub fn not_before(mut self, age: Duration) -> Self {
        self.driver.settings_mut().not_before = age;
        self
    }

    /// Seeds the jitter of the delays after failed calls. Default: drawn.
    pub fn seed(mut self, seed: u64) -> Self {
        self.driver.set_seed(seed);
        self
    }

    /// The operation's name; `None` only for one that was done when it was started and had none.
    pub fn name(&self) -> Option<&OperationName> {
        self.driver.name()
    }

    /// What to save in order to go on after a restart, by [`Wait::resumed`].
    pub fn handle(&self) -> Option<Handle> {
        let handle = Handle::new(&self.driver.transport().service(), self.driver.name()?.clone());
        Some(match self.driver.kind() {
            Some(kind) => handle.with_kind(kind),
            None => handle,
        })
    }

    /// The state at the next good reply, then the pause; `None` once the operation is done and was told so.
    ///
    /// The last snapshot is the one that is done. A wait that ends in another way ends with its error. Either way the
    /// wait can still be awaited.
    ///
    /// Dropping the future between two replies loses at most a call in flight: the next one goes on where it was.
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

    /// A stream of the snapshots that [`next`](Self::next) returns. The wait can be awaited when it was dropped.
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

    /// As [`snapshots`](Self::snapshots), of a stream that owns the wait.
    pub fn into_stream(self) -> Snapshots<'a, M>
    where
        R: 'a,
        M: 'a,
    {
        Box::pin(stream::unfold(self, |mut wait| async { Some((wait.next().await?, wait)) }))
    }

    /// Asks the server to cancel the operation, and waits for what comes of it, until the deadline if there is one.
    ///
    /// A request that fails in a way that may pass is repeated. If the server refuses, one more poll tells whether the
    /// operation was done already; if not, the wait can go on. An [`AtDeadline`] of the wait is not heeded then: the
    /// server has been asked. Dropping the future takes nothing back: a request that is not sent yet is sent by the next
    /// step.
    ///
    /// # Errors
    ///
    /// What ends a wait beside the five outcomes: a call that failed, the refusal by the server included, and a reply
    /// that broke the rules.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use lro::{Cancellation, Operation, OperationName, Status, poll_until_done, transport_fn};
    /// # async fn example(name: OperationName) -> Result<(), Status> {
    /// # let jobs = transport_fn(|name| async move { Ok(Operation::running(name.as_str())) });
    /// let mut wait = poll_until_done::<serde_json::Value>(&jobs, name).deadline(Duration::from_secs(60));
    /// match wait.cancel_and_wait().await? {
    ///     Cancellation::Cancelled(_) => println!("cancelled"),
    ///     Cancellation::Finished(answer) => println!("too late, and so much the better: {answer}"),
    ///     Cancellation::Failed(error) => println!("failed of itself: {error}"),
    ///     Cancellation::StillRunning(status) | Cancellation::Unsupported(status) => println!("goes on: {status}"),
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
            if let Err(refusal) = self.driver.cancel().await {
                let refusal = refusal.with_report(self.driver.report());
                return match refusal.code() {
                    Code::Unimplemented => Ok(Cancellation::Unsupported(refusal)),
                    _ => Err(refusal.in_context("the server refused to cancel the operation")),
                };
            }
        }
        Cancellation::of(self.decode())
    }

    /// Waits for the outcome as awaiting does, but leaves the wait: asking again gives the same outcome without a call.
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
