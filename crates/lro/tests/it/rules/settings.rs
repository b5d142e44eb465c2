//! How a wait is set, and when its calls are made.

use std::{panic::resume_unwind, time::Duration};

use lro::{
    Code, Tolerance,
    rules::{Age, Rules},
};

use crate::rules::events::secs;

/// The rules of a wait as data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) failures: Option<u32>,
    pub(crate) window: Duration,
    /// The window of PERMISSION_DENIED.
    pub(crate) denied: Duration,
    /// The least delay after a good reply.
    pub(crate) least: Duration,
    pub(crate) delays: (Duration, Duration),
    pub(crate) longest_wish: Duration,
    pub(crate) attempt: Duration,
    pub(crate) choice: Choice,
}

/// What the predicate of the caller says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// There is none.
    Unset,
    Survive,
    Refuse,
    Abstain,
    /// PERMISSION_DENIED is survived, UNAVAILABLE is not.
    ByCode,
    Panics,
}

/// When a call is made and has ended, and the deadline of the wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct When {
    pub(crate) asked: Age,
    pub(crate) ended: Age,
    pub(crate) deadline: Option<Age>,
}

/// The ends of the range of chance.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Chance {
    Least,
    Most,
}

impl Setting {
    /// The documented defaults of a wait for an operation that was started.
    pub(crate) const DEFAULT: Self = Self {
        failures: Some(5),
        window: secs(30),
        denied: Duration::ZERO,
        least: Duration::from_millis(10),
        delays: (secs(1), secs(60)),
        longest_wish: secs(600),
        attempt: secs(30),
        choice: Choice::Unset,
    };

    /// The product of all settings.
    pub(crate) fn all() -> Vec<Self> {
        let others = [
            Self::DEFAULT,
            Self {
                delays: (secs(2), secs(5)),
                longest_wish: secs(5),
                attempt: secs(2),
                denied: secs(5),
                least: secs(4),
                ..Self::DEFAULT
            },
            Self {
                delays: NO_DELAY,
                longest_wish: Duration::MAX,
                attempt: Duration::MAX,
                least: Duration::ZERO,
                ..Self::DEFAULT
            },
        ];
        let windows = [Duration::ZERO, secs(5), secs(30)];
        // One call tells no other two apart.
        let budgets = [None, Some(0)];
        let mut all = Vec::new();
        for other in others {
            for window in windows {
                for failures in budgets {
                    all.extend(Choice::ALL.map(|choice| Self { failures, window, choice, ..other }));
                }
            }
        }
        all
    }

    pub(crate) fn rules(&self) -> Rules {
        let Self { failures, window, denied, least, delays: (first, longest), longest_wish, attempt, choice } =
            *self;
        let tolerance = Tolerance::default()
            .failures(failures)
            .not_found_for(window)
            .permission_denied_for(denied)
            .delay(first, longest)
            .longest_hint(longest_wish);
        let tolerance = match choice {
            Choice::Unset => tolerance,
            Choice::Survive => tolerance.survive_if(|_| Some(true)),
            Choice::Refuse => tolerance.survive_if(|_| Some(false)),
            Choice::Abstain => tolerance.survive_if(|_| None),
            Choice::ByCode => tolerance.survive_if(|status| match status.code() {
                Code::PermissionDenied => Some(true),
                Code::Unavailable => Some(false),
                _ => None,
            }),
            // No panic hook runs: there are thousands of these.
            Choice::Panics => tolerance.survive_if(|_| resume_unwind(Box::new("boom"))),
        };
        Rules { tolerance, attempt_timeout: attempt, least_delay: least }
    }
}

impl Choice {
    const ALL: [Self; 6] =
        [Self::Unset, Self::Survive, Self::Refuse, Self::Abstain, Self::ByCode, Self::Panics];
}

impl When {
    /// The call of this number: it takes a second, and there is no deadline.
    pub(crate) fn nth(number: u32) -> Self {
        let asked = secs(2) * number;
        Self { asked, ended: asked + secs(1), deadline: None }
    }

    /// Before, at and after the edges of the windows and of a deadline, and as far off as a time can be.
    pub(crate) fn edges() -> Vec<Self> {
        let when = |asked, ended, deadline| Self { asked, ended, deadline };
        vec![
            when(secs(0), secs(0), None),
            when(secs(0), secs(0), Some(secs(0))),
            when(secs(4), secs(5) - NANO, None),
            when(secs(4), secs(5), Some(secs(3_600))),
            when(secs(28), secs(30) - NANO, Some(secs(30))),
            when(secs(28), secs(30), Some(secs(30))),
            when(secs(31), secs(32), Some(secs(30))),
            // Within a pause, of any length.
            when(secs(100), secs(101), Some(secs(104))),
            when(Duration::MAX - secs(1), Duration::MAX, None),
            when(Duration::MAX, Duration::MAX, Some(Duration::MAX)),
        ]
    }
}

impl Chance {
    pub(crate) const ALL: [Self; 2] = [Self::Least, Self::Most];

    pub(crate) fn value(self) -> f64 {
        match self {
            Self::Least => 0.0,
            Self::Most => 1.0_f64.next_down(),
        }
    }
}

pub(crate) const NO_DELAY: (Duration, Duration) = (Duration::ZERO, Duration::ZERO);

pub(crate) const NANO: Duration = Duration::from_nanos(1);
