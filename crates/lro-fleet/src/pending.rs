use std::{fmt, sync::Arc, time::Duration};

use lro::{OperationName, Status};

use crate::{
    book::{Entry, Phase},
    clock::Time,
};

/// The state of an operation that a fleet waits for. From [`Fleet::pending`](crate::Fleet::pending).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Pending {
    /// The operation's name.
    pub name: OperationName,
    /// The kind of the operation.
    pub kind: Arc<str>,
    /// The tag of its registration.
    pub tag: Option<String>,
    /// The time since the wait began.
    pub age: Duration,
    /// The calls made.
    pub polls: u32,
    /// The time until the next call. Zero if it is due, `None` while a call is in flight.
    pub next_poll: Option<Duration>,
    /// The status of the last call that failed. `None` if none has.
    pub last_failure: Option<Status>,
}

impl Pending {
    pub(crate) fn of(entry: &Entry, kind: Arc<str>, now: Time) -> Self {
        let is_calling = matches!(entry.phase, Phase::Calling | Phase::CallingReserved);
        let cold = entry.cold.as_deref();
        Self {
            name: entry.name.clone(),
            kind,
            tag: cold.and_then(|cold| cold.tag.as_deref()).map(str::to_owned),
            age: entry.record.age(now),
            polls: entry.record.tally.polls,
            next_poll: (!is_calling).then(|| entry.record.due.since(now)),
            last_failure: cold.and_then(|cold| cold.trouble.as_ref()?.last_failure().cloned()),
        }
    }
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} polls in {:.1?}", self.name, self.polls, self.age)?;
        match self.next_poll {
            None => write!(f, ", a call in flight")?,
            Some(Duration::ZERO) => write!(f, ", due")?,
            Some(pause) => write!(f, ", the next call in {pause:.1?}")?,
        }
        self.last_failure.as_ref().map_or(Ok(()), |failure| write!(f, "; last failure: {failure}"))
    }
}
