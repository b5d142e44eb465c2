use std::{fmt, marker::PhantomData, time::Duration};

use serde::de::{DeserializeOwned, IgnoredAny};

use super::driver::Driver;
use crate::{Any, Report, Status, telemetry};

/// The state of an operation at one reply, and the counters of its wait.
pub struct Snapshot<M = IgnoredAny> {
    metadata: Option<Any>,
    done: bool,
    polls: u32,
    elapsed: Duration,
    next_poll: Option<Duration>,
    progress: Option<f64>,
    kind: PhantomData<fn() -> M>,
}

impl<M> Snapshot<M> {
    /// Creates a snapshot from a report. `next_poll` is the delay to the next call, `None` if there is none.
    ///
    /// For drivers; a [`Wait`](crate::Wait) returns its snapshots from [`Wait::next`](crate::Wait::next).
    pub fn new(report: Report, next_poll: Option<Duration>) -> Self {
        Self {
            metadata: report.last_metadata,
            done: report.done,
            polls: report.polls,
            elapsed: report.elapsed,
            next_poll,
            progress: None,
            kind: PhantomData,
        }
    }

    /// Sets the share of the work that is done. It is kept within 0 to 1; a NaN is `None`.
    pub fn with_progress(self, progress: Option<f64>) -> Self {
        let progress = progress.filter(|share| !share.is_nan()).map(|share| share.clamp(0.0, 1.0));
        Self { progress, ..self }
    }

    pub(super) fn of(driver: &Driver<'_>) -> Self {
        let (metadata, polls, elapsed) = driver.seen();
        let snapshot = Self {
            metadata: metadata.cloned(),
            done: driver.end().is_some(),
            polls,
            elapsed,
            next_poll: driver.next_poll(),
            progress: None,
            kind: PhantomData,
        };
        snapshot.with_progress(driver.progress())
    }

    /// Returns the last metadata, decoded as `M`. `None` if the service sent none or it does not decode.
    ///
    /// Metadata that does not decode does not fail the operation.
    /// The first such failure per type `M` in the process logs a warning. [`try_metadata`](Self::try_metadata) returns
    /// the reason.
    pub fn metadata(&self) -> Option<M>
    where
        M: DeserializeOwned,
    {
        self.metadata.as_ref().and_then(telemetry::metadata)
    }

    /// Returns the last metadata, decoded as `M`. `None` if the service sent none.
    ///
    /// # Errors
    ///
    /// As [`Any::decode`], if the metadata does not decode as `M`.
    pub fn try_metadata(&self) -> Result<Option<M>, Status>
    where
        M: DeserializeOwned,
    {
        self.metadata.as_ref().map(Any::decode).transpose()
    }

    /// Returns the last metadata as received.
    pub fn raw_metadata(&self) -> Option<&Any> {
        self.metadata.as_ref()
    }

    /// Returns the share of the work that is done, from 0 to 1, by the [last metadata](Self::raw_metadata).
    ///
    /// The closure of [`Wait::pace_by_progress`](crate::Wait::pace_by_progress) reads it. Without one, the
    /// [transport](crate::LroTransport::progress) does.
    /// `None` if neither knows it, or if there is no metadata.
    /// An operation that is done has the share of its last metadata, which may be less than 1.
    pub fn progress(&self) -> Option<f64> {
        self.progress
    }

    /// Returns whether the operation is done, with a response or an error.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Returns the number of calls made so far, including failed ones.
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// Returns the time from the first step of the wait to this reply.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Returns the delay from this reply to the next call. `None` if there is no next call.
    pub fn next_poll(&self) -> Option<Duration> {
        self.next_poll
    }
}

impl<M> Clone for Snapshot<M> {
    fn clone(&self) -> Self {
        Self { metadata: self.metadata.clone(), kind: PhantomData, ..*self }
    }
}

impl<M> fmt::Debug for Snapshot<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("done", &self.done)
            .field("polls", &self.polls)
            .field("elapsed", &self.elapsed)
            .field("next_poll", &self.next_poll)
            .field("progress", &self.progress)
            .field("metadata", &self.metadata)
            .finish()
    }
}
