//! The catalogue of services.

use lro_services::{Entry, entries, find, find_grpc};
use serde::Serialize;

use crate::{
    args::Format,
    exit::{Exit, Failure},
    output::Output,
};

/// A version of a service, as JSON.
#[derive(Serialize)]
struct Row {
    /// What `--service` takes.
    service: String,
    host: &'static str,
    version: &'static str,
    form: &'static str,
    protocols: Vec<&'static str>,
    /// The calls beside get.
    calls: Vec<&'static str>,
    names: Vec<String>,
}

/// Lists the services whose operations can be polled and whose host contains a text, or that have it as another name.
pub(super) fn services(output: Output, filter: &str) -> Result<Exit, Failure> {
    let filter = filter.to_ascii_lowercase();
    let found = find(&filter, None).or_else(|_| find_grpc(&filter, None));
    let is_meant = |entry: &Entry| {
        entry.host().contains(&filter) || found.as_ref().is_ok_and(|found| found.host() == entry.host())
    };
    let mut rows = entries().filter(is_meant).map(row).filter(|row| !row.protocols.is_empty()).peekable();
    if let (None, Err(status)) = (rows.peek(), &found) {
        return Err(status.clone().into());
    }
    for row in rows {
        match output.format {
            Format::Json => output.json(&row)?,
            Format::Text => output.line(&text(&row))?,
        }
    }
    Ok(Exit::Done)
}

fn row(entry: Entry) -> Row {
    let (mut protocols, mut calls, mut names) = (Vec::new(), Vec::new(), Vec::new());
    if let Ok(binding) = entry.binding() {
        let has = binding.capabilities;
        let all = [("list", has.list), ("cancel", has.cancel), ("delete", has.delete), ("wait", has.wait)];
        calls = all.into_iter().filter(|(_, has)| *has).map(|(call, _)| call).collect();
        names = binding.name_templates().iter().map(|names| names.as_str().to_owned()).collect();
        protocols.push("HTTP");
    }
    if entry.has_grpc() {
        if protocols.is_empty() {
            // What a transport over gRPC alone assumes.
            (calls, names) = (vec!["list", "cancel", "delete"], vec!["**".to_owned()]);
        }
        protocols.push("gRPC");
    }
    Row {
        service: format!("{}/{}", entry.short_name(), entry.version()),
        host: entry.host(),
        version: entry.version(),
        form: entry.form(),
        protocols,
        calls,
        names,
    }
}

/// Returns a row as text. A column that has nothing is `-`.
fn text(row: &Row) -> String {
    let joined = |all: &[&str]| if all.is_empty() { "-".to_owned() } else { all.join(", ") };
    let mut names = row.names.iter().map(String::as_str).take(MOST_NAMES).collect::<Vec<_>>().join(", ");
    if let more @ 1.. = row.names.len().saturating_sub(MOST_NAMES) {
        names.push_str(&format!(", and {more} more"));
    }
    [row.service.as_str(), row.host, &joined(&row.protocols), &joined(&row.calls), &names].join("\t")
}

/// Services have up to a hundred forms, and a person knows the service by a few.
const MOST_NAMES: usize = 5;
