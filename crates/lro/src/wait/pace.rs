use std::{mem, time::Duration};

use tracing::{Span, error};

use crate::{
    Status,
    pacing::{Finish, Moment, Schedule},
    rules::{Age, guard},
};

/// The schedule of a wait, and the point of the wait from which it counts.
pub(super) struct Pace {
    pub(super) schedule: Box<dyn Schedule>,
    /// Whether `Schedule::finished` is still to be called: once, but not after a panic or on a schedule of cancelling.
    pub(super) gets_notice: bool,
    /// The age of the wait at which the schedule began.
    pub(super) from: Age,
    /// The successful replies before the schedule began.
    pub(super) replies_before: u32,
}

impl Pace {
    /// Returns the delay to the next call, or `None` to give up.
    ///
    /// # Errors
    ///
    /// As [`guard`]: the caller's pacing may panic.
    pub(super) fn delay(&mut self, moment: Moment) -> Result<Option<Duration>, Status> {
        let moment = self.moment(moment);
        let delay = guard(PACING, || self.schedule.delay(&moment));
        self.gets_notice &= delay.is_ok();
        delay
    }

    /// Converts a moment of the wait to one that counts from the start of the schedule.
    pub(super) fn moment(&self, moment: Moment) -> Moment {
        Moment {
            elapsed: moment.elapsed.saturating_sub(self.from),
            polls: moment.polls.saturating_sub(self.replies_before),
            ..moment
        }
    }

    pub(super) fn finish(&mut self, finish: &Finish, span: &Span) {
        if mem::take(&mut self.gets_notice)
            && let Err(panicked) = guard(PACING, || self.schedule.finished(finish))
        {
            error!(parent: span, %panicked, "the pacing panicked at the end of a wait");
        }
    }
}

/// Returns the schedule and its delay: to the first poll, or after the reply at the moment `answered`.
pub(super) fn paced(
    schedule: impl FnOnce() -> Box<dyn Schedule>,
    answered: Option<Moment>,
) -> Result<(Box<dyn Schedule>, Duration), Status> {
    let mut schedule = guard(PACING, schedule)?;
    // By reference: a schedule that panics is dropped when the thread no longer unwinds.
    let delay = guard(PACING, || {
        let first = schedule.delay(&Moment::new(Duration::ZERO, 0)).unwrap_or_default();
        match answered {
            // A delay before the first poll means that the schedule predicts the end of the operation.
            Some(moment) if moment.elapsed.is_zero() && !first.is_zero() => first,
            Some(moment) => schedule.delay(&moment).unwrap_or_default(),
            None => first,
        }
    })?;
    Ok((schedule, delay))
}

pub(super) const PACING: &str = "the pacing";
