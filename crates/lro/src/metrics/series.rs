use std::{sync::Arc, time::Duration};

use metrics::{Key, Label, SharedString};

use super::{
    METADATA, record,
    table::{LATENESS, LISTS, NOTICE_DELAY, OUTCOMES, POLLS, WAIT_DURATION},
};
use crate::{
    Code, Origin, Outcome, Service, Status,
    rules::{Ending, Limit, Reply},
};

/// The counters and histograms of one service and one kind of operation.
#[derive(Clone, Debug)]
pub struct Series {
    service: SharedString,
    kind: SharedString,
    /// The keys of the polls by their code, so that a poll allocates nothing after the first with its code.
    polls: Vec<(Code, Key)>,
}

/// How a wait ended, as the labels of its outcome.
#[derive(Clone, Copy, Debug)]
pub struct EndLabels {
    outcome: &'static str,
    code: Code,
}

impl Series {
    /// Creates the series of a kind of operation. `None` stands for the key of the service.
    pub fn new(service: &Service, kind: Option<Arc<str>>) -> Self {
        let service = SharedString::from_shared(Arc::from(service.key()));
        let kind = kind.map_or_else(|| service.clone(), SharedString::from_shared);
        Self { service, kind, polls: Vec::new() }
    }

    /// Returns the code of a poll, `None` for a call that was rejected before it was sent.
    pub fn code(reply: &Reply) -> Option<Code> {
        match reply {
            Reply::Returned(Ok(_)) => Some(Code::Ok),
            Reply::Returned(Err(status)) => (!status.is_refused()).then(|| status.code()),
            Reply::Cut(Limit::Attempt) => Some(Code::DeadlineExceeded),
            Reply::Cut(Limit::Deadline | Limit::Grace) => Some(Code::Cancelled),
        }
    }

    /// Counts polls that ended with a [code](Self::code).
    pub fn polled(&mut self, code: Code, calls: u64) {
        let at = self.polls.iter().position(|(of, _)| *of == code).unwrap_or_else(|| {
            let key = self.key(POLLS, [("kind", self.kind.clone()), ("code", code.name().into())]);
            self.polls.push((code, key));
            self.polls.len() - 1
        });
        if let Some((_, key)) = self.polls.get(at) {
            record(|recorder| recorder.register_counter(key, &METADATA).increment(calls));
        }
    }

    /// Counts a wait that ended after this time.
    pub fn ended(&self, end: EndLabels, lasted: Duration) {
        let EndLabels { outcome, code } = end;
        let labels = [("kind", self.kind.clone()), ("outcome", outcome.into()), ("code", code.name().into())];
        let outcomes = self.key(OUTCOMES, labels);
        let duration = self.key(WAIT_DURATION, [("kind", self.kind.clone()), ("outcome", outcome.into())]);
        record(|recorder| {
            recorder.register_counter(&outcomes, &METADATA).increment(1);
            recorder.register_histogram(&duration, &METADATA).record(lasted);
        });
    }

    /// Records by how much the end of an operation was noticed late.
    pub fn noticed(&self, delay: Duration) {
        let key = self.key(NOTICE_DELAY, [("kind", self.kind.clone())]);
        record(|recorder| recorder.register_histogram(&key, &METADATA).record(delay));
    }

    /// Records by how much polls of a fleet were made late.
    pub fn late(&self, delays: &[Duration]) {
        if delays.is_empty() {
            return;
        }
        let key = self.key(LATENESS, []);
        record(|recorder| {
            let histogram = recorder.register_histogram(&key, &METADATA);
            delays.iter().for_each(|delay| histogram.record(*delay));
        });
    }

    /// Counts a call of a fleet that listed operations.
    pub fn listed(&self, code: Code) {
        let key = self.key(LISTS, [("code", code.name().into())]);
        record(|recorder| recorder.register_counter(&key, &METADATA).increment(1));
    }

    fn key<const N: usize>(&self, name: &'static str, labels: [(&'static str, SharedString); N]) -> Key {
        let service = Label::new("service", self.service.clone());
        let labels = labels.into_iter().map(|(label, value)| Label::new(label, value));
        Key::from_parts(name, [service].into_iter().chain(labels).collect::<Vec<_>>())
    }
}

impl EndLabels {
    /// Returns the labels of the end of a wait.
    pub fn of(end: Result<&Outcome, &Status>) -> Self {
        let (outcome, code) = match end {
            Ok(Outcome::Response(_) | Outcome::Neither) => ("succeeded", Code::Ok),
            Ok(Outcome::Error(status)) => ("operation_failed", status.code()),
            Err(status) => (origin(status), status.code()),
        };
        Self { outcome, code }
    }

    /// Returns the labels of the end of a stored wait.
    pub fn of_ending(ending: &Ending) -> Self {
        match ending {
            Ending::Done(outcome) => Self::of(Ok(outcome)),
            Ending::GaveUp(status) => Self::of(Err(status)),
        }
    }
}

fn origin(status: &Status) -> &'static str {
    match status.origin() {
        Origin::OperationFailed => "operation_failed",
        Origin::CallFailed => "call_failed",
        Origin::StoppedAsking => "stopped_asking",
        Origin::MalformedReply => "malformed_reply",
    }
}
