//! What happens in one simulated wait, all of it drawn from a seed.

use std::time::Duration;

use lro::{AtDeadline, Cancellation, Code, Pacing, Status, Tolerance, Wait};
use lro_testkit::{Dice, replies::Truth};
use serde_json::Value;

use crate::server::Server;

/// An operation, the trouble on the way to it, and how it is waited for.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    /// How long the operation is not found at first.
    pub(crate) hidden_for: Duration,
    pub(crate) runs_for: Duration,
    pub(crate) truth: Truth,
    /// The share of calls that go wrong.
    pub(crate) trouble: f64,
    /// The share of the trouble that no wait survives.
    pub(crate) fatal: f64,
    pub(crate) pace: Pace,
    pub(crate) failures: Option<u32>,
    pub(crate) not_found_for: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) attempt_timeout: Duration,
    pub(crate) not_before: Duration,
    pub(crate) at_deadline: AtDeadline,
    /// Whether the caller cancels at once.
    pub(crate) is_cancelled: bool,
    pub(crate) can_cancel: bool,
    /// How long the server takes to cancel; `None` if it ignores the wish that it accepts.
    pub(crate) cancels_in: Option<Duration>,
}

/// The pacings that the model can compute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// A tenth of the elapsed time, from 250 ms to 45 s.
    Tenth,
    /// 1 s, 2 s, 4 s to 60 s.
    Doubling,
    Every(Duration),
}

impl Scenario {
    pub(crate) fn draw(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let truth = match dice.below(10) {
            0..6 => Truth::Response,
            6..9 => Truth::Error(1 + dice.below(20) as i32),
            _ => Truth::Neither,
        };
        let deadline = (dice.below(3) == 0).then(|| dice.spread(1, 3_600_000));
        let runs_for = match (deadline, dice.below(10)) {
            (_, 0) => Duration::ZERO,
            (Some(_), 1) => Duration::MAX,
            _ => dice.spread(10, 7_200_000),
        };
        Self {
            seed,
            hidden_for: if dice.below(5) == 0 { dice.spread(1, 60_000) } else { Duration::ZERO },
            runs_for,
            truth,
            trouble: dice.one_of([0.0, 0.1, 0.3, 0.6, 0.9]),
            fatal: dice.one_of([0.0, 0.0, 0.05, 0.4]),
            pace: dice.one_of([Pace::Tenth, Pace::Doubling, Pace::Every(Duration::from_secs(7))]),
            failures: dice.one_of([None, Some(0), Some(1), Some(5), Some(5)]),
            not_found_for: dice.one_of([Duration::ZERO, Duration::from_secs(30), Duration::from_secs(90)]),
            deadline,
            attempt_timeout: dice.one_of([
                Duration::from_secs(30),
                Duration::from_millis(1_700),
                Duration::MAX,
            ]),
            not_before: dice.one_of([Duration::ZERO, Duration::ZERO, Duration::from_secs(3)]),
            at_deadline: match dice.below(4) {
                0 => AtDeadline::Cancel,
                1 => AtDeadline::CancelAndWait(dice.one_of([Duration::ZERO, Duration::MAX])),
                2 => AtDeadline::CancelAndWait(dice.spread(1, 600_000)),
                _ => AtDeadline::Leave,
            },
            can_cancel: dice.below(8) > 0,
            is_cancelled: runs_for < Duration::MAX && dice.below(5) == 0,
            cancels_in: (runs_for == Duration::MAX || dice.below(4) > 0).then(|| dice.spread(1, 60_000)),
        }
    }

    /// The same, but for trouble that may end a wait before its operation does.
    pub(crate) fn survivable(seed: u64) -> Self {
        Self {
            fatal: 0.0,
            failures: None,
            not_found_for: Duration::MAX,
            deadline: None,
            runs_for: Dice::new(!seed).spread(10, 600_000),
            ..Self::draw(seed)
        }
    }

    pub(crate) fn wait<'a>(&self, server: &'a Server) -> Wait<'a, Value> {
        let tolerance = Tolerance::default().failures(self.failures).not_found_for(self.not_found_for);
        lro::poll_until_done(server, crate::server::name())
            .pacing(self.pace.pacing())
            .tolerance(tolerance)
            .deadline(self.deadline)
            .at_deadline(self.at_deadline)
            .attempt_timeout(self.attempt_timeout)
            .not_before(self.not_before)
            .seed(self.seed)
    }

    /// Waits as the scenario says. An operation that cannot be cancelled is waited for.
    pub(crate) async fn outcome(&self, wait: &mut Wait<'_, Value>) -> Result<Value, Status> {
        if !self.is_cancelled {
            return wait.outcome().await;
        }
        match wait.cancel_and_wait().await? {
            Cancellation::Finished(response) => Ok(response),
            Cancellation::Cancelled(status) => {
                assert_eq!(status.code(), Code::Cancelled);
                Err(status)
            }
            Cancellation::Failed(status) => {
                assert_ne!(status.code(), Code::Cancelled);
                Err(status)
            }
            Cancellation::StillRunning(status) => {
                assert!(status.may_be_running());
                Err(status)
            }
            // The server may say so by itself.
            Cancellation::Unsupported(status) if self.can_cancel => Err(status),
            Cancellation::Unsupported(_) => wait.outcome().await,
        }
    }
}

impl Pace {
    fn pacing(self) -> Pacing {
        match self {
            Self::Tenth => Pacing::default(),
            Self::Doubling => Pacing::classic_exponential(),
            Self::Every(pause) => Pacing::fixed(pause),
        }
    }
}
