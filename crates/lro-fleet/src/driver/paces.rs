use std::{
    collections::{HashMap, hash_map::Entry},
    mem,
    sync::Arc,
    time::Duration,
};

use lro::{
    Status,
    pacing::{CompactSchedule, CompactState, Finish, Moment, Pacing, PacingByKind, Ranking, Schedule},
    rules::guard,
};

use crate::{
    caller::{drop_each, run},
    clock::Time,
};

/// The pacings of a fleet. They are code of the caller, so the task of the fleet owns them and runs them without a lock.
#[derive(Debug)]
pub(super) struct Paces {
    by_kind: Arc<dyn PacingByKind>,
    kinds: HashMap<Arc<str>, Kind>,
    /// The schedules that serve one operation each.
    schedules: HashMap<u32, Box<dyn Schedule>>,
    /// Whether the pacing of a kind ranks, and when that was read.
    ranks: (bool, Time),
}

/// The pacing of one kind, as long as it has operations.
#[derive(Debug)]
struct Kind {
    pacing: Pacing,
    /// The schedule for all operations of the kind. The state of each is in its record.
    compact: Option<Arc<dyn CompactSchedule>>,
    /// The ranking of the last time that a line was ordered. The pacing caches it as long as it is in use.
    ranking: Option<Arc<dyn Ranking>>,
    operations: usize,
}

/// An operation whose schedule has ended.
#[derive(Debug)]
pub(crate) struct Gone {
    pub(crate) id: u32,
    pub(crate) kind: Arc<str>,
    /// Whether it had a pacing of its own.
    pub(crate) is_own: bool,
    pub(crate) state: CompactState,
    pub(crate) finish: Finish,
}

impl Paces {
    pub(super) fn new(by_kind: Arc<dyn PacingByKind>) -> Self {
        Self { by_kind, kinds: HashMap::new(), schedules: HashMap::new(), ranks: (false, Time::default()) }
    }

    /// Begins the pace of an operation. Returns the delay of its first poll.
    ///
    /// # Errors
    ///
    /// As [`guard`]: the pacing may panic.
    pub(super) fn begin(
        &mut self,
        id: u32,
        kind: &Arc<str>,
        own: Option<&Pacing>,
        state: &mut CompactState,
    ) -> Result<Duration, Status> {
        let first = Moment::new(Duration::ZERO, 0);
        let pacing = match own {
            Some(own) => own.clone(),
            None => {
                let kind = self.join(kind)?;
                if let Some(compact) = &kind.compact {
                    let delay = guard(PACING, || compact.delay(state, &first))?;
                    return Ok(delay.unwrap_or_default());
                }
                kind.pacing.clone()
            }
        };
        let schedule = guard(PACING, || pacing.schedule())?;
        Ok(self.run(id, schedule, &first)?.unwrap_or_default())
    }

    /// Returns the delay from a good reply to the next poll, or `None` to give up.
    ///
    /// # Errors
    ///
    /// As [`begin`](Self::begin). A schedule that has panicked is not used again.
    pub(super) fn delay(
        &mut self,
        id: u32,
        kind: &str,
        state: &mut CompactState,
        moment: &Moment,
    ) -> Result<Option<Duration>, Status> {
        if let Some(schedule) = self.take_schedule(id) {
            return self.run(id, schedule, moment);
        }
        let Some(compact) = self.kinds.get(kind).and_then(|kind| kind.compact.as_ref()) else {
            return Ok(None);
        };
        guard(PACING, || compact.delay(state, moment))
    }

    /// Takes the schedule of an operation. The check for an empty map is cheaper than a look-up, and most fleets have none.
    fn take_schedule(&mut self, id: u32) -> Option<Box<dyn Schedule>> {
        if self.schedules.is_empty() { None } else { self.schedules.remove(&id) }
    }

