use std::{
    fmt,
    future::{Future, poll_fn},
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::stream;
use lro::{Code, Report, Response, Snapshot, Snapshots, Status};
use serde::de::IgnoredAny;

use crate::{book::End, completions::decode, shared::Hold, state::News};

/// The wait for one operation of a fleet: a future of its outcome, and a stream of its snapshots.
///
/// From [`Fleet::watch`](crate::Fleet::watch). Dropping the last watch of an operation stops its polls. The operation goes on.
///
/// ```
/// # use lro::{OperationName, Status};
/// # use lro_fleet::Fleet;
/// # #[derive(serde::Deserialize)] struct Job {}
/// # #[derive(Debug, serde::Deserialize)] struct JobProgress {}
/// # async fn example(fleet: Fleet, name: OperationName) -> Result<(), Status> {
/// let mut watch = fleet.watch::<Job>(name).with_metadata::<JobProgress>();
/// while let Some(snapshot) = watch.next().await {
///     println!("{:?}", snapshot?.metadata());
/// }
/// let job = watch.await?;
/// # Ok(()) }
/// ```
#[must_use = "dropping the last watch of an operation stops its polls"]
pub struct Watch<R, M = IgnoredAny> {
    claim: Claim,
    /// The number of good replies at the last snapshot that `next` returned.
    reported: u32,
    /// Whether `next` has returned the end.
    ended: bool,
    types: PhantomData<fn() -> (R, M)>,
}

/// The place of a watch in the table of an operation. Dropping it frees the place.
struct Claim {
    hold: Arc<Hold>,
    id: u32,
    /// `NO_SEAT` if the fleet had no room for the operation.
    seat: u32,
}

impl<R> Watch<R> {
    pub(crate) fn new(hold: Arc<Hold>, seat: Option<(u32, u32)>) -> Self {
        let (id, seat) = seat.unwrap_or((0, NO_SEAT));
        Self { claim: Claim { hold, id, seat }, reported: 0, ended: false, types: PhantomData }
    }
}

impl<R, M> Watch<R, M> {
    /// Sets the type of the metadata for [`Snapshot::metadata`].
    pub fn with_metadata<N>(self) -> Watch<R, N> {
        Watch { claim: self.claim, reported: self.reported, ended: self.ended, types: PhantomData }
    }

    /// Waits for the next good reply, and returns a snapshot of it. Returns `None` after the last snapshot.
    ///
    /// The last snapshot is the one of the operation that is done. A wait that ends in another way returns its error instead. The
    /// watch can be awaited after either. A caller that is slower than the polls gets the latest reply only.
    pub async fn next(&mut self) -> Option<Result<Snapshot<M>, Status>> {
        if self.ended {
            return None;
        }
        let reported = self.reported;
        match poll_fn(|context| self.claim.news(reported, context)).await {
            News::Running { report, replies, next_poll } => {
                self.reported = replies;
                Some(Ok(self.claim.hold.0.snapshot(report, Some(next_poll))))
            }
            News::Ended(end, report) => {
                self.ended = true;
                Some(match &*end {
                    Ok(_) => Ok(self.claim.hold.0.snapshot(report, None)),
                    Err(status) => Err(status.clone().with_report(report)),
                })
            }
        }
    }

    /// Returns a stream of the snapshots that [`next`](Self::next) returns.
    ///
    /// The watch can be awaited after the stream is dropped.
    pub fn snapshots(&mut self) -> Snapshots<'_, M> {
        Box::pin(stream::unfold(self, |watch| async { Some((watch.next().await?, watch)) }))
    }

    /// Returns a stream of the snapshots that owns the watch.
    pub fn into_stream(self) -> Snapshots<'static, M>
    where
        R: 'static,
        M: 'static,
    {
        Box::pin(stream::unfold(self, |mut watch| async { Some((watch.next().await?, watch)) }))
    }

    /// Waits for the outcome, and keeps the watch. Another call returns the same outcome.
    ///
    /// # Errors
    ///
    /// As [`poll_until_done`](lro::poll_until_done).
    pub async fn outcome(&mut self) -> Result<R, Status>
    where
        R: Response,
    {
        let (end, report) = poll_fn(|context| self.claim.end(context)).await;
        decode(&end, &report)
    }
}

impl Claim {
    fn end(&self, context: &Context<'_>) -> Poll<(End, Report)> {
        if self.seat == NO_SEAT {
            let full = Status::new(Code::ResourceExhausted, "the fleet has no room for another operation");
            return Poll::Ready((Arc::new(Err(full)), Report::default()));
        }
        // Cloned without the lock: a waker is code of the caller.
        let waker = context.waker().clone();
        let end = self.hold.0.with(|state| state.end(self.id, self.seat, waker));
        end.map_or(Poll::Pending, Poll::Ready)
    }

    fn news(&self, reported: u32, context: &Context<'_>) -> Poll<News> {
        if self.seat == NO_SEAT {
            return self.end(context).map(|(end, report)| News::Ended(end, report));
        }
        let waker = context.waker().clone();
        let news = self.hold.0.with(|state| state.news(self.id, self.seat, reported, waker));
        news.map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.seat != NO_SEAT {
            self.hold.0.with(|state| state.leave(self.id, self.seat));
        }
    }
}

impl<R: Response, M> Future for Watch<R, M> {
    type Output = Result<R, Status>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.claim.end(context).map(|(end, report)| decode(&end, &report))
    }
}

impl<R, M> fmt::Debug for Watch<R, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("reported", &self.reported)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

const NO_SEAT: u32 = u32::MAX;
