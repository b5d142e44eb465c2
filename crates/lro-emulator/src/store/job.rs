use std::{fmt, time::Duration};

use lro::{Any, Code, Operation, Outcome, Status};
use tokio::time::Instant;

use super::view::View;
use crate::{
    reply::Reply,
    script::{Run, Script},
};

/// An operation on the server: its script and its phase.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) scope: Scope,
    script: Script,
    metadata: Option<Any>,
    started: Instant,
    end: End,
    calls: u32,
    phase: Phase,
}

/// The versions of an API under which an operation is found, and the calls that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Under every version, with every call of `google.longrunning`: the operation of a test.
    Every,
    /// Under this version; it can only be got: the operation of a service.
    Version(&'static str),
}

/// The time at which an operation ends.
#[derive(Clone, Copy, Debug)]
enum End {
    At(Instant),
    AfterCalls(u32),
    Never,
}

#[derive(Debug)]
enum Phase {
    Running(Ending),
    Done { outcome: Outcome, elapsed: Duration },
}

/// The end of an operation.
pub(crate) enum Ending {
    /// An outcome that is known from the start.
    Outcome(Outcome),
    /// Work that returns the outcome.
    Work(Work),
}

/// Work at the end of an operation, given the time of the end. The store is locked while it runs.
pub(crate) type Work = Box<dyn FnOnce(Instant) -> Outcome + Send>;

impl Job {
    /// Starts an operation. `time`, `metadata` and `ending` apply where the script sets nothing else.
    pub(crate) fn start(
        scope: Scope,
        mut script: Script,
        time: Duration,
        metadata: Option<Any>,
        ending: Ending,
    ) -> Self {
        let started = Instant::now();
        let end = match script.run.unwrap_or(Run::Time(time)) {
            Run::Calls(calls) => End::AfterCalls(calls),
            Run::Time(time) => started.checked_add(time).map_or(End::Never, End::At),
        };
        let ending = script.outcome.take().map_or(ending, Ending::Outcome);
        Self { scope, script, metadata, started, end, calls: 0, phase: Phase::Running(ending) }
    }

    /// Returns the time at which it ends, if that is known.
    pub(crate) fn ends_at(&self) -> Option<Instant> {
        match self.end {
            End::At(end) => Some(end),
            End::AfterCalls(_) | End::Never => None,
        }
    }

    /// Whether a call can wait for its end. No time brings the end of one that runs for a number of calls.
    pub(crate) fn can_be_awaited(&self) -> bool {
        !matches!(self.end, End::AfterCalls(_))
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done { .. })
    }

    /// Returns whether calls find it.
    pub(crate) fn has_appeared(&self) -> bool {
        self.started.elapsed() >= self.script.appears_after
    }

    /// Counts a call about it. Returns the reply that the script sets for this call.
    pub(crate) fn called(&mut self) -> Option<Reply> {
        self.calls = self.calls.saturating_add(1);
        self.script.replies.get(&self.calls).cloned()
    }

    /// Ends it if it is due.
    pub(crate) fn settle(&mut self, now: Instant) {
        match self.end {
            End::At(end) if now >= end => self.finish(end),
            End::AfterCalls(calls) if self.calls > calls => self.finish(now),
            _ => {}
        }
    }

    /// Ends it as cancelled, unless it is done or its script ignores that.
    pub(crate) fn cancel(&mut self) {
        if self.is_done() || self.script.ignores_cancel {
            return;
        }
        let error = Status::new(Code::Cancelled, "The operation was cancelled.");
        let outcome = Outcome::Error(error.with_origin(lro::Origin::OperationFailed));
        self.phase = Phase::Done { outcome, elapsed: self.started.elapsed() };
    }

    /// Its state.
    pub(crate) fn view(&self, name: &str) -> View {
        let (outcome, elapsed) = match &self.phase {
            Phase::Running(_) => (None, self.started.elapsed()),
            Phase::Done { outcome, elapsed } => (Some(outcome.clone()), *elapsed),
        };
        let operation = Operation { metadata: self.metadata.clone(), outcome, ..Operation::running(name) };
        View::new(operation, self.script.metadata.clone().map(|metadata| (metadata, elapsed)))
    }

    fn finish(&mut self, at: Instant) {
        let Phase::Running(ending) = &mut self.phase else {
            return;
        };
        let outcome = match std::mem::replace(ending, Ending::Outcome(Outcome::Neither)) {
            Ending::Outcome(outcome) => outcome,
            Ending::Work(work) => work(at),
        };
        self.phase = Phase::Done { outcome, elapsed: at.saturating_duration_since(self.started) };
    }
}

impl Scope {
    /// Returns whether an operation is found under a version.
    pub(crate) fn has(self, version: &str) -> bool {
        match self {
            Self::Every => true,
            Self::Version(only) => only == version,
        }
    }
}

impl Ending {
    /// A response, or the error of packing it.
    pub(crate) fn response(response: Result<Any, Status>) -> Self {
        Self::Outcome(outcome(response))
    }
}

/// `google.protobuf.Empty` as Google's servers send it: without the `value` that proto3 JSON requires.
pub(crate) fn empty() -> Result<Any, Status> {
    Any::from_json(r#"{"@type":"type.googleapis.com/google.protobuf.Empty"}"#)
}

/// A result as an outcome.
pub(crate) fn outcome(result: Result<Any, Status>) -> Outcome {
    match result {
        Ok(response) => Outcome::Response(response),
        Err(error) => Outcome::Error(error.with_origin(lro::Origin::OperationFailed)),
    }
}

impl fmt::Debug for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outcome(outcome) => outcome.fmt(f),
            Self::Work(_) => f.write_str("Work"),
        }
    }
}
