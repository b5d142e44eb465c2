//! The schedules of the operations of a kind.

mod cursor;

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use lro::pacing::{CompactSchedule, CompactState, Finish, Moment, Ranking, Schedule};

use self::cursor::Cursor;
use crate::{
    distribution::Distribution,
    kind::{Kind, running_or_guess},
    learned::lock,
    progress::Estimates,
};

/// The schedule of one operation.
///
/// A delay costs a few comparisons, unless the kind has learned something since the last one or the operation reports
/// progress.
pub(crate) struct OperationSchedule {
    kind: Arc<Mutex<Kind>>,
    cursor: Cursor,
    estimates: Estimates,
    /// The distribution that the last plan by progress was made of. It is kept for the next one.
    distribution: Option<Arc<Distribution>>,
}

impl OperationSchedule {
    pub(crate) fn new(kind: Arc<Mutex<Kind>>) -> Self {
        Self { kind, cursor: Cursor::default(), estimates: Estimates::default(), distribution: None }
    }
}

impl Schedule for OperationSchedule {
    fn delay(&mut self, moment: &Moment) -> Option<Duration> {
        let now = moment.elapsed.as_secs_f64();
        let kind = &mut *lock(&self.kind);
        let share = moment.progress.filter(|share| *share > 0.0);
        let estimate = share.and_then(|share| self.estimates.add(now, share));
        self.distribution = estimate.and_then(|_| kind.distribution_for_progress());
        let known = self.distribution.as_deref().zip(estimate);
        let own =
            known.and_then(|(distribution, estimate)| kind.plan_by_progress(distribution, now, estimate));
        Some(self.cursor.delay(kind, moment, own.as_ref()))
    }

    fn finished(&mut self, finish: &Finish) {
        let kind = &mut *lock(&self.kind);
        self.cursor.settle(kind, finish);
        let running = finish.running.as_secs_f64();
        let done = finish.done.map(|done| done.as_secs_f64());
        if let Some(done) = done {
            kind.learn_progress(&self.estimates, (running_or_guess(running, done) * done).sqrt());
        }
        kind.learn(running, done);
    }
}

/// One schedule for all operations of a kind. The cursor of each operation is its state. It ignores progress.
pub(crate) struct KindSchedule(pub(crate) Arc<Mutex<Kind>>);

impl CompactSchedule for KindSchedule {
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

    fn save(&self, state: &mut CompactState) -> Vec<u8> {
        let mut cursor = Cursor::from(*state);
        let saved = cursor.save(&mut lock(&self.0));
        *state = cursor.into();
        saved
    }

    fn restore(&self, saved: &[u8]) -> CompactState {
        Cursor::restore(saved).into()
    }

    fn ranking(&self) -> Option<Arc<dyn Ranking>> {
        Some(lock(&self.0).ranking()?)
    }
}

impl fmt::Debug for KindSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KindSchedule").finish_non_exhaustive()
    }
}

impl fmt::Debug for OperationSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperationSchedule").field("cursor", &self.cursor).finish_non_exhaustive()
    }
}
