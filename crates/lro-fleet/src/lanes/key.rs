use std::time::Duration;

use lro_control::{Call, Control, Line, Lines, Ranking, Rate, Reply, Window};

use slab::Slab;

use super::{Item, Next};
use crate::{QuotaKey, clock::Time};

/// The operations under one quota.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) control: Control,
    window: Option<Window>,
    pub(super) lines: Lines<Item>,
    pub(super) place: Place,
    /// The operations that are waited for.
    pub(super) operations: usize,
    /// When the first line was last ranked, and its length at that time.
    ranked: Option<(Time, usize)>,
    /// The calls in flight.
    outgoing: Slab<Sent>,
}

/// Whether a key can make calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing is due, or a call must end first.
    Idle,
    Busy,
    /// No call may be made before this time.
    Shut(Time),
}

/// A call in flight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sent {
    pub(crate) key: usize,
    pub(crate) at: Time,
    /// Its place among the calls in flight of the key.
    slot: usize,
    call: Call,
}

/// A call that has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flight {
    pub(crate) sent: Sent,
    /// When it was sent, which may be later than it was begun. `None` if it was not.
    pub(crate) sent_at: Option<Time>,
    /// Whether it was cut because it hung, to free its slot.
    pub(crate) hangs: bool,
}

impl Key {
    pub(super) fn new(rate: Option<Rate>, most: usize) -> Self {
        Self {
            control: Control::new(rate, most),
            window: rate.map(Window::new),
            lines: Lines::default(),
            place: Place::Idle,
            operations: 0,
            ranked: None,
            outgoing: Slab::new(),
        }
    }

    /// Returns the state of the key, without its name.
    pub(super) fn describe(&self) -> QuotaKey {
        QuotaKey {
            name: String::new(),
            is_shut: self.control.is_shut(),
            found_rate: self.control.found_rate(),
            in_flight: self.control.in_flight(),
            due: self.lines.waiting(Line::First) + self.lines.waiting(Line::Second),
            operations: self.operations,
        }
    }

    /// Returns when the next call may be made. It is never while another call must end first.
    pub(super) fn opens_at(&self) -> Time {
        self.window_opens_at().max(Time::of(self.control.opens_at()))
    }

    pub(super) fn take(
        &mut self,
        now: Time,
        chance: f64,
        is_waiting: &mut impl FnMut(&Item) -> bool,
    ) -> Option<Item> {
        loop {
            let (first, second) = (self.lines.waiting(Line::First), self.lines.waiting(Line::Second));
            let pick = self.control.pick(now.since_start(), first, second)?;
            // A line without a current item is empty after this.
            if let Some(item) = self.lines.take(pick, chance, &mut *is_waiting) {
                return Some(item);
            }
        }
    }

    /// Counts a call for an item. `failures` are those of its operation in a row.
    pub(super) fn send(&mut self, next: Next, failures: u32, now: Time, chance: f64) -> Sent {
        let call = self.control.sent(now.since_start(), failures, chance);
        if let Some(window) = &mut self.window {
            window.count(now.since_start());
        }
        let slot = self.outgoing.vacant_entry();
        let sent = Sent { key: next.key, at: now, slot: slot.key(), call };
        slot.insert(sent);
        sent
    }

    /// Counts a call that is not about an item in a line. Returns when it may be made.
    ///
    /// At most one call is counted before it is made, because it may be dropped.
    ///
    /// # Errors
    ///
    /// The time at which to try again, if another call is counted already.
    pub(super) fn reserve(&mut self, now: Time) -> Result<Time, Time> {
        let at = self.window_opens_at().max(now);
        let Some(window) = &mut self.window else {
            return Ok(now);
        };
        match window.latest().map(|latest| Time::of(Some(latest))) {
            Some(latest) if latest > now => Err(latest),
            _ => {
                window.count(at.since_start());
                Ok(at)
            }
        }
    }

    pub(super) fn ended(&mut self, flight: &Flight, reply: Option<Reply>, now: Time, chance: f64) {
        let Flight { sent, sent_at, .. } = flight;
        self.outgoing.try_remove(sent.slot);
        let Some(reply) = reply else {
            return self.control.withdrawn(sent.call);
        };
        let call = sent.call.left(sent_at.unwrap_or(sent.at).since_start());
        self.control.ended(call, now.since_start(), reply, self.operations, chance);
    }

    /// Returns the oldest call that was sent, and when it may be cut so that another one can be made.
    pub(super) fn cut_at(
        &self,
        now: Time,
        has_slot: bool,
        sent_at: impl Fn(&Sent) -> Option<Time>,
    ) -> Option<(Time, Sent)> {
        let sent = self.outgoing.iter().filter_map(|(_, sent)| Some((sent_at(sent)?, *sent)));
        let (left, sent) = sent.min_by_key(|(_, sent)| sent.at)?;
        let call = sent.call.left(left.since_start());
        let cut_at = Time::of(Some(self.control.cut_at(&call, now.since_start(), has_slot)?));
        let paced_at = Time::of(Some(self.control.paced_at()));
        Some((cut_at.max(paced_at).max(self.window_opens_at()), sent))
    }

    /// Returns whether the line is longer than the room for calls, and its ranking is used up or old.
    pub(super) fn wants_ranking(&self, now: Time, room: usize) -> bool {
        let is_old = |(at, items): (Time, usize)| {
            now.since(at)
                >= RANK_AGAIN + RANK_AGAIN_FOR_EACH.saturating_mul(u32::try_from(items).unwrap_or(u32::MAX))
        };
        self.lines.waiting(Line::First) > room && self.ranked.is_none_or(is_old)
    }

    pub(super) fn rank(&mut self, ranking: Ranking<Item>, now: Time) -> Ranking<Item> {
        self.ranked = Some((now, self.lines.waiting(Line::First)));
        self.lines.rank(ranking)
    }

    /// Returns whether its state is that of a new key.
    pub(super) fn is_idle(&self, now: Time) -> bool {
        let is_unused = self.window.as_ref().is_none_or(|window| window.is_over(now.since_start()));
        self.operations == 0
            && self.place == Place::Idle
            && self.lines.is_empty()
            && is_unused
            && self.control.is_idle(now.since_start())
    }

    fn window_opens_at(&self) -> Time {
        self.window.as_ref().map(|window| Time::of(Some(window.opens_at()))).unwrap_or_default()
    }
}

/// The time between two rankings, and the time added for each item. Ranking takes some 50 ns for each item, so that it takes at most half
/// a percent of the time.
const RANK_AGAIN: Duration = Duration::from_secs(1);
const RANK_AGAIN_FOR_EACH: Duration = Duration::from_micros(10);
