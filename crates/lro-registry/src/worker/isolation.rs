use std::time::Duration;

use tokio::time::Instant;

use super::claims::Leased;
use crate::store::{ClaimedRecord, GiveBack};

/// Polls suspects alone: records whose last claims ended without a result.
///
/// A record that ends the process of its worker takes every claim with it that the worker holds, and each of them counts. One
/// suspect is polled at a time, after the others were given back, so that the next crash counts against it alone.
#[derive(Default)]
pub(super) struct Isolation {
    /// A suspect that waits until the others are given back, and since when.
    waiting: Option<(Leased, Instant)>,
    /// The call of the suspect, and when it began.
    in_flight: Option<(u64, Instant)>,
}

impl Isolation {
    /// Takes the suspects of a claim. Returns those to give back.
    pub(super) fn isolate(&mut self, mut suspects: Vec<Leased>, now: Instant) -> Vec<(usize, GiveBack)> {
        let is_free = self.waiting.is_none() && self.in_flight.is_none();
        if is_free && !suspects.is_empty() {
            self.waiting = Some((suspects.remove(0), now));
        }
        let pause = if is_free { SPACING } else { PAUSE };
        let others = (1..).zip(suspects);
        others.map(|(place, other)| (other.lane, later(pause.saturating_mul(place), other.record))).collect()
    }

    /// Takes the suspect that waits, if no other is held any more.
    pub(super) fn next(&mut self, holds_others: bool) -> Option<Leased> {
        if holds_others { None } else { self.waiting.take().map(|(suspect, _)| suspect) }
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
        if self.in_flight.is_some_and(|(call, _)| !is_running(call)) {
            self.in_flight = None;
        }
        let waiting = self.waiting.as_ref().map(|(_, since)| *since);
        let since = waiting.or_else(|| self.in_flight.map(|(_, since)| since))?;
        Some(since + PAUSE).filter(|until| *until > now)
    }
}

/// Gives a suspect back.
fn later(delay: Duration, record: ClaimedRecord) -> GiveBack {
    GiveBack { fence: record.fence, delay, counts: false, error: None }
}

/// A call that ends the process does so within its first moments. A longer pause delays others if the service is slow.
const PAUSE: Duration = Duration::from_secs(1);
/// The round trip of most services: the suspects are due one after the other, so that a claim finds few of them.
const SPACING: Duration = Duration::from_millis(50);
