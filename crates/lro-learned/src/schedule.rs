mod cursor;

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::pacing::{CompactSchedule, CompactState, Finish, Moment, Ranking, Schedule};

use self::cursor::Cursor;
use crate::{distribution::Distribution, kind::Kind, learned::lock, progress::Estimates};

/// The pace of one operation of a kind; no work beyond a few comparisons unless the kind has learned meanwhile, or the
/// operation tells its progress.
pub(crate) struct LearnedSchedule {
    kind: Arc<Mutex<Kind>>,
    cursor: Cursor,
    estimates: Estimates,
    /// What the last plan by progress was made of: the next one will be too, unless the kind has learned meanwhile.
    distribution: Option<Arc<Distribution>>,
}

impl LearnedSchedule {
    pub(crate) fn new(kind: Arc<Mutex<Kind>>) -> Self {
        Self { kind, cursor: Cursor::default(), estimates: Estimates::default(), distribution: None }
    }
}

impl Schedule for LearnedSchedule {
    fn delay(&mut self, moment: &Moment) -> Option<Duration> {
        let now = moment.elapsed.as_secs_f64();
        let kind = &mut *lock(&self.kind);
        let share = moment.progress.filter(|share| *share > 0.0);
        let estimate = share.and_then(|share| self.estimates.add(now, share));
        self.distribution = estimate.and_then(|_| kind.curve_to_bend());
        let given = self.distribution.as_deref().zip(estimate);
        let own = given.and_then(|(distribution, estimate)| kind.plan_given(distribution, now, estimate));
        Some(self.cursor.delay(kind, moment, own.as_ref()))
    }

    fn finished(&mut self, finish: &Finish) {
        let kind = &mut *lock(&self.kind);
        self.cursor.settle(kind, finish);
        let running = finish.running.as_secs_f64();
        let done = finish.done.map(|done| done.as_secs_f64());
        if let Some(done) = done {
            kind.learn_progress(&self.estimates, (running.max(done / 8.0) * done).sqrt());
        }
        kind.learn(running, done);
    }
}

/// The pace of all operations of a kind: the cursor of each is in its state. It heeds no progress.
pub(crate) struct LearnedCompact(pub(crate) Arc<Mutex<Kind>>);

impl CompactSchedule for LearnedCompact {
    fn delay(&self, state: &mut CompactState, moment: &Moment) -> Option<Duration> {
        let mut cursor = Cursor::from(*state);
        let delay = cursor.delay(&mut lock(&self.0), moment, None);
        *state = cursor.into();
        Some(delay)
    }

    fn finished(&self, state: &mut CompactState, finish: &Finish) {
        let mut cursor = Cursor::from(*state);
        let kind = &mut *lock(&self.0);
        cursor.settle(kind, finish);
        kind.learn(finish.running.as_secs_f64(), finish.done.map(|done| done.as_secs_f64()));
        *state = cursor.into();
    }

    fn ranking(&self) -> Option<Arc<dyn Ranking>> {
        Some(lock(&self.0).ranking()?)
    }
}

impl fmt::Debug for LearnedCompact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LearnedCompact").finish_non_exhaustive()
    }
}

impl fmt::Debug for LearnedSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LearnedSchedule").field("cursor", &self.cursor).finish_non_exhaustive()
    }
}
