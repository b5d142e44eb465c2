use lro::{
    Outcome, Status,
    rules::{Ending, Saved},
};
use lro_registry::Record;
use serde::Serialize;

use super::{
    list::due_in,
    state,
    time::{seconds, utc},
};

/// One record, without its payloads.
#[derive(Debug, Serialize)]
pub(crate) struct Operation {
    pub(crate) key: String,
    pub(crate) name: Option<String>,
    pub(crate) service: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) state: &'static str,
    pub(crate) created: String,
    pub(crate) age_seconds: f64,
    pub(crate) deadline_seconds: Option<f64>,
    pub(crate) due: Option<String>,
    /// The time until it is due. Negative if it has been due for a time.
    pub(crate) due_in_seconds: Option<f64>,
    pub(crate) is_claimed: bool,
    pub(crate) epoch: i64,
    pub(crate) claims_without_result: u32,
    pub(crate) deliveries: u32,
    pub(crate) cancel: Option<&'static str>,
    pub(crate) last_error: Option<String>,
    #[serde(flatten)]
    pub(crate) payloads: Payloads,
}

/// What is shown of the payloads of a record.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Payloads {
    pub(crate) wait: Option<Wait>,
    pub(crate) ending: Option<End>,
    pub(crate) tag_bytes: usize,
    pub(crate) state_bytes: usize,
    pub(crate) outcome_bytes: Option<usize>,
}

/// The counts of a wait.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Wait {
    pub(crate) polls: u32,
    pub(crate) replies: u32,
    pub(crate) failed: u32,
    pub(crate) failures_in_a_row: u32,
    pub(crate) running_at_seconds: f64,
    pub(crate) last_failure: Option<Failure>,
}

/// How a wait ended, without the response.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct End {
    pub(crate) how: &'static str,
    pub(crate) error: Option<Failure>,
}

/// A status, without its details.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Operation {
    pub(crate) fn new(record: &Record, payloads: Payloads) -> Self {
        Self {
            key: record.key.clone(),
            name: record.name.as_ref().map(|name| name.as_str().to_owned()),
            service: record.service.key().to_owned(),
            version: record.service.version().to_owned(),
            kind: record.kind.clone(),
            state: state::name(record.state),
            created: utc(record.created),
            age_seconds: seconds(record.age),
            deadline_seconds: record.deadline.map(seconds),
            due: record.due.map(utc),
            due_in_seconds: due_in(record),
            is_claimed: record.is_claimed,
            epoch: record.epoch,
            claims_without_result: record.claims,
            deliveries: record.deliveries,
            cancel: state::cancel(record.cancel),
            last_error: record.error.clone(),
            payloads,
        }
    }
}

impl Payloads {
    /// Reads the payloads of a record that has them.
    pub(crate) fn of(record: &Record) -> Self {
        Self {
            wait: serde_json::from_slice(&record.saved).ok().map(|saved| Wait::new(&saved)),
            ending: record.ending().map(|ending| End::new(&ending)),
            tag_bytes: record.tag.len(),
            state_bytes: record.saved.len(),
            outcome_bytes: record.outcome.as_ref().map(Vec::len),
        }
    }
}

impl Wait {
    fn new(saved: &Saved) -> Self {
        let trouble = saved.trouble.as_ref();
        Self {
            polls: saved.tally.polls,
            replies: saved.tally.replies,
            failed: trouble.map_or(0, |trouble| trouble.failed()),
            failures_in_a_row: trouble.map_or(0, |trouble| trouble.setbacks()),
            running_at_seconds: seconds(saved.tally.running()),
            last_failure: trouble.and_then(|trouble| trouble.last_failure()).map(Failure::new),
        }
    }
}

impl End {
    fn new(ending: &Result<Ending, Status>) -> Self {
        let failed = |how, status: &Status| Self { how, error: Some(Failure::new(status)) };
        match ending {
            Ok(Ending::Done(Outcome::Error(status))) => failed("error", status),
            Ok(Ending::Done(_)) => Self { how: "response", error: None },
            Ok(Ending::GaveUp(status)) => failed("given_up", status),
            Err(status) => failed("unreadable", status),
            Ok(_) => Self { how: "unknown", error: None },
        }
    }
}

impl Failure {
    pub(crate) fn new(status: &Status) -> Self {
        Self { code: status.code().to_string(), message: status.message().to_owned() }
    }
}
