use std::{sync::Arc, time::Duration};

use lro::{
    Status,
    pacing::{CompactSchedule, CompactState, Finish, Moment, Pacing, Ranking, Schedule},
    rules::guard,
};

use crate::{by_id::ById, record::Record, time::Time};

/// When the operations of one class are polled.
#[derive(Debug)]
pub(crate) enum Pace {
    /// One schedule for all operations; the state of each is in its record.
    Compact { schedule: Arc<dyn CompactSchedule>, ranking: Option<Arc<dyn Ranking>> },
    /// A schedule for each operation.
    Each { pacing: Pacing, schedules: ById<Box<dyn Schedule>> },
}

impl Pace {
    pub(crate) fn new(pacing: Pacing) -> Self {
        match pacing.compact() {
            Some(schedule) => Self::Compact { schedule, ranking: None },
            None => Self::Each { pacing, schedules: ById::default() },
        }
    }

    /// Returns the delay of the first poll of an operation.
    ///
    /// # Errors
    ///
    /// As [`guard`]: the pacing may be the caller's, and panic.
    pub(crate) fn begin(&mut self, id: u32, state: &mut CompactState) -> Result<Duration, Status> {
        let first = Moment::new(Duration::ZERO, 0);
        let delay = guard(PACING, || match self {
            Self::Compact { schedule, .. } => schedule.delay(state, &first),
            Self::Each { pacing, schedules } => {
                let mut schedule = pacing.schedule();
                let delay = schedule.delay(&first);
                schedules.insert(id, schedule);
                delay
            }
        })?;
        Ok(delay.unwrap_or_default())
    }

    /// Returns the delay from a good reply to the next poll, or `None` to give up.
    ///
    /// # Errors
    ///
    /// As [`begin`](Self::begin). A schedule that has panicked is not used again.
    pub(crate) fn delay(
        &mut self,
        id: u32,
        state: &mut CompactState,
        moment: &Moment,
    ) -> Result<Option<Duration>, Status> {
        match self {
            Self::Compact { schedule, .. } => guard(PACING, || schedule.delay(state, moment)),
            Self::Each { schedules, .. } => {
                let Some(mut schedule) = schedules.remove(&id) else {
                    return Ok(None);
                };
                let delay = guard(PACING, || schedule.delay(moment))?;
                schedules.insert(id, schedule);
                Ok(delay)
            }
        }
    }

    /// Reports to the schedule that an operation is done, or that no one waits for it any more. A panic of the schedule
    /// changes nothing.
    pub(crate) fn finish(&mut self, id: u32, state: &mut CompactState, finish: &Finish) {
        let _ = guard(PACING, || match self {
            Self::Compact { schedule, .. } => schedule.finished(state, finish),
            Self::Each { schedules, .. } => {
                if let Some(mut schedule) = schedules.remove(&id) {
                    schedule.finished(finish);
                }
            }
        });
    }

    /// Takes the latest ranking, for [`worth`](Self::worth). Where something was learned since the last one, it costs
    /// as much as a few polls.
    pub(crate) fn update_ranking(&mut self) {
        if let Self::Compact { schedule, ranking } = self {
            *ranking = schedule.ranking();
        }
    }

    /// Whether there is a ranking of the operations.
    pub(crate) fn is_ranked(&self) -> bool {
        matches!(self, Self::Compact { ranking: Some(_), .. })
    }

    /// Returns what a poll of an operation is worth now, in seconds of delay; without a ranking, for how long the
    /// operation has been due.
    pub(crate) fn worth(&self, record: &Record, now: Time) -> f64 {
        let Self::Compact { ranking: Some(ranking), .. } = self else {
            return now.seconds_since(record.due);
        };
        ranking.worth(record.tally.running(), record.age(now))
    }
}

const PACING: &str = "the pacing";
