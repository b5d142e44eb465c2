use std::{
    any::type_name,
    collections::HashSet,
    fmt,
    marker::PhantomData,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::de::{DeserializeOwned, IgnoredAny};
use tracing::warn;

use super::driver::Driver;
use crate::{Any, Report, Status};

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
        let (metadata, polls, elapsed) = driver.seen();
        Self {
            metadata: metadata.cloned(),
            done: driver.end().is_some(),
            polls,
            elapsed,
            next_poll: driver.next_poll(),
            kind: PhantomData,
        }
    }

    /// The metadata, if the service sent any that can be read as `M`. Metadata that cannot is no failure of the operation: it
    /// is logged as a warning the first time, and [`try_metadata`](Self::try_metadata) returns why.
    pub fn metadata(&self) -> Option<M>
    where
        M: DeserializeOwned,
    {
        self.try_metadata().unwrap_or_else(|misfit| {
            if is_first(type_name::<M>()) {
                warn!(metadata = type_name::<M>(), %misfit, "the metadata of an operation cannot be read");
            }
            None
        })
    }

    /// The metadata; `None` if the service sent none.
    ///
    /// # Errors
    ///
    /// As [`Any::decode`]: the metadata cannot be read as `M`.
    pub fn try_metadata(&self) -> Result<Option<M>, Status>
    where
        M: DeserializeOwned,
    {
        self.metadata.as_ref().map(Any::decode).transpose()
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

/// Whether a type of metadata is seen for the first time in this process.
fn is_first(metadata: &'static str) -> bool {
    static SEEN: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.get_or_insert_default().insert(metadata)
}
