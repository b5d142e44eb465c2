use std::{collections::HashMap, time::Duration};

use lro_registry::{ListRequest, Record, RecordState};

use super::{open, record};
use crate::{
    args::{RegistryList, Store},
    exit::{Exit, Failure},
    handles,
    output::{Output, complain, note},
    signal::interrupted,
    text::Shown,
};

/// Lists records.
pub(super) async fn list(output: Output, args: &RegistryList) -> Result<Exit, Failure> {
    let registry = open(&args.store, false).await?;
    let mut left = args.most.unwrap_or(usize::MAX);
    let state = args.state.map(RecordState::from);
    // How a record ended is among its payloads.
    let mut request = ListRequest { state, overdue: args.overdue, payloads: true, ..ListRequest::default() };
    while left > 0 {
        request.most = left.min(PAGE);
        let records = registry.list(&request).await?;
        for record in &records {
            record::write(output, record)?;
        }
        if records.len() < request.most {
            break;
        }
        left -= records.len();
        request.after = records.last().map(|record| record.key.clone());
    }
    Ok(Exit::Done)
}

/// Writes the changes of records until their operations have ended, or until Ctrl-C.
pub(super) async fn watch(
    output: Output,
    mut keys: Vec<String>,
    every: Duration,
    store: &Store,
) -> Result<Exit, Failure> {
    let registry = open(store, false).await?;
    handles::without_repeats(&mut keys);
    let (mut exit, mut last) = (Exit::Done, HashMap::new());
    let interrupted = interrupted();
    tokio::pin!(interrupted);
    loop {
        let mut pending = Vec::new();
        for key in keys {
            let Some(found) = registry.get(&key).await? else {
                complain("error", &format!("no record has the key {}", Shown(&key)));
                exit = exit.max(Exit::NotFound);
                continue;
            };
            if let Some(ending) = found.ending() {
                let end = record::write_end(output, &key, &found.tag, found.name.as_ref(), ending)?;
                exit = exit.max(end);
                continue;
            }
            let change = change_of(&found);
            if last.get(&key) != Some(&change) {
                record::write(output, &found)?;
                last.insert(key.clone(), change);
            }
            pending.push(key);
        }
        if pending.is_empty() {
            return Ok(exit);
        }
        keys = pending;
        tokio::select! {
            _ = &mut interrupted => {
                note("interrupted; workers poll on, and the same command continues");
                return Ok(Exit::Interrupted);
            }
            () = tokio::time::sleep(every.max(LEAST_PAUSE)) => {}
        }
    }
}

/// Returns what is news about a record.
fn change_of(record: &Record) -> (RecordState, Option<String>, u32) {
    (record.state, record.error.clone(), record.failures)
}

/// Looks without a pause would keep the database busy.
const LEAST_PAUSE: Duration = Duration::from_millis(10);
/// A page of a terminal. The payloads of more records may be too much memory.
const PAGE: usize = 50;
