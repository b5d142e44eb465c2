use std::{mem, time::Duration};

use lro::{
    Course, LearnedKind, Outlook,
    pacing::{Finish, Moment, Pacing, Schedule},
};

use crate::{by_id::ById, record::Record, time::Time};

/// When to ask about the operations of one class.
#[derive(Debug)]
pub(crate) enum Pace {
    /// By the moment alone: one schedule serves all.
    Shared(Box<dyn Schedule>),
    /// By what was learned of their kind, and the course of each, which is in its record.
    Learned { kind: LearnedKind, outlook: Option<Outlook>, edition: u32 },
    /// By a state for each operation.
    Each { pacing: Pacing, schedules: ById<Box<dyn Schedule>> },
}

impl Pace {
    pub(crate) fn new(pacing: Pacing) -> Self {
        if pacing.is_stateless() {
            return Self::Shared(pacing.schedule());
        }
        match pacing.learned_kind() {
            Some(kind) => Self::Learned { kind, outlook: None, edition: 0 },
            None => Self::Each { pacing, schedules: ById::default() },
        }
    }

    /// The delay of the first poll of an operation.
    pub(crate) fn begin(&mut self, id: u32, course: &mut Course) -> Duration {
        let first = Moment::new(Duration::ZERO, 0);
        let delay = match self {
            Self::Shared(schedule) => schedule.delay(&first),
            Self::Learned { kind, .. } => Some(kind.delay(course, &first)),
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
    pub(crate) fn delay(&mut self, id: u32, course: &mut Course, moment: &Moment) -> Option<Duration> {
        match self {
            Self::Shared(schedule) => schedule.delay(moment),
            Self::Learned { kind, .. } => Some(kind.delay(course, moment)),
            Self::Each { schedules, .. } => schedules.get_mut(&id)?.delay(moment),
        }
    }

    /// An operation finished, or is waited for no more.
    pub(crate) fn finish(&mut self, id: u32, course: &mut Course, finish: &Finish) {
        match self {
            Self::Shared(_) => {}
            Self::Learned { kind, .. } => kind.finished(course, finish),
            Self::Each { schedules, .. } => {
                if let Some(mut schedule) = schedules.remove(&id) {
                    schedule.finished(finish);
                }
            }
        }
    }

    /// Takes note of what was learned since the last time, for [`worth`](Self::worth).
    ///
    /// It costs as much as a few polls.
    pub(crate) fn look(&mut self) {
        if let Self::Learned { kind, outlook, edition } = self {
            let latest = kind.edition();
            if mem::replace(edition, latest) != latest {
                *outlook = kind.outlook();
            }
        }
    }

    /// Whether something is known by which operations are ranked.
    pub(crate) fn is_learned(&self) -> bool {
        matches!(self, Self::Learned { outlook: Some(_), .. })
    }

    /// What it is worth to ask about an operation now, in seconds of delay; where nothing is learned, for how long it has
    /// been due.
    pub(crate) fn worth(&self, record: &Record, now: Time) -> f64 {
        let Self::Learned { outlook: Some(outlook), .. } = self else {
            return now.seconds_since(record.due);
        };
        outlook.worth(record.tally.running(), record.age(now))
    }
}
