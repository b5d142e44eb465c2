use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::{
    FutureExt,
    future::{BoxFuture, pending},
};
use tokio::time::{Instant, sleep};
use tracing::{debug, error};

use super::pulse::{Pulse, answered};
use crate::{
    Store,
    deliveries::pause,
    store::{Complete, Fence, GiveBack, Reschedule, StoreError, Written},
};

/// What a claim ends with.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Reschedule(Reschedule),
    Complete(Complete),
    GiveBack(GiveBack),
}

/// The writes that are not stored yet.
///
/// New ones are stored in batches as large as they come. Those that failed are stored again beside them, in batches that shrink with
/// each failure: a record that cannot be written holds up no other for long.
pub(super) struct Writer {
    fresh: VecDeque<Item>,
    again: VecDeque<Item>,
    storing: [Option<BoxFuture<'static, Flushed>>; 2],
    pub(super) pulse: Pulse,
    /// The suspects that are given back and not stored yet.
    suspects: usize,
}

/// A write that waits.
#[derive(Clone, Debug)]
struct Item {
    lane: usize,
    write: Write,
    is_suspect: bool,
    failures: u32,
    not_before: Instant,
}

/// The result of a batch.
pub(super) struct Flushed {
    stored: Vec<Item>,
    /// Whether an outcome was stored.
    pub(super) completed: bool,
    failed: Vec<Item>,
    fault: Option<StoreError>,
}

impl Writer {
    pub(super) fn new(now: Instant) -> Self {
        let (fresh, again) = (VecDeque::new(), VecDeque::new());
        Self { fresh, again, storing: [None, None], pulse: Pulse::new(now), suspects: 0 }
    }

    pub(super) fn push(&mut self, lane: usize, write: Write) {
        self.fresh.push_back(Item {
            lane,
            write,
            is_suspect: false,
            failures: 0,
            not_before: Instant::now(),
        });
    }

    /// Gives a suspect back.
    pub(super) fn push_suspect(&mut self, lane: usize, give_back: GiveBack) {
        self.suspects += 1;
        let write = Write::GiveBack(give_back);
        self.fresh.push_back(Item { lane, write, is_suspect: true, failures: 0, not_before: Instant::now() });
    }

    /// Returns whether a suspect that is given back may still be held.
    pub(super) fn holds_suspects(&self) -> bool {
        self.suspects > 0
    }

    /// Returns when the store is tried again, if it does not store writes.
    pub(super) fn fails_until(&self) -> Option<Instant> {
        self.pulse.away_since().map(|_| self.pulse.retry_at())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.again.is_empty() && self.storing.iter().all(Option::is_none)
    }

    /// Begins to store what can be stored now. Returns when to look again, `None` if nothing waits.
    pub(super) fn begin(&mut self, store: &Arc<dyn Store>, now: Instant) -> Option<Instant> {
        if self.storing[0].is_none() && !self.fresh.is_empty() {
            let most = self.fresh.len().min(LARGEST_BATCH);
            let batch = self.fresh.drain(..most).collect();
            self.storing[0] = Some(flush(store.clone(), batch).boxed());
        }
        if self.storing[1].is_some() {
            return None;
        }
        let next = self.again.iter().map(|item| item.not_before).min()?;
        if next > now {
            return Some(next);
        }
        let batch = self.due_again(now);
        self.storing[1] = Some(flush(store.clone(), batch).boxed());
        None
    }

    /// Waits for a batch in flight. Never returns if there is none.
    pub(super) async fn flushed(&mut self) -> Flushed {
        let [fresh, again] = &mut self.storing;
        let (place, flushed) = tokio::select! {
            flushed = stored(fresh) => (0, flushed),
            flushed = stored(again) => (1, flushed),
        };
        self.storing[place] = None;
        flushed
    }

