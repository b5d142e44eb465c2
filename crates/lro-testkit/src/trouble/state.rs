use std::ops::Range;

use super::{
    Broken, Done, Failure, Hint, Mode, Place, Scenario, ledger::Ledger, quota::Meter, slots::Workers,
    weather::Forecast,
};
use crate::Dice;

/// The server's side of a scenario. It reads no clock.
#[derive(Debug)]
pub(super) struct State {
    dice: Dice,
    broken: Vec<bool>,
    forecast: Forecast,
    meter: Meter,
    workers: Option<Workers>,
    hinted: bool,
    /// When the call before arrived.
    arrived_at: f64,
    pub(super) ledger: Ledger,
}

/// The reply to a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reply {
    /// When the server reads the state of the operations.
    pub(super) read_at: f64,
    pub(super) latency: f64,
    /// The failure, with the delay that it asks for.
    pub(super) failure: Option<(Failure, f64)>,
}

impl State {
    /// Creates the operations of a scenario. They start now.
    pub(super) fn new(scenario: &Scenario, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let broken = broken(scenario, &mut dice);
        let done_at: Vec<f64> =
            (0..scenario.operations).map(|number| done_at(scenario, number, &mut dice)).collect();
        Self {
            forecast: Forecast::new(scenario.weather, scenario.until, &mut dice),
            meter: Meter::new(scenario.quota),
            workers: scenario.slots.map(Workers::new),
            hinted: false,
            arrived_at: 0.0,
            ledger: Ledger::new(*scenario, broken.iter().copied().zip(done_at)),
            broken,
            dice,
        }
    }

    /// Decides about a call that is sent now.
    pub(super) fn decide(&mut self, scenario: &Scenario, numbers: Range<usize>, now: f64) -> Reply {
        let at = self.arrived_at.max(now + scenario.round_trip / 2.0);
        self.arrived_at = at;
        let mode = self.forecast.at(at);
        self.ledger.came(numbers.clone(), now, mode);
        let stretch = if scenario.spread > 0.0 { (scenario.spread * self.normal()).exp() } else { 1.0 };
        let mut latency = scenario.round_trip * stretch;
        let failure = match self.fate(scenario, numbers, mode) {
            Some(failure) => Some(failure),
            None => self.admit(scenario, mode, at, &mut latency).err(),
        };
        if matches!(failure, Some((Failure::Hangs, _))) {
            self.ledger.failed(Failure::Hangs, now);
        }
        let hints_once = failure.is_none() && scenario.hint_once > 0.0 && !self.hinted && now > HINT_FROM;
        self.hinted |= hints_once;
        let failure = if hints_once { Some((Failure::Refused, scenario.hint_once)) } else { failure };
        Reply { read_at: at, latency, failure }
    }

    /// Returns the failure of a call that does not depend on other calls, with the delay that it asks for.
    fn fate(&mut self, scenario: &Scenario, mut numbers: Range<usize>, mode: Mode) -> Option<(Failure, f64)> {
        if let Mode::Down(failure, hint) = mode {
            return Some((failure, hint));
        }
        if let Some(broken) = scenario.broken.filter(|_| numbers.any(|number| self.broken[number])) {
            return Some((broken.failure, 0.0));
        }
        if scenario.chance > 0.0 && self.dice.happens(scenario.chance) {
            let hint = if let Hint::Seconds(hint) = scenario.hint { hint } else { 0.0 };
            return Some((scenario.chance_failure, hint));
        }
        match mode {
            Mode::Brownout(share) if self.dice.happens(share) => Some((Failure::Internal, 0.0)),
            _ => None,
        }
    }

    /// Counts a call against the quota and gives it a worker.
    fn admit(
        &mut self,
        scenario: &Scenario,
        mode: Mode,
        at: f64,
        latency: &mut f64,
    ) -> Result<(), (Failure, f64)> {
        let capacity = if let Mode::Up(share) = mode { share } else { 1.0 };
        self.meter.take(at, capacity).map_err(|room_at| {
            let hint = match scenario.hint {
                Hint::None => 0.0,
                Hint::Seconds(seconds) => seconds,
                Hint::UntilRoom => (room_at - at).ceil(),
            };
            (Failure::Refused, hint)
        })?;
        if let Some(workers) = &mut self.workers {
            let work = workers.work(at, capacity, &mut self.dice).ok_or((Failure::Unavailable, 0.0))?;
            *latency += work;
        }
        Ok(())
    }

    /// Draws from the normal distribution (Box and Muller, 1958).
    fn normal(&mut self) -> f64 {
        let [one, other] = [1.0 - self.dice.share(), self.dice.share()];
        (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * other).cos()
    }
}

fn broken(scenario: &Scenario, dice: &mut Dice) -> Vec<bool> {
    let mut broken = vec![false; scenario.operations];
    let Some(Broken { count, place, .. }) = scenario.broken else {
        return broken;
    };
    let first = if place == Place::Last { scenario.operations - count } else { 0 };
    broken[first..first + count].fill(true);
    if place == Place::Shuffled {
        for last in (1..broken.len()).rev() {
            broken.swap(last, dice.below(last as u64 + 1) as usize);
        }
    }
    broken
}

fn done_at(scenario: &Scenario, number: usize, dice: &mut Dice) -> f64 {
    if number < scenario.collections * Scenario::COLLECTION {
        return f64::INFINITY;
    }
    match scenario.done {
        Done::Never => f64::INFINITY,
        Done::At(seconds) => seconds,
        Done::Between(from, until) => from + (until - from) * dice.share(),
    }
}

/// From when on [`Scenario::hint_once`] is given, in seconds.
const HINT_FROM: f64 = 20.0;
