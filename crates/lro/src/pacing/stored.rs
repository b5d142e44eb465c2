use std::{sync::Arc, time::Duration};

use super::{CompactSchedule, Finish, Moment, Pacing};

/// One schedule for operations whose position is stored between two polls, so that another process can go on.
///
/// The position is opaque. It is empty before the first poll.
///
/// ```
/// use std::time::Duration;
/// use lro::{Pacing, pacing::Moment};
///
/// let schedule = Pacing::proportional(0.1).stored();
/// let mut position = Vec::new(); // stored with the operation
/// let seen = Moment::new(Duration::from_secs(100), 1);
/// assert_eq!(schedule.delay(&mut position, &seen), Some(Duration::from_secs(10)));
/// ```
#[derive(Clone, Debug)]
pub struct StoredSchedule {
    pacing: Pacing,
    compact: Option<Arc<dyn CompactSchedule>>,
}

impl StoredSchedule {
    pub(super) fn new(pacing: Pacing) -> Self {
        Self { compact: pacing.compact(), pacing }
    }

    /// Returns the delay to the next poll after a successful reply, `None` to give up. The position changes.
    ///
    /// It may be code of the caller, which may panic.
    pub fn delay(&self, position: &mut Vec<u8>, moment: &Moment) -> Option<Duration> {
        let Some(compact) = &self.compact else {
            return self.pacing.resume(moment.polls.saturating_sub(1)).delay(moment);
        };
        let mut state = compact.restore(position);
        if position.is_empty() {
            compact.delay(&mut state, &Moment::new(Duration::ZERO, 0));
        }
        let delay = compact.delay(&mut state, moment);
        *position = compact.save(&mut state);
        delay
    }

    /// Reports the end of an operation at this position.
    pub fn finished(&self, position: &[u8], finish: &Finish) {
        match &self.compact {
            Some(compact) => compact.finished(&mut compact.restore(position), finish),
            None => self.pacing.resume(finish.polls).finished(finish),
        }
    }
}
