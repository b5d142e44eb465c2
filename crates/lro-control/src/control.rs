use std::time::Duration;

use crate::{
    Call, Line, Pick, Rate, Reply,
    cycle::Cycle,
    doubt::Doubt,
    hang::Hang,
    outage::Outage,
    rate_test::{FORGET, RateTest},
    slow_start::SlowStart,
    time::{duration, seconds, unit},
};

/// How much is asked of one quota key, and what is asked next.
///
/// Pure: times are durations since an origin that the caller chooses, the same for all calls of a key, and random numbers from
/// `0.0..1.0` are passed in. Time does not go back: an earlier time than the last counts as the last.
///
/// The configured rate as a hard bound is a [`Window`](crate::Window) beside this: a call may be made when both are open.
///
/// A control takes 360 bytes.
#[derive(Clone, Debug)]
pub struct Control {
    most: u32,
    in_flight: u32,
    /// Those in flight from the second line.
    second_in_flight: u32,
    /// The calls made.
    turns: u32,
    /// The latest time that was passed in.
    latest: f64,
    doubt: Doubt,
    outage: Outage,
    slow_start: SlowStart,
    rate_test: RateTest,
    cycle: Cycle,
    hang: Hang,
}

impl Control {
    /// A new key. `rate` is the configured rate, `most_in_flight` the most calls in flight.
    pub fn new(rate: Option<Rate>, most_in_flight: usize) -> Self {
        let stated = rate.map_or(f64::INFINITY, |rate| rate.calls_per_second());
        Self {
            most: u32::try_from(most_in_flight).unwrap_or(u32::MAX).max(1),
            in_flight: 0,
            second_in_flight: 0,
            turns: 0,
            latest: 0.0,
            doubt: Doubt::new(),
            outage: Outage::new(),
            slow_start: SlowStart::new(rate.is_some()),
            rate_test: RateTest::new(stated),
            cycle: Cycle::default(),
            hang: Hang::new(),
        }
    }

    /// When the next call may be made. `None` if a call must end before.
    pub fn opens_at(&self) -> Option<Duration> {
        (!self.is_full()).then(|| self.paced_at())
    }

    /// When the next call may be made, if a slot is free for it.
    pub fn paced_at(&self) -> Duration {
        duration(if self.is_shut() { self.outage.probe_at() } else { self.rate_test.pace().opens_at() })
    }

    /// How the next item is taken, if `first` items wait in the first line and `second` in the second.
    ///
    /// Returns `None` if both lines are empty, or if only the second has items and its slots are used up.
    pub fn pick(&self, now: Duration, first: usize, second: usize) -> Option<Pick> {
        let turn = self.turns.wrapping_add(1);
        let may_second = second > 0 && self.second_in_flight < (self.most / SECOND_SLOTS).max(1);
        if may_second && (first == 0 || turn.is_multiple_of(SECOND_TURN)) {
            return Some(Pick::Second);
        }
        if first == 0 {
            return None;
        }
        let draws = self.is_shut() || self.doubt.draws(seconds(now));
        // What failed waits behind what was not asked yet.
        let asks_all = self.outage.is_quick() && turn % QUICK_DRAW_TURN != QUICK_DRAW_TURN / 2;
        Some(if asks_all || (!draws && turn % LONGEST_DUE_TURN == 1) {
            Pick::LongestDue
        } else if draws {
            Pick::Random
        } else {
            Pick::Best
        })
    }

    /// Counts a call that leaves now. `failures` is the number of failures in a row of its operation.
    pub fn sent(&mut self, now: Duration, failures: u32, chance: f64) -> Call {
        let now = self.advance(now);
        let is_second = Line::of(failures) == Line::Second;
        self.in_flight = self.in_flight.saturating_add(1);
        self.second_in_flight = self.second_in_flight.saturating_add(u32::from(is_second));
        self.turns = self.turns.wrapping_add(1);
        let is_probe = self.outage.is_shut();
        self.rate_test.sent(now, is_probe);
        if is_probe {
            self.outage.probe_sent(now, unit(chance));
        }
        Call { sent_at: now, is_fresh: failures == 0, is_second, is_probe }
    }

    /// A call has ended. `crowd` is the number of operations that are waited for under this key.
    pub fn ended(&mut self, call: Call, now: Duration, reply: Reply, crowd: usize, chance: f64) {
        let now = self.advance(now);
        self.leave(call);
        if reply == Reply::Cut {
            self.hang.was_cut(now);
        } else {
            self.hang.ended(now);
        }
        if reply.hung() && self.hang.is_passed(call.sent_at) {
            return;
        }
        if reply.is_good() {
            self.good(call, now);
        } else if call.is_fresh && !self.is_shut() && self.outage.is_since_opening(call.sent_at) {
            self.doubt.bad(now, reply);
            self.slow_start.bad();
            if self.doubt.is_outage(self.in_flight, crowd) {
                self.shut(now, crowd, unit(chance));
                return;
            }
        }
        if call.is_fresh && !self.is_shut() {
            self.rate_test.count(call.sent_at, now, self.hang.rtt(), reply.is_good());
        }
    }

