use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lro::Service;
use tokio::time::Instant;

/// The low-water marks: the due time below which no record is due, for each service and (`None`) for the outcomes.
///
/// A transaction that stays open elsewhere keeps the index entries of all records that were due since. A search that begins at
/// the mark does not read them. A record below the mark is possible (a transaction that took long, a person who changed the
/// time), so that a full search runs now and then: in the claim if that is cheap, else beside it.
#[derive(Debug, Default)]
pub(crate) struct Marks(Mutex<HashMap<Option<Service>, Mark>>);

#[derive(Debug)]
struct Mark {
    low: i64,
    /// When the next full search is to run.
    search: Instant,
    is_costly: bool,
}

/// Where a search begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) mark: i64,
    /// The mark that is stored, which the search replaces if nothing else has.
    stored: i64,
    at: Instant,
    pub(crate) needs_search: bool,
}

/// A record below the mark waits for so long, beside the pauses of a worker.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A search that takes longer than a slow round trip reads what it should not.
const COSTLY: Duration = Duration::from_millis(30);
/// A full search takes at most this part of the time of a connection.
const SHARE: u32 = 20;

impl Marks {
    /// Returns where to begin. The mark of a full search is the least number.
    pub(crate) fn start(&self, service: Option<&Service>) -> Start {
        let now = Instant::now();
        let mut marks = self.lock();
        let new = || Mark { low: i64::MIN, search: now, is_costly: false };
        let mark = marks.entry(service.cloned()).or_insert_with(new);
        let is_time = now >= mark.search;
        if is_time {
            mark.search = now + PAUSE;
        }
        let low = if is_time && !mark.is_costly { i64::MIN } else { mark.low };
        Start { mark: low, stored: mark.low, at: now, needs_search: is_time && mark.is_costly }
    }

    /// Stores the mark that a search has found.
    pub(crate) fn found(&self, service: Option<&Service>, start: Start, low: i64) {
        if let Some(mark) = self.lock().get_mut(&service.cloned()) {
            if mark.low == start.stored {
                mark.low = low;
            }
            if start.mark == i64::MIN {
                mark.searched(start.at);
            }
        }
    }

    /// Stores what a full search beside a claim has found.
    pub(crate) fn searched(&self, service: Option<&Service>, begun: Instant, below: Option<i64>) {
        if let Some(mark) = self.lock().get_mut(&service.cloned()) {
            mark.low = below.map_or(mark.low, |below| below.min(mark.low));
            mark.searched(begun);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Option<Service>, Mark>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mark {
    fn searched(&mut self, begun: Instant) {
        let now = Instant::now();
        let took = now.duration_since(begun);
        self.is_costly = took > COSTLY;
        self.search = now + (took * SHARE).clamp(PAUSE, LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn begins_at_the_mark_between_full_searches() {
        let marks = Marks::default();
        let first = marks.start(None);
        assert_eq!(first.mark, i64::MIN);
        marks.found(None, first, 70);
        assert_eq!(marks.start(None).mark, 70);
        tokio::time::advance(PAUSE).await;
        let costly = marks.start(None);
        assert_eq!((costly.mark, costly.needs_search), (i64::MIN, false));
        tokio::time::advance(COSTLY * 2).await;
        marks.found(None, costly, 80);
        tokio::time::advance(COSTLY * 2 * SHARE).await;
        let beside = marks.start(None);
        assert_eq!(
            (beside.mark, beside.needs_search),
            (80, true),
            "a costly search does not hold up a claim"
        );
        let late = marks.start(None);
        marks.searched(None, Instant::now(), Some(60));
        marks.found(None, late, 90);
        assert_eq!(marks.start(None).mark, 60, "a claim that began before does not hide what was found");
    }
}
