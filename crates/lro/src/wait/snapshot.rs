use std::{fmt, marker::PhantomData, time::Duration};

use serde::de::{DeserializeOwned, IgnoredAny};

use super::driver::Driver;
use crate::{Any, Report};

/// The state of an operation as of one reply, and how the wait is going.
pub struct Snapshot<M = IgnoredAny> {
    metadata: Option<Any>,
    done: bool,
    polls: u32,
    elapsed: Duration,
    next_poll: Option<Duration>,
    kind: PhantomData<fn() -> M>,
}

impl<M> Snapshot<M> {
    /// What is known of an operation, and the pause until the next call if there will be one: for those who wait by a
    /// loop of their own.
    pub fn new(report: Report, next_poll: Option<Duration>) -> Self {
        Self {
            metadata: report.last_metadata,
            done: report.done,
            polls: report.polls,
            elapsed: report.elapsed,
            next_poll,
            kind: PhantomData,
        }
    }

    pub(super) fn of(driver: &Driver<'_>) -> Self {
        Self::new(driver.report(), driver.next_poll())
    }

    /// The metadata, if the service sent any and it reads as `M`. What does not is no failure of the operation; see
    /// [`raw_metadata`](Self::raw_metadata) for it.
    pub fn metadata(&self) -> Option<M>
    where
        M: DeserializeOwned,
    {
        self.metadata.as_ref()?.decode().ok()
    }

    /// The metadata as it came.
    pub fn raw_metadata(&self) -> Option<&Any> {
        self.metadata.as_ref()
    }

    /// Whether the operation has finished, well or not.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The calls made so far, failed ones included.
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// The time from the first step of the wait to this reply.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The pause between this reply and the next call; `None` when there will be none.
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
            .field("metadata", &self.metadata)
            .finish()
    }
}