    /// Counts a call out that was given up before it was sent, or whose reply is not awaited any more. Nothing is learned from it.
    pub fn withdrawn(&mut self, call: Call) {
        self.leave(call);
    }

    /// When the call in flight that was sent first may be cut short, to free its slot. It then ends as [`Reply::Cut`].
    ///
    /// To be asked only while an item is due and a call must end before it can be asked: `has_slot` is whether the caller has
    /// a slot free as far as other keys are concerned. `None` if no call need end. The time may have passed already.
    ///
    /// The slot is of use only once its next call may be made, too: at [`paced_at`](Self::paced_at).
    pub fn cut_at(&self, oldest: &Call, now: Duration, has_slot: bool) -> Option<Duration> {
        let is_wanted = !has_slot || self.is_full();
        is_wanted.then(|| duration(self.hang.cut_at(oldest.sent_at, seconds(now))))
    }

    /// Whether this key can be forgotten.
    ///
    /// No call is in flight, and either a new key would decide the same, or the last call is ten minutes ago.
    pub fn is_idle(&self, now: Duration) -> bool {
        let is_well = !self.is_shut() && self.doubt.level() == 0 && self.slow_start.is_as_new();
        let is_as_new = is_well && self.rate_test.is_as_new();
        self.in_flight == 0 && (is_as_new || seconds(now) - self.latest > FORGET)
    }

    /// Whether the service is taken to be down, or its quota to be used up: only probes are sent.
    pub fn is_shut(&self) -> bool {
        self.outage.is_shut()
    }

    /// The calls in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight as usize
    }

    /// The calls a second that the service was found to give. `None` if its limit is not known.
    pub fn found_rate(&self) -> Option<f64> {
        let pace = self.rate_test.pace();
        pace.is_limited().then(|| pace.rate())
    }

    /// The share of calls that was found to fail at any rate.
    pub fn chance_share(&self) -> f64 {
        self.rate_test.chance()
    }

    /// How many calls may be in flight during a slow start. `None` if as many as the caller allows.
    pub fn width(&self) -> Option<f64> {
        self.slow_start.width()
    }

    /// The doubt whether the service is up: failures minus twice the good replies, never below 0.
    pub fn doubt(&self) -> u32 {
        self.doubt.level()
    }

    fn is_full(&self) -> bool {
        let is_narrow = || self.slow_start.is_full(self.in_flight);
        self.in_flight >= self.most
            || if self.is_shut() { self.outage.is_full_of_probes() } else { is_narrow() }
    }

    /// The time cannot go back.
    fn advance(&mut self, now: Duration) -> f64 {
        self.latest = self.latest.max(seconds(now));
        self.latest
    }

    fn leave(&mut self, call: Call) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.second_in_flight = self.second_in_flight.saturating_sub(u32::from(call.is_second));
        if call.is_probe {
            self.outage.probe_ended(call.sent_at);
        }
    }

    fn good(&mut self, call: Call, now: f64) {
        self.hang.good(call.sent_at, now);
        self.cycle.good();
        self.rate_test.good();
        self.doubt.good();
        if !self.is_shut() {
            self.slow_start.good(self.most);
        } else if self.outage.is_since_shutting(call.sent_at) {
            self.reopen(now);
        }
    }

    fn shut(&mut self, now: f64, crowd: usize, chance: f64) {
        let is_again = self.outage.shut(now, self.doubt.is_quota(), self.doubt.hint(), chance);
        self.outage.ask_all(crowd);
        // With much chance about refusals say little of a window.
        self.cycle.shut(is_again && self.rate_test.chance() < CHANCE_LITTLE);
        self.rate_test.shut();
    }

    fn reopen(&mut self, now: f64) {
        self.outage.reopen(now);
        self.doubt = Doubt::reopened(now, self.outage.by_quota());
        self.slow_start = SlowStart::reopened(self.most);
        if let Some(rate) = self.cycle.reopen(now) {
            let hold = (HOLD_SHARE * self.outage.lasted()).clamp(HOLD_LEAST, HOLD_MOST);
            self.rate_test.set_from_cycle(rate, hold, now);
        }
        self.rate_test.reopen(now);
    }
}

/// The second line has every fourth turn at most. A healthy item waits behind one call of a broken item at most.
const SECOND_TURN: u32 = 4;
/// … and a quarter of the slots. A quarter still asks each of 300 broken operations once in 1.2 s at 1,000/s.
const SECOND_SLOTS: u32 = 4;
/// While a small crowd is asked whole, every fourth item is drawn at random. The draws pass over a block of broken items in front.
const QUICK_DRAW_TURN: u32 = 4;
/// What is worth least is asked once in sixteen times the length of the line. These turns are never those of the second line.
const LONGEST_DUE_TURN: u32 = 16;
/// A rate that was taken from a cycle holds for a cycle and a half of the window …
const HOLD_SHARE: f64 = 1.5;
/// … at least two seconds, and two minutes at most.
const HOLD_LEAST: f64 = 2.0;
const HOLD_MOST: f64 = 120.0;
/// With a larger share of chance refusals do not show a window.
const CHANCE_LITTLE: f64 = 0.3;
