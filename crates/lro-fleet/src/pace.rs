use std::{collections::HashMap, time::Duration};

use lro::pacing::{Finish, Moment, Pacing, Schedule};

use crate::{record::Record, time::Time};

/// When to ask about the operations of one class.
#[derive(Debug)]
pub(crate) enum Pace {
    /// By the moment alone: one schedule serves all.
    Shared(Box<dyn Schedule>),
    /// By a state for each operation.
    Each { pacing: Pacing, schedules: HashMap<u32, Box<dyn Schedule>> },
}

impl Pace {
    pub(crate) fn new(pacing: Pacing) -> Self {
        if pacing.is_stateless() {
            return Self::Shared(pacing.schedule());
        }
        Self::Each { pacing, schedules: HashMap::new() }
    }

    /// The delay of the first poll of an operation.
    pub(crate) fn begin(&mut self, id: u32) -> Duration {
        let first = Moment::new(Duration::ZERO, 0);
        let delay = match self {
            Self::Shared(schedule) => schedule.delay(&first),
            Self::Each { pacing, schedules } => {
                let mut schedule = pacing.schedule();
                let delay = schedule.delay(&first);
                schedules.insert(id, schedule);
                delay
            }
        };
        delay.unwrap_or_default()
    }

    /// The delay from a good reply to the next poll, or `None` to give up.
    pub(crate) fn delay(&mut self, id: u32, moment: &Moment) -> Option<Duration> {
        match self {
            Self::Shared(schedule) => schedule.delay(moment),
            Self::Each { schedules, .. } => schedules.get_mut(&id)?.delay(moment),
        }
    }

    /// An operation finished, or is waited for no more.
    pub(crate) fn finish(&mut self, id: u32, finish: &Finish) {
        if let Self::Each { schedules, .. } = self
            && let Some(mut schedule) = schedules.remove(&id)
        {
            schedule.finished(finish);
        }
    }

    /// What it is worth to ask about an operation now, in seconds of delay.
    pub(crate) fn worth(&self, record: &Record, now: Time) -> f64 {
        now.seconds_since(record.due)
    }
}
