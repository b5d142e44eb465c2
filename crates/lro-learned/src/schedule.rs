use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{bar::Guesses, course::Course, curve::Curve, kind::Kind, learned::lock};
use lro::pacing::{CompactSchedule, CompactState, Finish, Moment, Ranking, Schedule};

/// The pace of one operation of a kind; no work beyond a few comparisons unless the kind has learned meanwhile, or the
/// operation tells its progress.
pub(crate) struct LearnedSchedule {
    kind: Arc<Mutex<Kind>>,
    course: Course,
    guesses: Guesses,
    /// What the last plan by progress was made of: the next one will be too, unless the kind has learned meanwhile.
    curve: Option<Arc<Curve>>,
}

impl LearnedSchedule {
    pub(crate) fn new(kind: Arc<Mutex<Kind>>) -> Self {
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

/// The pace of all operations of a kind: the course of each is in its state. It heeds no progress.
pub(crate) struct LearnedCompact(pub(crate) Arc<Mutex<Kind>>);

impl CompactSchedule for LearnedCompact {
    fn delay(&self, state: &mut CompactState, moment: &Moment) -> Option<Duration> {
        let mut course = Course::from(*state);
        let delay = course.delay(&mut lock(&self.0), moment, None);
        *state = course.into();
        Some(delay)
    }

    fn finished(&self, state: &mut CompactState, finish: &Finish) {
        let mut course = Course::from(*state);
        let kind = &mut *lock(&self.0);
        course.settle(kind, finish);
        kind.learn(finish.running.as_secs_f64(), finish.done.map(|done| done.as_secs_f64()));
        *state = course.into();
    }

    fn ranking(&self) -> Option<Arc<dyn Ranking>> {
        Some(lock(&self.0).outlook()?)
    }
}

impl fmt::Debug for LearnedCompact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LearnedCompact").finish_non_exhaustive()
    }
}

impl fmt::Debug for LearnedSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LearnedSchedule").field("course", &self.course).finish_non_exhaustive()
    }
}
