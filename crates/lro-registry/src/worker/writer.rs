use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use tokio::time::Instant;
use tracing::{debug, error};

use super::pulse::Pulse;
use crate::{
    Store,
    store::{Complete, Fence, GiveBack, Reschedule, StoreError, Written},
};

/// What a claim ends with.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Reschedule(Reschedule),
    Complete(Complete),
    GiveBack(GiveBack),
}

/// The writes that are not stored yet, with the lane of each. They are stored in batches, one batch at a time.
#[derive(Default)]
pub(super) struct Writer {
    waiting: VecDeque<(usize, Write)>,
    in_flight: Option<BoxFuture<'static, Flushed>>,
}

/// The result of a batch.
pub(super) struct Flushed {
    /// The claims that have ended: the lane of each, and the delay after which the record is due again.
    pub(super) ended: Vec<(usize, Option<Duration>)>,
    /// Whether an outcome was stored.
    pub(super) completed: bool,
    /// What was not stored, and why.
    pub(super) failed: Option<(Vec<(usize, Write)>, StoreError)>,
}

impl Writer {
    pub(super) fn push(&mut self, lane: usize, write: Write) {
        self.waiting.push_back((lane, write));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.in_flight.is_none()
    }

    /// Returns when the next batch can be stored. `None` if nothing waits, or a batch is in flight.
    pub(super) fn flush_at(&self, pulse: &Pulse) -> Option<Instant> {
        (!self.waiting.is_empty() && self.in_flight.is_none()).then(|| pulse.retry_at())
    }

    /// Begins to store a batch, if that is possible now.
    pub(super) fn begin(&mut self, store: &Arc<dyn Store>, pulse: &Pulse, now: Instant) {
        if self.flush_at(pulse).is_some_and(|at| at <= now) {
            let most = pulse.batch().min(self.waiting.len());
            let batch = self.waiting.drain(..most).collect();
            self.in_flight = Some(Box::pin(flush(store.clone(), batch)));
        }
    }

    /// Waits for the batch in flight. Never returns if there is none.
    pub(super) async fn flushed(&mut self) -> Flushed {
        let Some(in_flight) = &mut self.in_flight else {
            return std::future::pending().await;
        };
        let flushed = in_flight.await;
        self.in_flight = None;
        flushed
    }

    /// Keeps what a batch did not store. A single write that can never be stored is dropped: its claim ends with the lease.
    pub(super) fn keep(&mut self, failed: Vec<(usize, Write)>, fault: &StoreError) -> Option<usize> {
        if let ([(lane, write)], false) = (&*failed, fault.is_transient()) {
            error!(key = write.fence().key, error = %fault, "a result cannot be stored; its claim ends with the lease");
            return Some(*lane);
        }
        for write in failed.into_iter().rev() {
            self.waiting.push_front(write);
        }
        None
    }
}

impl Write {
    /// Returns the delay after which the record is due again. `None` if it is not polled again.
    fn delay(&self) -> Option<Duration> {
        match self {
            Self::Reschedule(write) => Some(write.delay),
            Self::Complete(_) => None,
            Self::GiveBack(write) => Some(write.delay),
        }
    }

    pub(super) fn fence(&self) -> &Fence {
        match self {
            Self::Reschedule(write) => &write.fence,
            Self::Complete(write) => &write.fence,
            Self::GiveBack(write) => &write.fence,
        }
    }
}

/// Stores a batch, in one call for each sort of write.
async fn flush(store: Arc<dyn Store>, batch: Vec<(usize, Write)>) -> Flushed {
    let (mut reschedules, mut completes, mut give_backs) = (Vec::new(), Vec::new(), Vec::new());
    let mut lanes = [Vec::new(), Vec::new(), Vec::new()];
    for (lane, write) in batch {
        let sort = match write {
            Write::Reschedule(write) => {
                reschedules.push(write);
                0
            }
            Write::Complete(write) => {
                completes.push(write);
                1
            }
            Write::GiveBack(write) => {
                give_backs.push(write);
                2
            }
        };
        lanes[sort].push(lane);
    }
    let mut flushed = Flushed { ended: Vec::new(), completed: false, failed: None };
    let [reschedule_lanes, complete_lanes, give_back_lanes] = lanes;
    // Outcomes first: they are what must not be lost.
    if !completes.is_empty() {
        let result = store.complete(&completes).await;
        flushed.completed = result.is_ok();
        let fences = || completes.iter().map(|write| &write.fence);
        flushed.take(result, fences(), complete_lanes, completes.iter().cloned().map(Write::Complete));
    }
    if !reschedules.is_empty() {
        let result = store.reschedule(&reschedules).await;
        let fences = reschedules.iter().map(|write| &write.fence);
        flushed.take(result, fences, reschedule_lanes, reschedules.iter().cloned().map(Write::Reschedule));
    }
    if !give_backs.is_empty() {
        let result = store.give_back(&give_backs).await;
        let fences = give_backs.iter().map(|write| &write.fence);
        flushed.take(result, fences, give_back_lanes, give_backs.iter().cloned().map(Write::GiveBack));
    }
    flushed
}

impl Flushed {
    fn take<'w>(
        &mut self,
        result: Result<Vec<Written>, StoreError>,
        fences: impl Iterator<Item = &'w Fence>,
        lanes: Vec<usize>,
        writes: impl Iterator<Item = Write>,
    ) {
        match result {
            Ok(written) => {
                for (fence, _) in fences.zip(written).filter(|(_, written)| *written == Written::Fenced) {
                    debug!(
                        key = fence.key,
                        epoch = fence.epoch,
                        "the claim had ended; its result was not stored"
                    );
                }
                self.ended.extend(lanes.into_iter().zip(writes.map(|write| write.delay())));
            }
            Err(fault) => {
                let unstored = lanes.into_iter().zip(writes);
                match &mut self.failed {
                    Some((failed, _)) => failed.extend(unstored),
                    none => *none = Some((unstored.collect(), fault)),
                }
            }
        }
    }
}
