use std::time::SystemTime;

use lro_registry::{ListRequest, Record};
use serde::Serialize;

use super::{cut, state, time::seconds};

/// A page of a list of records.
#[derive(Debug, Serialize)]
pub(crate) struct List {
    pub(crate) state: Option<&'static str>,
    pub(crate) service: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) overdue: bool,
    pub(crate) after: Option<String>,
    pub(crate) records: Vec<Row>,
    /// The key after which the next page begins. `None` if this is the last page.
    pub(crate) next: Option<String>,
}

/// A record in a list.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) name: Option<String>,
    pub(crate) service: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) state: &'static str,
    pub(crate) age_seconds: f64,
    /// The time until it is due. Negative if it has been due for a time.
    pub(crate) due_in_seconds: Option<f64>,
    pub(crate) is_claimed: bool,
    pub(crate) claims_without_result: u32,
    pub(crate) deliveries: u32,
    pub(crate) cancel: Option<&'static str>,
    pub(crate) last_error: Option<String>,
}

impl List {
    pub(crate) fn new(request: &ListRequest, records: &[Record]) -> Self {
        let last = records.last().filter(|_| records.len() >= request.most);
        Self {
            state: request.state.map(state::name),
            service: request.service.as_ref().map(|service| service.key().to_owned()),
            version: request.service.as_ref().map(|service| service.version().to_owned()),
            overdue: request.overdue,
            after: request.after.clone(),
            records: records.iter().map(Row::new).collect(),
            next: last.map(|record| record.key.clone()),
        }
    }
}

impl Row {
    pub(crate) fn new(record: &Record) -> Self {
        Self {
            key: record.key.clone(),
            name: record.name.as_ref().map(|name| cut(name.as_str())),
            service: record.service.key().to_owned(),
            version: record.service.version().to_owned(),
            kind: record.kind.clone(),
            state: state::name(record.state),
            age_seconds: seconds(record.age),
            due_in_seconds: due_in(record),
            is_claimed: record.is_claimed,
            claims_without_result: record.claims,
            deliveries: record.deliveries,
            cancel: state::cancel(record.cancel),
            last_error: record.error.as_deref().map(cut),
        }
    }
}

/// Returns the time until a record is due, by the clock of the store: it is that of the record's creation and age.
pub(crate) fn due_in(record: &Record) -> Option<f64> {
    let now = record.created.checked_add(record.age).unwrap_or(SystemTime::UNIX_EPOCH);
    record.due.map(|due| match due.duration_since(now) {
        Ok(left) => seconds(left),
        Err(since) => -seconds(since.duration()),
    })
}
