use std::io::{self, Write};

use lro::{Any, Handle, Operation, OperationName, Outcome, Status};
use serde::Serialize;

use crate::{
    args::Format,
    exit::{Exit, Failure, is_resumable},
    json,
    text::Shown,
};

/// Writes data to stdout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
}

/// The end of a wait that is not the end of its operation.
#[derive(Serialize)]
struct Unfinished<'a> {
    name: &'a OperationName,
    failure: FailureOf<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<&'a Handle>,
}

#[derive(Serialize)]
struct FailureOf<'a> {
    exit: u8,
    #[serde(flatten)]
    status: &'a Status,
}

impl Output {
    /// Writes the state of an operation.
    pub(crate) fn operation(self, operation: &Operation) -> Result<(), Failure> {
        match self.format {
            Format::Json => self.line(&json::line(operation)?),
            Format::Text => self.line(&format!("{}\t{}", Shown(&operation.name), state(operation)?)),
        }
    }

    /// Writes the response of the only operation that was waited for.
    pub(crate) fn response(self, operation: &Operation) -> Result<(), Failure> {
        match (&operation.outcome, self.format) {
            (Some(Outcome::Response(response)), Format::Text) => self.line(&json::indented(response)?),
            (Some(Outcome::Neither), Format::Text) => self.line("{}"),
            (_, Format::Text) => Ok(()),
            (_, Format::Json) => self.operation(operation),
        }
    }

    /// Writes that a wait ended before its operation was done. As text, stderr says why, and the handle is what is written.
    pub(crate) fn unfinished(self, handle: &Handle, status: &Status) -> Result<(), Failure> {
        if self.format == Format::Text {
            return if is_resumable(status) { self.json(handle) } else { Ok(()) };
        }
        let name = handle.name_for(handle.service())?;
        let failure = FailureOf { exit: Exit::of(status) as u8, status };
        let handle = status.may_be_running().then_some(handle);
        self.line(&json::line(&Unfinished { name: &name, failure, handle })?)
    }

    /// Writes a value, as JSON in any format.
    pub(crate) fn json(self, value: &impl Serialize) -> Result<(), Failure> {
        self.line(&json::line(value)?)
    }

    /// Writes a line that is as it should be.
    pub(crate) fn line(self, line: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        let written = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
        written.map_err(|error| Failure::stdout(&error))
    }
}

/// Returns the state of an operation as text: what it is, and the metadata or the outcome.
fn state(operation: &Operation) -> Result<String, Failure> {
    let shown = |any: &Any| json::line(any);
    Ok(match (&operation.outcome, &operation.metadata) {
        (None, None) => "running".to_owned(),
        (None, Some(metadata)) => format!("running\t{}", shown(metadata)?),
        (Some(Outcome::Response(response)), _) => format!("done\t{}", shown(response)?),
        (Some(Outcome::Neither), _) => "done".to_owned(),
        (Some(Outcome::Error(status)), _) => format!("failed\t{status}"),
    })
}

/// Writes a line to stderr. Nothing is left to do if that fails.
pub(crate) fn complain(what: &str, message: &str) {
    let style = match what {
        "error" => console::Style::new().red().bold(),
        _ => console::Style::new().yellow().bold(),
    };
    note(&format!("{}: {message}", style.for_stderr().apply_to(what)));
}

/// Writes a line to stderr.
pub(crate) fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
