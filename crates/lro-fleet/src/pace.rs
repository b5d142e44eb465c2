use std::{sync::Arc, time::Duration};

use lro::pacing::{CompactSchedule, CompactState, Finish, Moment, Pacing, Ranking, Schedule};

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
    pub(crate) fn begin(&mut self, id: u32, state: &mut CompactState) -> Duration {
        let first = Moment::new(Duration::ZERO, 0);
        let delay = match self {
            Self::Compact { schedule, .. } => schedule.delay(state, &first),
            Self::Each { pacing, schedules } => {
                let mut schedule = pacing.schedule();
                let delay = schedule.delay(&first);
                schedules.insert(id, schedule);
                delay
            }
        };
        delay.unwrap_or_default()
    }

    /// Returns the delay from a good reply to the next poll, or `None` to give up.
    pub(crate) fn delay(&mut self, id: u32, state: &mut CompactState, moment: &Moment) -> Option<Duration> {
        match self {
            Self::Compact { schedule, .. } => schedule.delay(state, moment),
            Self::Each { schedules, .. } => schedules.get_mut(&id)?.delay(moment),
        }
    }

    /// Reports to the schedule that an operation is done, or that no one waits for it any more.
    pub(crate) fn finish(&mut self, id: u32, state: &mut CompactState, finish: &Finish) {
        match self {
            Self::Compact { schedule, .. } => schedule.finished(state, finish),
            Self::Each { schedules, .. } => {
                if let Some(mut schedule) = schedules.remove(&id) {
                    schedule.finished(finish);
                }
            }
        }
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
