use std::{borrow::Cow, fmt, time::Duration};

use lro::{Code, Operation, OperationName, Outcome, Status, rules::Ending};
use lro_registry::{Record, RecordState};
use serde::Serialize;

use crate::{
    args::Format,
    exit::{Exit, Failure},
    explain::explained,
    output::Output,
    text::{Shown, Time, counted},
};

/// A record as JSON.
#[derive(Serialize)]
struct Row<'a> {
    key: &'a str,
    service: &'a str,
    version: &'a str,
    name: Option<&'a OperationName>,
    kind: &'a str,
    state: &'a str,
    #[serde(flatten)]
    ended: Option<Ended>,
    claimed: bool,
    #[serde(rename = "ageSeconds")]
    age: f64,
    #[serde(rename = "deadlineSeconds", skip_serializing_if = "Option::is_none")]
    deadline: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    failures: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// How a wait ended.
#[derive(Serialize)]
pub(super) struct Ended {
    #[serde(rename = "ended")]
    how: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{} {code}", self.how),
            None => f.write_str(self.how),
        }
    }
}

/// The end of an operation of a registry, as JSON.
#[derive(Serialize)]
struct End<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    tag: Cow<'a, str>,
    #[serde(flatten)]
    operation: Option<&'a Operation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a Status>,
}

/// Writes a record.
pub(super) fn write(output: Output, record: &Record) -> Result<(), Failure> {
    let seconds = |duration: Duration| duration.as_millis() as f64 / 1_000.0;
    let state = state(record.state);
    if output.format == Format::Json {
        return output.json(&Row {
            key: &record.key,
            service: record.service.key(),
            version: record.service.version(),
            name: record.name.as_ref(),
            kind: &record.kind,
            state,
            ended: ended(record),
            claimed: record.is_claimed,
            age: seconds(record.age),
            deadline: record.deadline.map(seconds),
            due: record.due.map(|due| humantime::format_rfc3339_millis(due).to_string()),
            failures: record.failures,
            error: record.error.as_deref(),
        });
    }
    let ended = ended(record).map_or_else(|| "-".to_owned(), |ended| ended.to_string());
    let mut line = format!("{}\t{state}\t{ended}\tage {}", Shown(&record.key), Time(record.age));
    if record.failures > 0 {
        line.push_str(&format!("\t{} in a row", counted(record.failures, "failure")));
    }
    if let Some(error) = &record.error {
        line.push_str(&format!("\t{}", Shown(error)));
    }
    output.line(&line)
}

/// Writes how the wait for an operation ended, and returns its exit code.
pub(super) fn write_end(
    output: Output,
    key: &str,
    tag: &[u8],
    name: Option<&OperationName>,
    ending: Result<Ending, Status>,
) -> Result<Exit, Failure> {
    let ended = match ending {
        Ok(Ending::Done(outcome)) => Ok(outcome),
        Ok(Ending::GaveUp(status)) => Err((status, "given up")),
        Ok(_) => Err((Status::malformed("a later version has stored the outcome"), "unknown")),
        Err(status) => Err((status, "unknown")),
    };
    let exit = match &ended {
        Ok(Outcome::Error(status)) | Err((status, _)) => Exit::of(status),
        Ok(_) => Exit::Done,
    };
    let tag = String::from_utf8_lossy(tag);
    let name = name.map_or("", OperationName::as_str);
    match (ended, output.format) {
        (Ok(outcome), Format::Json) => {
            let operation = Operation { outcome: Some(outcome), ..Operation::running(name) };
            output.json(&End { key, tag, operation: Some(&operation), failure: None })?;
        }
        (Err((status, _)), Format::Json) => {
            output.json(&End { key, tag, operation: None, failure: Some(&status) })?
        }
        (Ok(outcome), Format::Text) => {
            // The key stands in the place of the name.
            output.operation(&Operation { outcome: Some(outcome), ..Operation::running(key) })?;
        }
        (Err((status, how)), Format::Text) => {
            output.line(&format!("{}\t{how}\t{}", Shown(key), Shown(&explained(&status))))?;
        }
    }
    Ok(exit)
}

/// Returns how the wait of a record that has its payloads ended, `None` if it has not.
pub(super) fn ended(record: &Record) -> Option<Ended> {
    let (how, code) = match record.ending()? {
        Ok(Ending::Done(Outcome::Error(status))) if status.code() == Code::Cancelled => ("cancelled", None),
        Ok(Ending::Done(Outcome::Error(status))) => ("failed", Some(status.code().name())),
        Ok(Ending::Done(_)) => ("succeeded", None),
        Ok(Ending::GaveUp(status)) => ("gave up", Some(status.code().name())),
        // A later version has stored it.
        Ok(_) | Err(_) => ("unknown", None),
    };
    Some(Ended { how, code })
}

pub(super) fn state(state: RecordState) -> &'static str {
    match state {
        RecordState::Intent => "intent",
        RecordState::Pending => "pending",
        RecordState::SetAside => "set aside",
        RecordState::Finished => "finished",
        RecordState::Acknowledged => "acknowledged",
        _ => "unknown",
    }
}
