//! Pacings that do something of the caller's at each point.

use std::{fmt, sync::Arc, time::Duration};

use lro::pacing::{
    CompactSchedule, CompactState, Finish, Moment, Pacing, PacingByKind, PacingPolicy, Ranking, Schedule,
};

use crate::secs;

/// Where the caller's code runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    Pacing,
    Compact,
    Schedule,
    First,
    Later,
    Finished,
    Ranking,
    Worth,
    /// The destructor of the schedule, the ranking, the policy or the kinds.
    DropSchedule,
    DropRanking,
    DropPolicy,
    DropKinds,
}

/// What is done at a point.
pub(crate) type Act = Arc<dyn Fn(Point) + Send + Sync>;

/// A pacing that runs the caller's code at each point.
#[derive(Clone)]
pub(crate) struct Nasty {
    pub(crate) act: Act,
    pub(crate) is_compact: bool,
}

impl Nasty {
    pub(crate) fn new(is_compact: bool, act: impl Fn(Point) + Send + Sync + 'static) -> Self {
        Self { act: Arc::new(act), is_compact }
    }

    /// Panics at these points.
    pub(crate) fn panics(is_compact: bool, points: &'static [Point]) -> Self {
        Self::new(is_compact, |point| assert!(!points.contains(&point), "at {point:?}"))
    }

    pub(crate) fn pacing(&self) -> Pacing {
        Pacing::custom(Policy(self.clone()))
    }
}

/// The pacing of the kind `nasty`. Those of other kinds are polled once a second.
pub(crate) struct Kinds(pub(crate) Nasty);

struct Policy(Nasty);
struct Plan(Nasty);
struct Worths(Nasty);

impl PacingByKind for Kinds {
    fn pacing(&self, kind: &str) -> Pacing {
        if kind != "nasty" {
            return Pacing::fixed(secs(1));
        }
        (self.0.act)(Point::Pacing);
        self.0.pacing()
    }
}

impl PacingPolicy for Policy {
    fn schedule(&self) -> Box<dyn Schedule> {
        (self.0.act)(Point::Schedule);
        Box::new(Plan(self.0.clone()))
    }

    fn compact(&self) -> Option<Arc<dyn CompactSchedule>> {
        (self.0.act)(Point::Compact);
        self.0.is_compact.then(|| Arc::new(Plan(self.0.clone())) as Arc<dyn CompactSchedule>)
    }
}

impl Plan {
    fn delay(&self, moment: &Moment) -> Duration {
        let is_first = moment.polls == 0;
        (self.0.act)(if is_first { Point::First } else { Point::Later });
        if is_first { Duration::ZERO } else { secs(1) }
    }
}

impl Schedule for Plan {
    fn delay(&mut self, moment: &Moment) -> Option<Duration> {
        Some(Self::delay(self, moment))
    }

    fn finished(&mut self, _: &Finish) {
        (self.0.act)(Point::Finished);
    }
}

impl CompactSchedule for Plan {
    fn delay(&self, _: &mut CompactState, moment: &Moment) -> Option<Duration> {
        Some(Self::delay(self, moment))
    }

    fn finished(&self, _: &mut CompactState, _: &Finish) {
        (self.0.act)(Point::Finished);
    }

    fn ranking(&self) -> Option<Arc<dyn Ranking>> {
        (self.0.act)(Point::Ranking);
        Some(Arc::new(Worths(self.0.clone())))
    }
}

impl Ranking for Worths {
    fn worth(&self, _: Duration, age: Duration) -> f64 {
        (self.0.act)(Point::Worth);
        age.as_secs_f64()
    }
}

impl Drop for Kinds {
    fn drop(&mut self) {
        (self.0.act)(Point::DropKinds);
    }
}

impl Drop for Policy {
    fn drop(&mut self) {
        (self.0.act)(Point::DropPolicy);
    }
}

impl Drop for Plan {
    fn drop(&mut self) {
        (self.0.act)(Point::DropSchedule);
    }
}

impl Drop for Worths {
    fn drop(&mut self) {
        (self.0.act)(Point::DropRanking);
    }
}

macro_rules! shown {
    ($($type:ident)*) => {
        $(impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($type))
            }
        })*
    };
}

shown!(Nasty Kinds Policy Plan Worths);

/// An error that panics when its last copy is dropped, or does something else.
pub(crate) struct Last(pub(crate) Act);

impl fmt::Debug for Last {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Last")
    }
}

impl fmt::Display for Last {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("of the transport")
    }
}

impl std::error::Error for Last {}

impl Drop for Last {
    fn drop(&mut self) {
        (self.0)(Point::DropPolicy);
    }
}