    /// Returns the delay by a schedule, and keeps the schedule.
    fn run(
        &mut self,
        id: u32,
        mut schedule: Box<dyn Schedule>,
        moment: &Moment,
    ) -> Result<Option<Duration>, Status> {
        // Called by reference, so that a schedule that panics is dropped when the thread no longer unwinds.
        let delay = guard(PACING, || schedule.delay(moment));
        if delay.is_ok() {
            self.schedules.insert(id, schedule);
        } else {
            drop_each(PACING, [schedule]);
        }
        delay
    }

    /// Reports to the pacing that an operation is done, or that the fleet no longer waits for it.
    pub(super) fn finish(&mut self, gone: Gone) {
        let Gone { id, kind, is_own, mut state, finish } = gone;
        // The wait has ended, so that a panic changes nothing.
        if let Some(mut schedule) = self.take_schedule(id) {
            run(PACING, || schedule.finished(&finish));
            drop_each(PACING, [schedule]);
        } else if let Some(compact) = self.kinds.get(&kind).and_then(|kind| kind.compact.as_ref())
            && !is_own
        {
            run(PACING, || compact.finished(&mut state, &finish));
        }
        if !is_own {
            self.leave(&kind);
        }
    }

    /// Returns whether the pacing of a kind ranks, as of the last second.
    pub(super) fn ranks(&mut self, now: Time) -> bool {
        let (ranks, looked_at) = self.ranks;
        if ranks || now < looked_at.after(LOOK_AGAIN) {
            return ranks;
        }
        let ranks = self.kinds.values_mut().any(|kind| kind.ranking().is_some());
        self.ranks = (ranks, now);
        ranks
    }

    /// Returns the ranking of a kind, if its pacing ranks.
    pub(super) fn ranking(&mut self, kind: &str) -> Option<Arc<dyn Ranking>> {
        self.kinds.get_mut(kind)?.ranking()
    }

    fn join(&mut self, name: &Arc<str>) -> Result<&Kind, Status> {
        let kind = match self.kinds.entry(name.clone()) {
            Entry::Occupied(kind) => kind.into_mut(),
            Entry::Vacant(place) => place.insert(Kind::new(&*self.by_kind, name)?),
        };
        kind.operations += 1;
        Ok(kind)
    }

    fn leave(&mut self, name: &str) {
        let Some(kind) = self.kinds.get_mut(name) else {
            return;
        };
        kind.operations = kind.operations.saturating_sub(1);
        if kind.operations == 0
            && let Some(kind) = self.kinds.remove(name)
        {
            kind.discard();
        }
    }
}

impl Kind {
    fn new(by_kind: &dyn PacingByKind, name: &str) -> Result<Self, Status> {
        let pacing = guard(PACING, || by_kind.pacing(name))?;
        match guard(PACING, || pacing.compact()) {
            Ok(compact) => Ok(Self { pacing, compact, ranking: None, operations: 0 }),
            Err(panicked) => {
                drop_each(PACING, [pacing]);
                Err(panicked)
            }
        }
    }

    fn ranking(&mut self) -> Option<Arc<dyn Ranking>> {
        let compact = self.compact.as_ref()?;
        let ranking = guard(PACING, || compact.ranking()).ok()?;
        drop_each(PACING, mem::replace(&mut self.ranking, ranking));
        self.ranking.clone()
    }

    /// Drops the values of the caller.
    fn discard(self) {
        let Self { pacing, compact, ranking, .. } = self;
        drop_each(PACING, ranking);
        drop_each(PACING, compact);
        drop_each(PACING, [pacing]);
    }
}

/// A destructor of the caller may panic.
impl Drop for Paces {
    fn drop(&mut self) {
        drop_each(PACING, self.schedules.drain().map(|(_, schedule)| schedule));
        self.kinds.drain().for_each(|(_, kind)| kind.discard());
        drop_each(PACING, [mem::replace(&mut self.by_kind, Arc::new(Pacing::default()))]);
    }
}

/// The time between two readings of the rankings, which one operation more hardly changes.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(super) const PACING: &str = "the pacing";
