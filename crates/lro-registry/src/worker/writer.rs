use std::{collections::VecDeque, mem, sync::Arc, time::Duration};

use futures::{
    FutureExt,
    future::{BoxFuture, pending},
};
use tokio::time::{Instant, sleep};
use tracing::{debug, error};

use crate::{
    Store,
    published::Ended,
    pulse::{Pulse, in_time, pause},
    store::{Complete, Fence, Finished, GiveBack, Reschedule, StoreError, Written},
};

/// What a claim ends with.
#[derive(Debug)]
pub(super) enum Write {
    Reschedule(Reschedule),
    Complete(Complete),
    GiveBack(GiveBack),
}

/// The writes that are not stored yet.
///
/// New ones are stored in batches as large as they come. Those that failed are stored again beside them, in batches that shrink with
/// each failure: a record that cannot be written holds up no other for long.
#[derive(Default)]
pub(super) struct Writer {
    fresh: VecDeque<Item>,
    /// Those that failed, and when each is stored again.
    again: VecDeque<(Instant, Item)>,
    storing: [Option<BoxFuture<'static, Flushed>>; 2],
    pub(super) pulse: Pulse,
    /// The suspects that are given back and not stored yet.
    suspects: usize,
}

/// A write that waits.
struct Item {
    write: Write,
    held: Held,
}

/// The claim that a write ends.
#[derive(Clone, Copy)]
struct Held {
    lane: usize,
    is_suspect: bool,
    /// How the wait has ended, if it has.
    ended: Option<Ended>,
    /// Whether the claim had ended before the write.
    is_lost: bool,
    /// How often the write failed.
    failures: u32,
}

/// A claim that has ended.
#[derive(Debug)]
pub(super) struct Freed {
    pub(super) lane: usize,
    /// The delay after which the record is due again. `None` if it is not polled again.
    pub(super) delay: Option<Duration>,
    /// Whether it had ended before its result was stored.
    pub(super) is_lost: bool,
    /// The kind of the operation and how the wait has ended, if that was stored.
    pub(super) ended: Option<(String, Ended)>,
}

/// The writes of one sort, and the claim of each.
struct Sort<W> {
    writes: Vec<W>,
    held: Vec<Held>,
}

/// The result of a batch.
#[derive(Default)]
pub(super) struct Flushed {
    stored: Vec<Item>,
    /// Whether an outcome was stored.
    pub(super) completed: bool,
    failed: Vec<Item>,
    fault: Option<StoreError>,
}

impl Writer {
    pub(super) fn push(&mut self, lane: usize, write: Write, ended: Option<Ended>) {
        self.fresh.push_back(Item { write, held: Held { ended, ..Held::of(lane) } });
    }

    /// Gives a suspect back.
    pub(super) fn push_suspect(&mut self, lane: usize, give_back: GiveBack) {
        self.suspects += 1;
        let write = Write::GiveBack(give_back);
        self.fresh.push_back(Item { write, held: Held { is_suspect: true, ..Held::of(lane) } });
    }