    /// Notes the result of a batch, and keeps what it did not store. Returns the claims that have ended: the lane of each, and the
    /// delay after which the record is due again.
    pub(super) fn keep(&mut self, flushed: Flushed, now: Instant) -> Vec<(usize, Option<Duration>)> {
        let Flushed { stored, failed, fault, .. } = flushed;
        let mut ended: Vec<Item> = stored;
        match &fault {
            None => self.pulse.works(),
            Some(fault) => self.pulse.failed(fault, now),
        }
        for mut item in failed {
            let is_lost = fault.as_ref().is_some_and(|fault| !fault.is_transient()) && item.failures >= ALONE;
            if is_lost {
                let (key, fault) = (&item.write.fence().key, fault.as_ref().map(ToString::to_string));
                error!(key, fault, "a result cannot be stored; its claim ends with the lease");
                ended.push(item);
                continue;
            }
            item.failures = item.failures.saturating_add(1);
            // While they are halved, a fault of one of them is looked for.
            item.not_before =
                now + if item.failures <= ALONE { FIRST_PAUSE } else { pause(item.failures - ALONE) };
            self.again.push_back(item);
        }
        let suspects = ended.iter().filter(|item| item.is_suspect).count();
        self.suspects = self.suspects.saturating_sub(suspects);
        ended.into_iter().map(|item| (item.lane, item.write.delay())).collect()
    }

    /// Takes writes that failed as often as the one that waits for the longest time, so that a write that always fails ends up alone.
    fn due_again(&mut self, now: Instant) -> Vec<Item> {
        let first = self.again.iter().find(|item| item.not_before <= now).map_or(0, |item| item.failures);
        let most = (LARGEST_BATCH >> (3 * first.min(ALONE))).max(1);
        let mut batch = Vec::new();
        let mut rest = VecDeque::with_capacity(self.again.len());
        for item in self.again.drain(..) {
            if batch.len() < most && item.failures == first && item.not_before <= now {
                batch.push(item);
            } else {
                rest.push_back(item);
            }
        }
        self.again = rest;
        batch
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

    fn fence(&self) -> &Fence {
        match self {
            Self::Reschedule(write) => &write.fence,
            Self::Complete(write) => &write.fence,
            Self::GiveBack(write) => &write.fence,
        }
    }
}

async fn stored(storing: &mut Option<BoxFuture<'static, Flushed>>) -> Flushed {
    match storing {
        Some(storing) => storing.await,
        None => pending().await,
    }
}

/// Stores a batch, in one call for each sort of write.
async fn flush(store: Arc<dyn Store>, batch: Vec<Item>) -> Flushed {
    let (mut reschedules, mut completes, mut give_backs) = (Vec::new(), Vec::new(), Vec::new());
    let mut items = [Vec::new(), Vec::new(), Vec::new()];
    for item in batch {
        let sort = match &item.write {
            Write::Complete(write) => {
                completes.push(write.clone());
                0
            }
            Write::Reschedule(write) => {
                reschedules.push(write.clone());
                1
            }
            Write::GiveBack(write) => {
                give_backs.push(write.clone());
                2
            }
        };
        items[sort].push(item);
    }
    let [complete_items, reschedule_items, give_back_items] = items;
    let mut flushed = Flushed { stored: Vec::new(), completed: false, failed: Vec::new(), fault: None };
    // Outcomes first: they are what must not be lost.
    if !completes.is_empty() {
        let result = answered(store.complete(&completes)).await;
        flushed.completed = result.is_ok();
        flushed.take(result, complete_items);
    }
    if !reschedules.is_empty() {
        flushed.take(answered(store.reschedule(&reschedules)).await, reschedule_items);
    }
    if !give_backs.is_empty() {
        flushed.take(answered(store.give_back(&give_backs)).await, give_back_items);
    }
    flushed
}

impl Flushed {
    fn take(&mut self, result: Result<Vec<Written>, StoreError>, items: Vec<Item>) {
        match result {
            Ok(written) => {
                for (item, _) in items.iter().zip(written).filter(|(_, written)| *written == Written::Fenced)
                {
                    let Fence { key, epoch, .. } = item.write.fence();
                    debug!(key, epoch, "the claim had ended; its result was not stored");
                }
                self.stored.extend(items);
            }
            Err(fault) => {
                self.failed.extend(items);
                self.fault = Some(fault);
            }
        }
    }
}

/// Waits until a writer is to be looked at again.
pub(super) async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep(at.saturating_duration_since(Instant::now())).await,
        None => pending().await,
    }
}

/// Larger ones save little: the costs of a transaction are shared by hundreds already.
const LARGEST_BATCH: usize = 512;
/// After this many failures a write is stored alone: 512, 64, 8, 1.
const ALONE: u32 = 3;
/// A deadlock or a lock that is held for a moment is over by then.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
