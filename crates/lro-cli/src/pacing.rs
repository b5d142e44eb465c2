use std::time::Duration;

use lro::pacing::{Finish, Moment, Pacing, PacingByKind, PacingPolicy, Schedule};
use lro_learned::Learned;

/// The pacing that learns, for operations whose age is not known: it asks once at the start, because the operation may be done,
/// and then as the learned pacing says.
///
/// Nothing is learned from an operation that the first poll finds done: its duration is not known.
#[derive(Clone, Debug)]
pub(crate) struct AtOnce(pub(crate) Learned);

impl PacingByKind for AtOnce {
    fn pacing(&self, kind: &str) -> Pacing {
        Pacing::custom(Policy(self.0.pacing(kind)))
    }
}

#[derive(Debug)]
struct Policy(Pacing);

impl PacingPolicy for Policy {
    fn schedule(&self) -> Box<dyn Schedule> {
        Box::new(Position(self.0.schedule()))
    }

    fn schedule_of_cancelling(&self) -> Box<dyn Schedule> {
        Pacing::default().schedule()
    }
}

#[derive(Debug)]
struct Position(Box<dyn Schedule>);

impl Schedule for Position {
    fn delay(&mut self, moment: &Moment) -> Option<Duration> {
        let Some(polls) = moment.polls.checked_sub(1) else {
            return Some(Duration::ZERO);
        };
        // The learned pacing does not count the poll at the start.
        let mut later = *moment;
        later.polls = polls;
        self.0.delay(&later)
    }

    fn finished(&mut self, finish: &Finish) {
        if finish.polls > 1 {
            self.0.finished(&Finish::new(finish.running, finish.done, finish.polls - 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(seconds: f64, polls: u32) -> Moment {
        Moment::new(Duration::from_secs_f64(seconds), polls)
    }

    #[test]
    fn the_first_poll_is_at_once_and_the_next_is_learned() {
        let learned = Learned::new();
        let mut unknown = AtOnce(learned.clone()).pacing("a").schedule();
        assert_eq!(unknown.delay(&moment(0.0, 0)), Some(Duration::ZERO));
        assert_eq!(unknown.delay(&moment(0.0, 1)), Some(Duration::from_secs(1)));
        assert_eq!(unknown.delay(&moment(1.0, 2)), Some(Duration::from_secs(2)));

        learned.expect("b", Duration::from_secs(90));
        let mut known = AtOnce(learned).pacing("b").schedule();
        assert_eq!(known.delay(&moment(0.0, 0)), Some(Duration::ZERO));
        assert!(known.delay(&moment(0.0, 1)).unwrap() > Duration::from_secs(20));
    }

    #[test]
    fn an_operation_that_was_done_before_teaches_nothing() {
        let learned = Learned::new();
        let pacing = AtOnce(learned.clone()).pacing("a");
        let mut schedule = pacing.schedule();
        schedule.delay(&moment(0.0, 0));
        schedule.finished(&Finish::new(Duration::ZERO, Some(Duration::from_millis(20)), 1));
        assert_eq!(learned.time_left("a", Duration::ZERO), None);

        let mut schedule = pacing.schedule();
        schedule.delay(&moment(0.0, 0));
        schedule.delay(&moment(0.0, 1));
        schedule.finished(&Finish::new(Duration::from_secs(1), Some(Duration::from_secs(3)), 3));
        assert!(learned.time_left("a", Duration::ZERO).is_some());
    }
}
