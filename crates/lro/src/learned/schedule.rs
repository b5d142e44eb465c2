use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{bar::Guesses, course::Course, curve::Curve, kind::Kind, lock};
use crate::pacing::{Finish, Moment, Schedule};

/// The pace of one operation of a kind; no work beyond a few comparisons unless the kind has learned meanwhile, or the
/// operation tells its progress.
pub(super) struct LearnedSchedule {
    kind: Arc<Mutex<Kind>>,
    course: Course,
    guesses: Guesses,
    /// What the last plan by progress was made of: the next one will be too, unless the kind has learned meanwhile.
    curve: Option<Arc<Curve>>,
}

impl LearnedSchedule {
    pub(super) fn new(kind: Arc<Mutex<Kind>>) -> Self {
        Self { kind, course: Course::default(), guesses: Guesses::default(), curve: None }
    }
}

impl Schedule for LearnedSchedule {
    fn delay(&mut self, moment: &Moment) -> Option<Duration> {
        let now = moment.elapsed.as_secs_f64();
        let kind = &mut *lock(&self.kind);
        let share = moment.progress.filter(|share| *share > 0.0);
        let guess = share.and_then(|share| self.guesses.add(now, share));
        self.curve = guess.and_then(|_| kind.curve_to_bend());
        let given = self.curve.as_deref().zip(guess);
        let own = given.and_then(|(curve, guess)| kind.plan_given(curve, now, guess));
        Some(self.course.delay(kind, moment, own.as_ref()))
    }

    fn finished(&mut self, finish: &Finish) {
        let kind = &mut *lock(&self.kind);
        self.course.settle(kind, finish);
        let running = finish.running.as_secs_f64();
        let done = finish.done.map(|done| done.as_secs_f64());
        if let Some(done) = done {
            kind.learn_bar(&self.guesses, (running.max(done / 8.0) * done).sqrt());
        }
        kind.learn(running, done);
    }
}

impl fmt::Debug for LearnedSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LearnedSchedule").field("course", &self.course).finish_non_exhaustive()
    }
}
