use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{
    bar::Guesses,
    classic,
    curve::{Curve, MIN_GAP},
    kind::Kind,
    lock,
    plan::Plan,
};
use crate::pacing::{Finish, Moment, Schedule};

/// The pace of one operation of a kind; no work beyond a few comparisons unless the kind has learned meanwhile.
pub(super) struct LearnedSchedule {
    kind: Arc<Mutex<Kind>>,
    plan: Option<Arc<Plan>>,
    edition: Option<u64>,
    /// The next poll of the plan.
    next: u32,
    /// The polls that are decided.
    polls: u32,
    /// What this operation has added to the ledger of its kind.
    balance: f64,
    /// The longest round trip so far, in seconds.
    round_trip: f64,
    guesses: Guesses,
    /// What the last plan was made of: the next one will be too, unless the kind has learned meanwhile.
    curve: Option<Arc<Curve>>,
}

impl LearnedSchedule {
    pub(super) fn new(kind: Arc<Mutex<Kind>>) -> Self {
        Self {
            kind,
            plan: None,
            edition: None,
            next: 0,
            polls: 0,
            balance: 0.0,
            round_trip: 0.0,
            guesses: Guesses::default(),
            curve: None,
        }
    }

    /// When to ask, in seconds since the begin.
    fn instant(&mut self, kind: &mut Kind, now: f64, duration: Option<f64>) -> f64 {
        if self.edition != Some(kind.edition) {
            self.plan = kind.plan();
            self.edition = Some(kind.edition);
            self.next = self.plan.as_ref().map_or(0, |plan| plan.first_after(now));
        }
        self.curve = duration.and_then(|_| kind.curve_to_bend());
        let given = self.curve.as_deref().zip(duration);
        if let Some(plan) = given.and_then(|(curve, duration)| kind.plan_given(curve, now, duration)) {
            self.next = plan.first_after(now);
            self.plan = Some(Arc::new(plan));
            // Without news of its progress the next poll goes by the kind again.
            self.edition = None;
        }
        let Some(plan) = &self.plan else {
            return now + classic::pause(self.polls);
        };
        let wished =
            plan.instant(self.next).map_or_else(|| plan.beyond(now), |at| at - self.round_trip / 2.0);
        self.next = self.next.saturating_add(1);
        let least = if self.polls == 0 { 0.0 } else { now + MIN_GAP };
        let wished = wished.max(least);
        if !kind.has_ledger() {
            return wished;
        }
        let ahead = kind.ledger.tokens() - self.balance
            + f64::from(classic::ticks_until(wished, self.round_trip))
            - f64::from(self.polls);
        if ahead < 1.0 {
            classic::tick(classic::ticks_until(wished, self.round_trip), self.round_trip)
        } else {
            wished
        }
    }
}

impl Schedule for LearnedSchedule {
    fn delay(&mut self, moment: &Moment) -> Option<Duration> {
        let now = moment.elapsed.as_secs_f64();
        self.round_trip = self.round_trip.max(moment.round_trip.as_secs_f64());
        let kind = Arc::clone(&self.kind);
        let kind = &mut *lock(&kind);
        let share = moment.progress.filter(|share| *share > 0.0);
        let duration = share.and_then(|share| self.guesses.add(now, share));
        let at = self.instant(kind, now, duration);
        self.polls = self.polls.saturating_add(1);
        if self.plan.is_some() {
            let ticks = classic::ticks_until(at, self.round_trip);
            kind.ledger.account(&mut self.balance, f64::from(ticks) - f64::from(self.polls));
        }
        Some(Duration::try_from_secs_f64(at - now).unwrap_or_default())
    }

    fn finished(&mut self, finish: &Finish) {
        let running = finish.running.as_secs_f64();
        let kind = Arc::clone(&self.kind);
        let kind = &mut *lock(&kind);
        if self.plan.is_some() {
            // The classic backoff would have made one more after the last tick at which it still ran.
            let last = running - self.round_trip / 2.0;
            let ticks = classic::ticks_until(last - 1e-9, self.round_trip);
            let own = f64::from(finish.polls);
            let classic = f64::from(ticks) + f64::from(u8::from(finish.done.is_some()));
            kind.ledger.account(&mut self.balance, classic - own);
        }
        kind.ledger.settle(&mut self.balance);
        if let Some(done) = finish.done {
            let done = done.as_secs_f64();
            kind.learn_bar(&self.guesses, (running.max(done / 8.0) * done).sqrt());
        }
        kind.learn(running, finish.done.map(|done| done.as_secs_f64()));
    }
}

impl fmt::Debug for LearnedSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LearnedSchedule").field("polls", &self.polls).finish_non_exhaustive()
    }
}
