//! All that happened, in order: there is one thread, so what is written first was first.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lro::{Code, Status};
use lro_testkit::replies::Truth;
use serde_json::Value;
use tokio::time::Instant;

/// What somebody was told at the end of a wait.
pub(crate) type Told = Result<Value, Status>;

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) at: Duration,
    /// The first one or the one after it.
    pub(crate) fleet: usize,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Somebody waits for an operation.
    Watched {
        operation: usize,
        wish: usize,
    },
    Registered(usize),
    /// A watch of it was dropped.
    Dropped {
        operation: usize,
        wish: usize,
    },
    /// The watch of a wish returned its end, or a completion did if there is no wish.
    Told {
        operation: usize,
        told: Told,
        wish: Option<usize>,
        again: bool,
    },
    /// A stream told that it was running as of so many polls.
    Snapshot {
        operation: usize,
        wish: usize,
        polls: u32,
    },
    Asked(usize),
    Replied {
        operation: usize,
        reply: Reply,
        hint: Option<Duration>,
    },
    /// The call was dropped before its reply came.
    Cut(usize),
    PageAsked {
        key: usize,
    },
    PageReplied {
        key: usize,
        tells: Vec<(usize, Reply)>,
    },
    PageFailed {
        key: usize,
        code: Code,
    },
    PageCut {
        key: usize,
    },
    Paused,
    Resumed,
    /// Somebody asked what is pending.
    Pending(Vec<usize>),
    /// Somebody asked to shut it down.
    Closing,
    /// Handed back these.
    Shut(Vec<usize>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Running,
    Done(Truth),
    Failed(Code),
    /// Exhausted, and not because of the rate.
    OutOfQuota,
    /// A reply that breaks the rules.
    Broken,
    /// A state of another operation.
    Other,
}

#[derive(Clone, Debug)]
pub(crate) struct Log(Arc<Mutex<Vec<Event>>>, Instant);

impl Log {
    pub(crate) fn new() -> Self {
        Self(Arc::default(), Instant::now())
    }

    /// Since it began.
    pub(crate) fn now(&self) -> Duration {
        self.1.elapsed()
    }

    pub(crate) fn write(&self, fleet: usize, what: What) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(events.len() < MOST, "a hot loop: {MOST} events in {:?}", self.now());
        events.push(Event { at: self.now(), fleet, what });
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// More than any scenario needs.
const MOST: usize = 200_000;
