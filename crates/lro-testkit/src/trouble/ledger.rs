use std::ops::Add;

use super::{Failure, Figures, Mode, Scenario};

/// What happened to the calls, and to the operations.
#[derive(Debug)]
pub(super) struct Ledger {
    scenario: Scenario,
    operations: Vec<Entry>,
    figures: Figures,
    /// When each call came.
    calls: Vec<f64>,
}

/// An operation.
#[derive(Clone, Copy, Debug)]
struct Entry {
    is_broken: bool,
    done_at: f64,
    /// The first successful reply.
    answered_at: Option<f64>,
    /// The reply that said that it is done.
    noticed_at: Option<f64>,
    /// When its next poll is due by its pace. `None` during a call, after a failed one and after the end.
    due: Option<f64>,
}

impl Ledger {
    /// Creates the ledger of operations by whether they are broken and when they are done.
    pub(super) fn new(scenario: Scenario, operations: impl Iterator<Item = (bool, f64)>) -> Self {
        let entry = |(is_broken, done_at)| Entry {
            is_broken,
            done_at,
            answered_at: None,
            noticed_at: None,
            due: Some(0.0),
        };
        Self {
            scenario,
            operations: operations.map(entry).collect(),
            figures: Figures::default(),
            calls: Vec::new(),
        }
    }

    pub(super) fn done_at(&self, number: usize) -> f64 {
        self.operations[number].done_at
    }

    /// A call came that asks about these operations.
    pub(super) fn came(&mut self, numbers: impl Iterator<Item = usize>, now: f64, mode: Mode) {
        self.calls.push(now);
        self.figures.calls += 1;
        self.figures.calls_when_warm += u64::from(now >= self.scenario.warm);
        self.figures.calls_when_down += u64::from(matches!(mode, Mode::Down(..)));
        for number in numbers {
            let entry = &mut self.operations[number];
            let due = entry.due.take();
            if let Some(due) = due.filter(|_| !entry.is_broken) {
                self.figures.longest_wait = self.figures.longest_wait.max(now - due);
            }
        }
    }

    /// A call is answered with a failure.
    pub(super) fn failed(&mut self, failure: Failure, now: f64) {
        if failure.is_refusal() {
            self.figures.refused += 1;
            self.figures.refused_when_warm += u64::from(now >= self.scenario.warm);
        } else {
            self.figures.failed += 1;
        }
    }

    /// A call is answered with a state of these operations.
    pub(super) fn succeeded(&mut self, states: impl Iterator<Item = (usize, bool)>, now: f64) {
        if now > self.scenario.until {
            return;
        }
        self.figures.good += 1;
        self.figures.good_when_warm += u64::from(now >= self.scenario.warm);
        self.figures.first_good.get_or_insert(now);
        for (number, is_done) in states {
            let entry = &mut self.operations[number];
            entry.answered_at.get_or_insert(now);
            if is_done {
                entry.noticed_at.get_or_insert(now);
            } else {
                entry.due = Some(now + self.scenario.pace);
            }
        }
    }

    /// Returns the figures at the end of the run.
    pub(super) fn figures(&self) -> Figures {
        let until = self.scenario.until;
        let mut figures = self.figures.clone();
        let healthy = || self.operations.iter().filter(|entry| !entry.is_broken);
        figures.all_answered = healthy().try_fold(0.0, |last: f64, entry| Some(last.max(entry.answered_at?)));
        let waiting = healthy().filter_map(|entry| Some(until - entry.due?)).fold(0.0, f64::max);
        figures.longest_wait = figures.longest_wait.max(waiting);
        let ended = || healthy().filter(|entry| entry.done_at < until);
        let delays = || ended().map(|entry| entry.noticed_at.unwrap_or(until) - entry.done_at);
        figures.unnoticed = ended().filter(|entry| entry.noticed_at.is_none()).count();
        figures.notice_delay = delays().fold(0.0, Add::add) / delays().count().max(1) as f64;
        figures.last_noticed = ended().map(|entry| entry.noticed_at.unwrap_or(until)).fold(0.0, f64::max);
        figures.longest_notice = delays().fold(0.0, f64::max);
        if let Some((calls, seconds)) = self.scenario.rate {
            figures.over_rate = self.over(calls.div_ceil(seconds), 1.0);
            if calls.is_multiple_of(10 * seconds) {
                figures.over_rate += self.over(calls / (10 * seconds), 0.1);
            }
        }
        figures.most_in_a_second = most_within(&self.calls, 1.0);
        figures.most_in_a_tenth = most_within(&self.calls, 0.1);
        figures
    }

    /// Returns how many calls came when `most` others had come in the last `seconds`.
    fn over(&self, most: u32, seconds: f64) -> u64 {
        let pairs = self.calls.iter().zip(self.calls.iter().skip(most as usize));
        pairs.filter(|(first, last)| *last - *first < seconds - GRAIN).count() as u64
    }
}

/// Returns the most calls in any period of so many seconds. The calls are in order.
fn most_within(calls: &[f64], seconds: f64) -> usize {
    let mut first = 0;
    let within = calls.iter().enumerate().map(|(last, at)| {
        first += calls[first..].iter().take_while(|from| **from + seconds <= *at + GRAIN).count();
        last - first + 1
    });
    within.max().unwrap_or(0)
}

/// The error of a difference of two times, in seconds.
const GRAIN: f64 = 1e-6;
