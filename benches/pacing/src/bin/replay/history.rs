//! The learned history, in a file.

use std::{
    fs::{self, File},
    io::ErrorKind,
    path::Path,
};

use lro_learned::History;
use serde_json::Value;

use crate::Fault;

/// Reads the history in a file, and checks that the file can be written. A missing or empty file has an empty history.
pub(crate) fn open(path: &Path) -> Result<History, Fault> {
    let name = path.display();
    let json = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        read => read.map_err(|error| format!("cannot read {name}: {error}"))?,
    };
    let history = if json.trim_ascii().is_empty() { Ok(History::default()) } else { parse(&json) };
    let history = history
        .map_err(|fault| format!("{name} is no history: {fault}; it was left as it is, name another file"))?;
    // The error is reported now, not after all waits.
    File::options().append(true).create(true).open(path).map_err(|error| unwritten(path, &error))?;
    Ok(history)
}

pub(crate) fn save(path: &Path, history: &History) -> Result<(), Fault> {
    let json = serde_json::to_vec(history)?;
    fs::write(path, json).map_err(|error| unwritten(path, &error).into())
}

fn parse(json: &[u8]) -> Result<History, Fault> {
    let value: Value = serde_json::from_slice(json)?;
    // Any JSON object would be accepted as a history without kinds, and be overwritten.
    if !value["kinds"].is_object() {
        return Err("it has no kinds".into());
    }
    Ok(serde_json::from_value(value)?)
}

fn unwritten(path: &Path, error: &std::io::Error) -> String {
    format!("cannot write {}: {error}", path.display())
}
