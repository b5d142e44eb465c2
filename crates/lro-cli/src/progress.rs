//! Progress on stderr: bars in a terminal, else a line for each change.

mod bars;

use std::{collections::HashMap, io::IsTerminal};

use lro::{Operation, OperationName, Status};

use self::bars::Bars;
use crate::{
    exit::Failure,
    output::note,
    text::{Shown, Time, counted},
    waits::View,
};

/// Shows how waits are getting on.
#[derive(Debug)]
pub(crate) enum Progress {
    Off,
    /// The last line about each operation.
    Lines(HashMap<OperationName, String>),
    Bars(Bars),
}

impl Progress {
    /// Creates the progress of this number of operations.
    pub(crate) fn new(is_quiet: bool, operations: usize) -> Self {
        match (is_quiet, is_attended()) {
            (true, _) => Self::Off,
            (false, true) => Self::Bars(Bars::new(operations)),
            (false, false) => Self::Lines(HashMap::new()),
        }
    }

    /// Shows that an operation is running, with the time that it usually still takes.
    pub(crate) fn running(
        &mut self,
        name: &OperationName,
        view: &View,
        time_left: Option<std::time::Duration>,
    ) {
        match self {
            Self::Off => {}
            Self::Lines(last) => {
                let mut change = String::new();
                if let Some(share) = view.progress {
                    change.push_str(&format!(", {}", percent(share)));
                }
                if let Some(json) = view.metadata.as_ref().and_then(|metadata| metadata.as_json()) {
                    change.push_str(&format!(", {}", Shown(&cut(&crate::json::compact(json)))));
                }
                if last.get(name) == Some(&change) {
                    return;
                }
                let left = time_left.map_or_else(String::new, |left| format!(", about {} left", Time(left)));
                note(&format!("{}: running{change}{left}", Shown(name.as_str())));
                last.insert(name.clone(), change);
            }
            Self::Bars(bars) => bars.running(name, view, time_left),
        }
    }

    /// Shows how a wait has ended.
    pub(crate) fn ended(&mut self, name: &OperationName, result: &Result<Operation, Status>, view: &View) {
        let how = match result {
            Ok(operation) if matches!(operation.outcome, Some(lro::Outcome::Error(_))) => "failed",
            Ok(_) => "done",
            Err(_) => "given up",
        };
        let line = || {
            let (polls, elapsed) = (counted(view.polls, "poll"), Time(view.elapsed));
            format!("{}: {how} after {elapsed}, {polls}", Shown(name.as_str()))
        };
        match self {
            Self::Off => {}
            Self::Lines(last) => {
                last.remove(name);
                note(&line());
            }
            Self::Bars(bars) => bars.ended(name, how, &line()),
        }
    }

    /// Writes something else while no bar is shown.
    pub(crate) fn beside(&self, write: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        match self {
            Self::Off | Self::Lines(_) => write(),
            Self::Bars(bars) => bars.beside(write),
        }
    }

    /// Removes the bars.
    pub(crate) fn end(&self) {
        if let Self::Bars(bars) = self {
            bars.end();
        }
    }
}

/// Returns whether stderr is a terminal that can move its cursor: indicatif draws nothing elsewhere.
pub(crate) fn is_attended() -> bool {
    let is_terminal = std::io::stderr().is_terminal() && console::Term::stderr().features().is_attended();
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    is_terminal && !is_dumb
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Returns the start of metadata, for a line that is read.
fn cut(json: &str) -> String {
    match json.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &json[..end]),
        None => json.to_owned(),
    }
}

/// About two lines of a terminal.
const LONGEST: usize = 160;
