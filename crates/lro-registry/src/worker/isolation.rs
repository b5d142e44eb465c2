use std::{future::pending, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::{
    Store,
    store::{ClaimedRecord, GiveBack},
};

/// Polls suspects alone: records whose last claims ended without a result.
///
/// A record that ends the process of its worker takes every claim with it that the worker holds, and each of them counts. One
/// suspect is polled at a time, after the others were given back, so that the next crash counts against it alone.
#[derive(Default)]
pub(super) struct Isolation {
    waiting: Option<BoxFuture<'static, Isolated>>,
    /// The call of the suspect, and when it began.
    in_flight: Option<(u64, Instant)>,
}

/// A suspect, after the others of its claim were given back.
pub(super) struct Isolated {
    pub(super) lane: usize,
    pub(super) record: ClaimedRecord,
    pub(super) used_by: Instant,
    /// Whether the others are given back. If not, the suspect must not be polled.
    pub(super) is_alone: bool,
}

impl Isolation {
    /// Takes the suspects of a claim. Returns those to give back.
    pub(super) fn isolate(
        &mut self,
        store: &Arc<dyn Store>,
        lane: usize,
        suspects: Vec<ClaimedRecord>,
        used_by: Instant,
    ) -> Vec<ClaimedRecord> {
        if self.waiting.is_some() || self.in_flight.is_some() {
            return suspects;
        }
        let mut suspects = suspects.into_iter();
        let Some(record) = suspects.next() else {
            return Vec::new();
        };
        let others: Vec<GiveBack> = (1..).zip(suspects).map(|(place, other)| later(place, other)).collect();
        let store = store.clone();
        self.waiting = Some(Box::pin(async move {
            let is_alone = others.is_empty() || store.give_back(&others).await.is_ok();
            Isolated { lane, record, used_by, is_alone }
        }));
        Vec::new()
    }

    /// Waits for a suspect that can be polled. Never returns if there is none.
    pub(super) async fn isolated(&mut self) -> Isolated {
        let Some(waiting) = &mut self.waiting else {
            return pending().await;
        };
        let isolated = waiting.await;
        self.waiting = None;
        isolated
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Notes the call of a suspect.
    pub(super) fn begins(&mut self, call: u64, now: Instant) {
        self.in_flight = Some((call, now));
    }

    /// Returns until when nothing is claimed: a claim that is held while the process ends counts.
    pub(super) fn pauses_until(
        &mut self,
        is_running: impl FnOnce(u64) -> bool,
        now: Instant,
    ) -> Option<Instant> {
        if self.waiting.is_some() {
            return Some(now + PAUSE);
        }
        let (call, began) = self.in_flight?;
        if !is_running(call) {
            self.in_flight = None;
            return None;
        }
        Some(began + PAUSE).filter(|until| *until > now)
    }
}

/// Gives a suspect back. They are due one after the other, so that a claim finds few of them.
pub(super) fn later(place: u32, record: ClaimedRecord) -> GiveBack {
    GiveBack { fence: record.fence, delay: SPACING.saturating_mul(place), counts: false, error: None }
}

/// A call that ends the process does so within its first moments. A longer pause delays others if the service is slow.
const PAUSE: Duration = Duration::from_secs(1);
/// The round trip of most services.
const SPACING: Duration = Duration::from_millis(50);
