use std::time::Duration;

use lro::pacing::{CompactState, Finish, Moment};

use crate::{classic, distribution::MIN_GAP, kind::Kind, plan::Plan};

/// How far one operation is on the plan of its kind: sixteen bytes of plain data. It begins as its default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cursor {
    /// Of the plan that it goes by.
    edition: u16,
    /// The lot that was drawn for the jitter: from -32767 to 32767.
    lot: i16,
    /// The next poll of the plan.
    next: u32,
    /// What the operation has added to the ledger of its kind.
    balance: f32,
    /// The longest round trip so far, in seconds.
    round_trip: f32,
}

/// From bytes that a driver kept: numbers that make no sense count as none, lest they spoil the ledger of the kind.
impl From<CompactState> for Cursor {
    fn from(state: CompactState) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = state;
        let real = |bytes| Some(f32::from_le_bytes(bytes)).filter(|number| number.is_finite()).unwrap_or(0.0);
        Self {
            edition: u16::from_le_bytes([a, b]),
            lot: i16::from_le_bytes([c, d]),
            next: u32::from_le_bytes([e, f, g, h]),
            balance: real([i, j, k, l]),
            round_trip: real([m, n, o, p]).max(0.0),
        }
    }
}

impl From<Cursor> for CompactState {
    fn from(cursor: Cursor) -> Self {
        let [a, b] = cursor.edition.to_le_bytes();
        let [c, d] = cursor.lot.to_le_bytes();
        let [e, f, g, h] = cursor.next.to_le_bytes();
        let [i, j, k, l] = cursor.balance.to_le_bytes();
        let [m, n, o, p] = cursor.round_trip.to_le_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
    }
}

impl Cursor {
    /// The delay to the next poll: by a plan of the operation's own, if it has one, else by that of its kind.
    pub(crate) fn delay(&mut self, kind: &mut Kind, moment: &Moment, own: Option<&Plan>) -> Duration {
        let now = moment.elapsed.as_secs_f64();
        self.round_trip = self.round_trip.max(moment.round_trip.as_secs_f32());
        if moment.polls > 0 {
            kind.saw(now);
        }
        let at = self.instant(kind, now, moment.polls, own);
        if self.edition != UNPLANNED {
            // The less of both: it has ended just after the last poll, or still runs at the next one. Other waits may not
            // spend the ticks that it does not live to see.
            let (share, polls) = (kind.share_of_classic(), f64::from(moment.polls));
            let ended = share * self.ticks_seen(now - self.round_trip()) - polls;
            let running = share * self.ticks(at) - polls - 1.0;
            kind.ledger.account(&mut self.balance, ended.min(running));
        }
        Duration::try_from_secs_f64(at - now).unwrap_or_default()
    }

    /// Settles the account of an operation that has ended.
    pub(crate) fn settle(&mut self, kind: &mut Kind, finish: &Finish) {
        if self.edition != UNPLANNED {
            // The classic backoff would have made one more after the last tick at which it still ran.
            let last = finish.running.as_secs_f64() - self.round_trip() / 2.0;
            let classic = self.ticks_seen(last) + f64::from(u8::from(finish.done.is_some()));
            kind.ledger
                .account(&mut self.balance, kind.share_of_classic() * classic - f64::from(finish.polls));
        }
        kind.ledger.settle(&mut self.balance);
    }

    /// When to ask, in seconds since the begin.
    fn instant(&mut self, kind: &mut Kind, now: f64, polls: u32, own: Option<&Plan>) -> f64 {
        if polls == 0 {
            self.lot = (kind.draw() * f64::from(i16::MAX)) as i16;
        }
        let of_kind = if own.is_some() { None } else { kind.plan() };
        let Some(plan) = own.or(of_kind.as_deref()) else {
            return now + classic::pause(polls);
        };
        let (edition, stretch) = match own {
            Some(_) => (OWN, 1.0),
            None => (shortened(kind.edition()), kind.stretch(f64::from(self.lot) / f64::from(i16::MAX))),
        };
        // Each plan of its own is a new one.
        if self.edition != edition || edition == OWN {
            self.edition = edition;
            self.next = plan.first_after(now / stretch);
        }
        let planned = plan.instant(self.next).map(|at| at * stretch - self.round_trip() / 2.0);
        let least = if polls == 0 { 0.0 } else { now + MIN_GAP };
        let mut wished = planned.unwrap_or_else(|| plan.beyond(now)).max(least);
        let latest = kind.latest(now);
        if wished <= latest {
            self.next = self.next.saturating_add(1);
        } else {
            // A poll beside the plan, of which the next poll stays the next.
            wished = latest;
        }
        if kind.has_ledger() { self.afforded(kind, wished, polls) } else { wished }
    }

    /// The time wished, or the next one at which the classic backoff asks if the ledger has no poll left.
    fn afforded(&self, kind: &Kind, wished: f64, polls: u32) -> f64 {
        let ticks = classic::ticks_until(wished, self.round_trip());
        let others = kind.ledger.tokens() - f64::from(self.balance);
        let left = others + kind.share_of_classic() * f64::from(ticks) - f64::from(polls);
        if left < 1.0 { classic::tick(ticks, self.round_trip()) } else { wished }
    }

    /// How many polls the classic backoff makes until a time in seconds, itself included.
    fn ticks(&self, at: f64) -> f64 {
        f64::from(classic::ticks_until(at, self.round_trip()))
    }

    /// How many of them find it running, if a poll that was made at a time in seconds did.
    fn ticks_seen(&self, at: f64) -> f64 {
        self.ticks(at - 1e-9)
    }

    fn round_trip(&self) -> f64 {
        f64::from(self.round_trip)
    }
}

/// The edition of a kind's plan in fewer bits: two are alike where a kind learned 65,534 times between two polls of an
/// operation, which then asks at another time than planned, once.
fn shortened(edition: u32) -> u16 {
    (edition % u32::from(OWN - 1)) as u16 + 1
}

/// The edition of an operation that has no plan yet.
const UNPLANNED: u16 = 0;
/// That of one that goes by a plan of its own.
const OWN: u16 = u16::MAX;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_the_same_after_it_was_kept(
            edition: u16, lot: i16, next: u32, balance in -1e9_f32..1e9, round_trip in 0.0..1e9_f32,
        ) {
            let cursor = Cursor { edition, lot, next, balance, round_trip };
            prop_assert_eq!(Cursor::from(CompactState::from(cursor)), cursor);
        }

        #[test]
        fn is_made_of_any_bytes(state: CompactState) {
            let cursor = Cursor::from(state);
            prop_assert!(cursor.balance.is_finite() && cursor.round_trip.is_finite());
            prop_assert!(cursor.round_trip >= 0.0);
        }
    }

    #[test]
    fn begins_as_zeroes() {
        assert_eq!(Cursor::from([0; 16]), Cursor::default());
    }
}
