//! Saved handles, and names on stdin.

use std::{
    collections::HashSet,
    fs,
    hash::Hash,
    io::{self, Read},
    path::{Display, Path},
};

use lro::{Handle, OperationName};
use serde::Deserialize;
use serde_json::Value;

use crate::exit::Failure;

/// Reads a file, or stdin for `-`.
pub(crate) fn text(file: &Path) -> Result<String, Failure> {
    let read = if file == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    read.map_err(|error| Failure::usage(format!("cannot read {}: {error}", shown(file))))
}

/// Returns the name of a file for a message.
pub(crate) fn shown(file: &Path) -> Display<'_> {
    if file == Path::new("-") { Path::new("stdin") } else { file }.display()
}

/// Reads the handles in a file: JSON values, each a handle or what a command has written about an operation, or the text that a command
/// has written, with handles on lines of their own. Those of operations that are done are left out.
pub(crate) fn read(file: &Path) -> Result<Vec<Handle>, Failure> {
    let refuse =
        |fault: &dyn std::fmt::Display| Failure::usage(format!("no handle in {}: {fault}", shown(file)));
    let text = text(file)?;
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(&text).into_iter().collect();
    let values = values.or_else(|fault| {
        let lines = text.lines().filter(|line| line.starts_with("{\""));
        let values: Vec<Value> = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
        if values.is_empty() { Err(fault) } else { Ok(values) }
    });
    let mut handles = Vec::new();
    for value in values.map_err(|fault| refuse(&fault))? {
        let handle = match value.get("handle") {
            Some(handle) => handle,
            None if value.get("service").is_some() => &value,
            None => continue,
        };
        handles.push(Handle::deserialize(handle).map_err(|fault| refuse(&fault))?);
    }
    without_repeats(&mut handles);
    match handles.is_empty() {
        true => Err(refuse(&"it has none of an operation that may be running")),
        false => Ok(handles),
    }
}

/// Parses names. `-` stands for the lines of stdin.
pub(crate) fn names(arguments: &[String]) -> Result<Vec<OperationName>, Failure> {
    let mut names = Vec::new();
    for argument in arguments {
        if argument == "-" {
            let text = text(Path::new("-"))?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            names.extend(lines.map(OperationName::parse).collect::<Result<Vec<_>, _>>()?);
        } else {
            names.push(OperationName::parse(argument)?);
        }
    }
    without_repeats(&mut names);
    match names.is_empty() {
        true => Err(Failure::usage("no names: stdin is empty")),
        false => Ok(names),
    }
}

/// Removes what was there before.
pub(crate) fn without_repeats<T: Clone + Eq + Hash>(all: &mut Vec<T>) {
    let mut seen = HashSet::new();
    all.retain(|one| seen.insert(one.clone()));
}
