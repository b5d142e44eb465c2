use std::{fmt, time::Duration};

use lro::{OperationName, Status};

use crate::{
    record::{More, Record},
    time::Time,
};

/// How it is going with an operation that is waited for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Pending {
    /// The operation's name.
    pub name: OperationName,
    /// The time since it was watched or registered first.
    pub age: Duration,
    /// The calls made.
    pub polls: u32,
    /// The time until the next call; zero if it is due, `None` while a call is in flight.
    pub next_poll: Option<Duration>,
    /// The last call that failed.
    pub last_failure: Option<Status>,
}

impl Pending {
    pub(crate) fn of(
        name: OperationName,
        record: &Record,
        more: Option<&More>,
        now: Time,
        is_called: bool,
    ) -> Self {
        Self {
            name,
            age: record.age(now),
            polls: record.tally.polls,
            next_poll: (!is_called).then(|| record.due.since(now)),
            last_failure: more.and_then(|more| more.trouble.as_ref()?.last_failure().cloned()),
        }
    }
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} polls in {:.1?}", self.name, self.polls, self.age)?;
        match self.next_poll {
            None => write!(f, ", being asked about")?,
            Some(Duration::ZERO) => write!(f, ", due")?,
            Some(pause) => write!(f, ", the next in {pause:.1?}")?,
        }
        self.last_failure.as_ref().map_or(Ok(()), |failure| write!(f, "; last failure: {failure}"))
    }
}
