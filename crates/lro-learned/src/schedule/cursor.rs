use std::time::Duration;

use lro::pacing::{CompactState, Finish, Moment};

use crate::{classic, distribution::MIN_GAP, kind::Kind, plan::Plan};

/// The position of one operation in the plan of its kind: 16 bytes of plain data, [`CompactState`] in another form.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cursor {
    /// That of the plan: [`UNPLANNED`], [`RESTORED`], [`OWN`] or a number in between.
    version: u16,
    /// The jitter of the operation, from -1 to 1 in steps of `1 / i16::MAX`.
    jitter: i16,
    /// The number of the next poll in the plan.
    next: u32,
    /// The share of the operation in the ledger of its kind.
    balance: f32,
    /// The longest round trip so far, in seconds.
    round_trip: f32,
}

impl Cursor {
    /// Returns the delay to the next poll: by a plan of the operation's own if there is one, else by that of its kind.
    pub(crate) fn delay(&mut self, kind: &mut Kind, moment: &Moment, own: Option<&Plan>) -> Duration {
        let now = moment.elapsed.as_secs_f64();
        self.round_trip = self.round_trip.max(moment.round_trip.as_secs_f32());
        if moment.polls > 0 {
            kind.saw(now);
        }
        let at = self.instant(kind, now, moment.polls, own);
        if self.version != UNPLANNED {
            // The smaller of two balances: the operation has ended just after the last poll, or is still running at the
            // next one. Other waits must not spend the ticks of the usual backoff that this operation may not live to
            // see.
            let (share, polls) = (kind.share_of_classic(), f64::from(moment.polls));
            let ended = share * self.ticks_seen(now - self.round_trip()) - polls;
            let running = share * self.ticks(at) - polls - 1.0;
            kind.ledger.account(&mut self.balance, ended.min(running));
        }
        Duration::try_from_secs_f64(at - now).unwrap_or_default()
    }

    /// Settles the share of an operation that has ended in the ledger.
    pub(crate) fn settle(&mut self, kind: &mut Kind, finish: &Finish) {
        if self.version != UNPLANNED {
            // The usual backoff would have made one more poll after the last tick at which the operation was still
            // running.
            let last = finish.running.as_secs_f64() - self.round_trip() / 2.0;
            let classic = self.ticks_seen(last) + f64::from(u8::from(finish.done.is_some()));
            kind.ledger
                .account(&mut self.balance, kind.share_of_classic() * classic - f64::from(finish.polls));
        }
        kind.ledger.settle(&mut self.balance);
    }

    /// Returns the bytes from which [`restore`](Self::restore) continues, and takes the share out of the ledger.
    ///
    /// The ledger and the plans of another process are other ones, so neither the share nor the position is saved.
    pub(crate) fn save(&mut self, kind: &mut Kind) -> Vec<u8> {
        kind.ledger.take_out(&mut self.balance);
        let is_planned = u8::from(self.version != UNPLANNED);
        if self.version != UNPLANNED {
            self.version = RESTORED;
        }
        let [a, b] = self.jitter.to_le_bytes();
        let [c, d, e, f] = self.round_trip.to_le_bytes();
        vec![FORMAT, is_planned, a, b, c, d, e, f]
    }

    /// Returns the cursor of an operation that was [saved](Self::save). Other bytes give a new cursor.
    pub(crate) fn restore(saved: &[u8]) -> Self {
        let &[FORMAT, is_planned @ 0..=1, a, b, c, d, e, f] = saved else {
            return Self::default();
        };
        let round_trip = f32::from_le_bytes([c, d, e, f]);
        Self {
            version: if is_planned == 1 { RESTORED } else { UNPLANNED },
            jitter: i16::from_le_bytes([a, b]),
            // Not `clamp`, which lets NaN pass.
            round_trip: if round_trip > 0.0 { round_trip.min(LONGEST_ROUND_TRIP) } else { 0.0 },
            ..Self::default()
        }
    }

