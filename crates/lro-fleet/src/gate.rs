use std::time::Duration;

use lro::{Code, Origin, Status, rules::Rules};

use crate::{
    rate::{Rate, Window},
    time::Time,
};

/// What the calls under one quota have met lately, and so how many more are let through: pure, time is passed in.
///
/// - No more than the [`Rate`] is sent.
/// - A server that throttles is left alone for as long as it asks, and asked less often from then on.
/// - Ten failed calls in a row are an outage: one call at a time probes whether it is over.
/// - Once a call succeeds the calls in flight double from one round to the next (slow start, RFC 5681).
#[derive(Debug)]
pub(crate) struct Gate {
    window: Option<Window>,
    in_flight: u32,
    /// The most calls in flight; `None` as long as nothing is wrong.
    width: Option<u32>,
    shut_until: Time,
    /// When it was shut last: what was sent before tells nothing new.
    shut_at: Option<Time>,
    /// How often it was shut without a good reply between.
    setbacks: u32,
    /// The failed calls in a row.
    failures: u32,
    /// The calls a second that a server which throttles is found to bear; `None` as long as none does.
    bearable: Option<f64>,
    sent_at: Time,
    recent: Recent,
}

/// The calls of the last second or so.
#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    from: Time,
    calls: u32,
}

impl Gate {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        Self {
            window: rate.map(Window::new),
            in_flight: 0,
            width: None,
            shut_until: Time::default(),
            shut_at: None,
            setbacks: 0,
            failures: 0,
            bearable: None,
            sent_at: Time::default(),
            recent: Recent::default(),
        }
    }

    /// When the next call may be made; never as long as one must end before.
    pub(crate) fn opens_at(&self) -> Time {
        if self.width.is_some_and(|width| self.in_flight >= width) {
            return Time::NEVER;
        }
        let window = self.window.as_ref().map(Window::opens_at).unwrap_or_default();
        let spaced = self.bearable.map(|rate| self.sent_at.after(Duration::from_secs_f64(1.0 / rate)));
        window.max(self.shut_until).max(spaced.unwrap_or_default())
    }

    /// Whether it would be no other one if it were made anew, or what it has met is long past.
    pub(crate) fn is_idle(&self, now: Time) -> bool {
        let is_well = self.width.is_none() && self.bearable.is_none() && self.failures == 0;
        let is_open = is_well || self.sent_at.after(REMEMBERED) <= now;
        let is_unused = self.window.as_ref().is_none_or(|window| window.is_over(now));
        is_open && is_unused && self.in_flight == 0 && self.shut_until <= now
    }

    /// How many calls may be made at once.
    pub(crate) fn room(&self, now: Time) -> usize {
        if self.opens_at() > now {
            return 0;
        }
        if self.bearable.is_some() {
            return 1;
        }
        let width = self.width.map_or(usize::MAX, |width| (width - self.in_flight) as usize);
        self.window.as_ref().map_or(width, |window| window.room(now).min(width))
    }

    pub(crate) fn sent(&mut self, now: Time) {
        self.in_flight += 1;
        self.sent_at = now;
        self.recent.count(now);
        if let Some(window) = &mut self.window {
            window.count(now);
        }
    }

    /// A call has ended, well or not.
    pub(crate) fn ended(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// The server answered, whatever it said of the operation.
    pub(crate) fn answered(&mut self, asked: Time) {
        if self.is_old(asked) {
            return;
        }
        self.failures = 0;
        self.setbacks = 0;
        let grown = self.bearable.map(|rate| rate + (GROWTH * rate).max(LEAST_GROWTH));
        self.bearable = grown.filter(|rate| *rate < ANY);
        self.width = self.width.map(|width| width.saturating_add(1)).filter(|width| *width < WIDE);
    }

    /// A call failed; `chance` is drawn from `0.0..1.0`.
    pub(crate) fn failed(&mut self, asked: Time, now: Time, status: &Status, rules: &Rules, chance: f64) {
        let hint = rules.hint(status.retry_after());
        let throttles = status.code() == Code::ResourceExhausted || !hint.is_zero();
        if throttles {
            // Also of a call sent before: the server still asks to wait.
            self.shut_until = self.shut_until.max(now.after(hint));
        }
        if self.is_old(asked) {
            return;
        }
        if !throttles && !is_outage(status) {
            self.answered(asked);
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if throttles {
            self.slow_down(now);
        } else if self.failures < OUTAGE && !self.is_probing() {
            return;
        }
        self.setbacks = self.setbacks.saturating_add(1);
        let delay = rules.delay_after(self.setbacks, chance);
        let delay = if throttles { delay.max(hint) } else { delay.min(LONGEST_PROBE) };
        self.shut_until = self.shut_until.max(now.after(delay));
        self.shut_at = Some(now);
        self.width = Some(1);
    }

    /// Whether it was shut, and no call has been answered since.
    fn is_probing(&self) -> bool {
        self.setbacks > 0
    }

    /// Whether a call was sent before the gate was shut.
    fn is_old(&self, asked: Time) -> bool {
        self.shut_at.is_some_and(|shut_at| asked <= shut_at)
    }

    /// Half as many calls as were let through, or as were made.
    fn slow_down(&mut self, now: Time) {
        let rate = self.bearable.unwrap_or(f64::INFINITY).min(self.recent.a_second(now));
        self.bearable = Some((rate / 2.0).max(LEAST_RATE));
    }
}

impl Recent {
    fn count(&mut self, now: Time) {
        if now.since(self.from) > RECENT {
            *self = Self { from: now, calls: 0 };
        }
        self.calls = self.calls.saturating_add(1);
    }

    fn a_second(&self, now: Time) -> f64 {
        f64::from(self.calls.max(1)) / now.seconds_since(self.from).max(0.1)
    }
}

/// What a server that is down, or the way to it, answers.
fn is_outage(status: &Status) -> bool {
    let is_down = matches!(
        status.code(),
        Code::Unavailable | Code::DeadlineExceeded | Code::Internal | Code::Unknown | Code::Aborted
    );
    status.origin() == Origin::CallFailed && is_down
}

/// The failed calls in a row that are an outage.
const OUTAGE: u32 = 10;
/// The longest time between two probes of an outage: its end is noticed within it.
const LONGEST_PROBE: Duration = Duration::from_secs(5);
/// So many calls in flight that nothing is wrong any more.
const WIDE: u32 = 256;
/// By what share a good reply lets the calls a second grow: 35 of them make up for one refusal.
const GROWTH: f64 = 0.02;
/// Calls a second: what a good reply adds at least, so that refusals at random do not stop a fleet.
const LEAST_GROWTH: f64 = 0.05;
/// Calls a second, at least.
const LEAST_RATE: f64 = 1.0 / 60.0;
/// Calls a second that are as good as any number.
const ANY: f64 = 1_000.0;
/// Over how long calls are counted.
const RECENT: Duration = Duration::from_secs(1);
/// For how long a quota without any operation is remembered that has met trouble.
const REMEMBERED: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_forgotten_in_the_end() {
        let rules = Rules::default();
        let mut gate = Gate::new(None);
        let at = Time::from_micros(1_000);
        gate.sent(at);
        gate.ended();
        gate.failed(at, at, &Status::new(Code::ResourceExhausted, "too many"), &rules, 0.5);
        assert!(!gate.is_idle(at.after(Duration::from_secs(60))));
        assert!(gate.is_idle(at.after(REMEMBERED)));
    }
}
