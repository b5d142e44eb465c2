//! What those who wait are told.

use std::time::Duration;

use lro::{Code, Origin};
use lro_testkit::replies::{Truth, assert_true};

use super::{End, Entry, GRACE, TICK};
use crate::{log::Told, scenario::Scenario};

impl Entry {
    /// Somebody is told how it ended.
    pub(crate) fn check_end(&mut self, scenario: &Scenario, told: &Told, at: Duration) {
        let deadline = self.deadline(scenario);
        let origin = told.as_ref().err().map(lro::Status::origin);
        let report = told.as_ref().err().and_then(lro::Status::report);
        if origin == Some(Origin::StoppedAsking) {
            // Before the list told of it, or while there was no room for its completion.
            let ended = report.map_or(at, |report| self.began + report.elapsed);
            let may_be_held = self.registered && self.watches.is_empty();
            self.maybe =
                self.maybe.filter(|(end, at)| matches!(end, End::True(_)) && ended >= *at && !may_be_held);
        }
        let maybe = self
            .maybe
            .take()
            .map(|(end, at)| (end, report.map_or(at, |report| self.began + report.elapsed).max(at)));
        let (end, ended) = self.end.or(maybe).unwrap_or_else(|| {
            assert_eq!(origin, Some(Origin::StoppedAsking), "{told:?} of {self:?}");
            let ended = self.began + report.expect("a report").elapsed;
            assert!(
                ended <= at && (deadline..=deadline + GRACE + 2 * TICK).contains(&ended),
                "{told:?} of {self:?}"
            );
            (End::Stopped, ended)
        });
        self.end = Some((end, ended));
        self.check_told(end, told);
        if matches!(end, End::True(Truth::Error(_))) {
            return;
        }
        if let Err(status) = told {
            let report = status.report().expect("a report");
            assert!((self.polls..=self.polls + self.told).contains(&report.polls), "{report:?} of {self:?}");
            let took = ended - self.began;
            assert!(
                (took..=took + 2 * TICK).contains(&(report.elapsed + TICK / 2)),
                "{report:?} of {self:?}"
            );
        }
    }

    fn check_told(&self, end: End, told: &Told) {
        match (end, told) {
            (End::True(truth), told) => assert_true(truth, told),
            (End::CallFailed(code), Err(status)) => {
                assert_eq!(
                    (status.origin(), status.code()),
                    (Origin::CallFailed, code),
                    "{status:?} of {self:?}"
                );
            }
            (End::Malformed, Err(status)) => {
                assert_eq!(status.origin(), Origin::MalformedReply, "{status:?}")
            }
            (End::Stopped, Err(status)) => {
                assert_eq!((status.origin(), status.code()), (Origin::StoppedAsking, Code::DeadlineExceeded));
            }
            _ => panic!("{told:?} of {self:?}"),
        }
    }

    pub(crate) fn check_snapshot(&self, polls: u32) {
        assert!(polls > 0 && polls <= self.polls + self.told, "as of {polls} polls: {self:?}");
    }
}