    /// Returns whether a suspect that is given back may still be held.
    pub(super) fn holds_suspects(&self) -> bool {
        self.suspects > 0
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
        let next = self.again.iter().map(|(at, _)| *at).min()?;
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

    /// Notes the result of a batch, and keeps what it did not store. Returns the claims that have ended.
    pub(super) fn keep(&mut self, flushed: Flushed, now: Instant) -> Vec<Freed> {
        let Flushed { stored, failed, fault, .. } = flushed;
        let mut ended: Vec<Item> = stored;
        match &fault {
            None => self.pulse.works(),
            Some(fault) => self.pulse.failed(fault),
        }
        for mut item in failed {
            let Held { failures, .. } = &mut item.held;
            if let Some(fault) = fault.as_ref().filter(|fault| !fault.is_transient() && *failures >= ALONE) {
                let key = &item.write.fence().key;
                error!(key, %fault, "a result cannot be stored; its claim ends with the lease");
                item.held.ended = None;
                ended.push(item);
                continue;
            }
            *failures = failures.saturating_add(1);
            // While they are divided, a fault of one of them is looked for.
            let wait = if *failures <= ALONE { FIRST_PAUSE } else { pause(*failures - ALONE) };
            self.again.push_back((now + wait, item));
        }
        let suspects = ended.iter().filter(|item| item.held.is_suspect).count();
        self.suspects = self.suspects.saturating_sub(suspects);
        ended.into_iter().map(Item::freed).collect()
    }

    /// Takes writes that failed as often as the one that waits for the longest time, so that a write that always fails ends up alone.
    fn due_again(&mut self, now: Instant) -> Vec<Item> {
        let first = self.again.iter().find(|(at, _)| *at <= now).map_or(0, |(_, item)| item.held.failures);
        let most = (LARGEST_BATCH >> (3 * first.min(ALONE))).max(1);
        let mut batch = Vec::new();
        for (at, item) in mem::take(&mut self.again) {
            if batch.len() < most && item.held.failures == first && at <= now {
                batch.push(item);
            } else {
                self.again.push_back((at, item));
            }
        }
        batch
    }
}

impl Item {
    fn freed(self) -> Freed {
        let Self { write, held: Held { lane, is_lost, ended, .. } } = self;
        let delay = write.delay();
        let ended = match write {
            Write::Complete(Complete { finished: Some(Finished { kind, .. }), .. }) => {
                ended.map(|ended| (kind, ended))
            }
            _ => None,
        };
        Freed { lane, delay, is_lost, ended }
    }
}

impl Held {
    fn of(lane: usize) -> Self {
        Self { lane, is_suspect: false, ended: None, is_lost: false, failures: 0 }
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
    let (mut completes, mut reschedules, mut give_backs) = (Sort::new(), Sort::new(), Sort::new());
    for Item { write, held } in batch {
        match write {
            Write::Complete(write) => completes.push(write, held),
            Write::Reschedule(write) => reschedules.push(write, held),
            Write::GiveBack(write) => give_backs.push(write, held),
        }
    }
    let mut flushed = Flushed::default();
    // Outcomes first: they are what must not be lost.
    if !completes.writes.is_empty() {
        let result = in_time(store.complete(&completes.writes)).await;
        flushed.completed = result.is_ok();
        flushed.take(result, completes.items(Write::Complete));
    }
    if !reschedules.writes.is_empty() {
        let result = in_time(store.reschedule(&reschedules.writes)).await;
        flushed.take(result, reschedules.items(Write::Reschedule));
    }
    if !give_backs.writes.is_empty() {
        let result = in_time(store.give_back(&give_backs.writes)).await;
        flushed.take(result, give_backs.items(Write::GiveBack));
    }
    flushed
}

impl<W> Sort<W> {
    fn new() -> Self {
        Self { writes: Vec::new(), held: Vec::new() }
    }

    fn push(&mut self, write: W, held: Held) {
        self.writes.push(write);
        self.held.push(held);
    }

    fn items(self, write: impl Fn(W) -> Write) -> impl Iterator<Item = Item> {
        self.writes.into_iter().map(write).zip(self.held).map(|(write, held)| Item { write, held })
    }
}

impl Flushed {
    fn take(&mut self, result: Result<Vec<Written>, StoreError>, items: impl Iterator<Item = Item>) {
        match result {
            Ok(written) => {
                let first = self.stored.len();
                self.stored.extend(items);
                let results = self.stored[first..].iter_mut().zip(written);
                for (item, _) in results.filter(|(_, written)| *written == Written::Fenced) {
                    // The reply to an earlier write of it may have been lost.
                    item.held.is_lost = item.held.failures == 0 && !matches!(item.write, Write::GiveBack(_));
                    item.held.ended = None;
                    let Fence { key, epoch, .. } = item.write.fence();
                    debug!(key, epoch, "the claim had ended; its result was not stored");
                }
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
