//! Changes of records by a person.

use lro_registry::{CancelRequested, Registry};
use serde::{Serialize, Serializer};

use super::{open, record};
use crate::{
    args::{Format, Store},
    exit::{Exit, Failure},
    output::Output,
    text::Shown,
};

#[derive(Clone, Copy)]
pub(super) enum Change {
    Cancel,
    TakeBack,
    Forget,
}

/// What became of a change, as JSON: the key, and the result under the name of the change.
struct Changed<'a>(&'a str, Change, &'a str);

impl Serialize for Changed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let change = match self.1 {
            Change::Cancel => "cancel",
            Change::TakeBack => "takeBack",
            Change::Forget => "forget",
        };
        serializer.collect_map([("key", self.0), (change, self.2)])
    }
}

/// Changes the records of keys, and writes what became of each.
pub(super) async fn change(
    output: Output,
    change: Change,
    keys: &[String],
    store: &Store,
) -> Result<Exit, Failure> {
    let registry = open(store, false).await?;
    let mut exit = Exit::Done;
    for key in keys {
        let (end, result) = match change {
            Change::Cancel => cancel(&registry, key).await?,
            Change::TakeBack => take_back(&registry, key).await?,
            Change::Forget if registry.forget(key).await? => (Exit::Done, "forgotten".to_owned()),
            Change::Forget => unknown(),
        };
        exit = exit.max(end);
        match output.format {
            Format::Json => output.json(&Changed(key, change, &result))?,
            Format::Text => output.line(&format!("{}\t{result}", Shown(key)))?,
        }
    }
    Ok(exit)
}

async fn cancel(registry: &Registry, key: &str) -> Result<(Exit, String), Failure> {
    let result = match registry.cancel(key).await? {
        CancelRequested::Requested => "requested",
        CancelRequested::Already => "requested before",
        CancelRequested::Ended => "ended already",
        _ => return Ok(unknown()),
    };
    Ok((Exit::Done, result.to_owned()))
}

async fn take_back(registry: &Registry, key: &str) -> Result<(Exit, String), Failure> {
    if registry.take_back(key).await? {
        return Ok((Exit::Done, "taken back".to_owned()));
    }
    let Some(record) = registry.get(key).await? else { return Ok(unknown()) };
    let state = record::state(record.state);
    let how = record::ended(&record).map_or_else(|| state.to_owned(), |ended| format!("{state}, {ended}"));
    Ok((Exit::Usage, format!("neither given up nor set aside: {how}")))
}

fn unknown() -> (Exit, String) {
    (Exit::NotFound, "unknown key".to_owned())
}