    /// Returns the age at which the next poll is made, in seconds.
    fn instant(&mut self, kind: &mut Kind, now: f64, polls: u32, own: Option<&Plan>) -> f64 {
        if polls == 0 {
            self.jitter = (kind.draw_jitter() * f64::from(i16::MAX)) as i16;
        }
        let of_kind = if own.is_some() { None } else { kind.plan() };
        let Some(plan) = own.or(of_kind.as_deref()) else {
            return now + classic::pause(polls);
        };
        let (version, stretch) = match own {
            Some(_) => (OWN, 1.0),
            None => (shortened(kind.version()), kind.stretch(f64::from(self.jitter) / f64::from(i16::MAX))),
        };
        // A plan of its own is a new one each time.
        if self.version != version || version == OWN {
            self.version = version;
            self.next = plan.first_after(now / stretch);
        }
        // The plan says when the server should look, which is half a round trip after the call.
        let planned = plan.instant(self.next).map(|at| at * stretch - self.round_trip() / 2.0);
        let least = if polls == 0 { 0.0 } else { now + MIN_GAP };
        let mut wished = planned.unwrap_or_else(|| plan.beyond(now)).max(least);
        let latest = kind.latest(now);
        if wished <= latest {
            self.next = self.next.saturating_add(1);
        } else {
            // A poll beside the plan: the next poll of the plan stays the next.
            wished = latest;
        }
        if kind.has_ledger() { self.afforded(kind, wished, polls) } else { wished }
    }

    /// Returns the age that is wished, or that of the next poll of the usual backoff if the ledger has no poll left.
    fn afforded(&self, kind: &Kind, wished: f64, polls: u32) -> f64 {
        let ticks = classic::ticks_until(wished, self.round_trip());
        let others = kind.ledger.tokens() - f64::from(self.balance);
        let left = others + kind.share_of_classic() * f64::from(ticks) - f64::from(polls);
        if left < 1.0 { classic::tick(ticks, self.round_trip()) } else { wished }
    }

    /// The number of polls that the usual backoff makes up to and including an age in seconds.
    fn ticks(&self, at: f64) -> f64 {
        f64::from(classic::ticks_until(at, self.round_trip()))
    }

    /// The number of those that find the operation running, if a poll at an age in seconds did.
    fn ticks_seen(&self, at: f64) -> f64 {
        self.ticks(at - JUST_BEFORE)
    }

    fn round_trip(&self) -> f64 {
        f64::from(self.round_trip)
    }
}

/// From bytes that a driver stored. A number that is not finite counts as 0: it would spoil the ledger of the kind for
/// good.
impl From<CompactState> for Cursor {
    fn from(state: CompactState) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = state;
        let finite = |bytes| Some(f32::from_le_bytes(bytes)).filter(|number| number.is_finite());
        Self {
            version: u16::from_le_bytes([a, b]),
            jitter: i16::from_le_bytes([c, d]),
            next: u32::from_le_bytes([e, f, g, h]),
            balance: finite([i, j, k, l]).unwrap_or(0.0),
            round_trip: finite([m, n, o, p]).unwrap_or(0.0).max(0.0),
        }
    }
}

impl From<Cursor> for CompactState {
    fn from(cursor: Cursor) -> Self {
        let [a, b] = cursor.version.to_le_bytes();
        let [c, d] = cursor.jitter.to_le_bytes();
        let [e, f, g, h] = cursor.next.to_le_bytes();
        let [i, j, k, l] = cursor.balance.to_le_bytes();
        let [m, n, o, p] = cursor.round_trip.to_le_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
    }
}

/// The version of a kind's plan in 16 bits, from 1 to `RESTORED - 1`.
///
/// Two versions coincide where a kind learned a multiple of 65,533 times between two polls of an operation. The
/// operation then goes on at the same position of another plan, for one poll.
fn shortened(version: u32) -> u16 {
    (version % u32::from(RESTORED - 1)) as u16 + 1
}

/// The version of an operation that has had no plan yet: that of a state of zeroes.
const UNPLANNED: u16 = 0;
/// The version of an operation that was planned before it was saved. It is looked up in the current plan.
const RESTORED: u16 = OWN - 1;
/// The version of an operation that has a plan of its own, by its progress.
const OWN: u16 = u16::MAX;
/// The format of a saved cursor. It increases with each change that an older version would misread.
const FORMAT: u8 = 1;
/// In seconds. No call takes longer. A number that was damaged in a store puts off the next poll by this time at most.
const LONGEST_ROUND_TRIP: f32 = 600.0;
/// In seconds: a tick at the very age of a poll counts as after it. Below the microsecond to which ages are exact, and
/// above the rounding of an `f64` for ages of months.
const JUST_BEFORE: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_the_same_after_it_was_stored(
            version: u16, jitter: i16, next: u32, balance in -1e9_f32..1e9, round_trip in 0.0..1e9_f32,
        ) {
            let cursor = Cursor { version, jitter, next, balance, round_trip };
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
