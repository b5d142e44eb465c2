use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lro_registry::Record;

use crate::view::operation::Payloads;

/// What the records had in their payloads that were read last. A page that is refreshed reads them again only after a change.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<VecDeque<(Record, Payloads)>>);

impl Seen {
    /// Returns what the payloads of a record have, if they were read and nothing was written to the record since.
    ///
    /// Every write of a payload changes the record beside it: its state, or its epoch and its due time.
    pub(super) fn find(&self, record: &Record) -> Option<Payloads> {
        let record = unchanging(record.clone());
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().find(|(of, _)| *of == record).map(|(_, payloads)| payloads.clone())
    }

    pub(super) fn keep(&self, record: Record, payloads: Payloads) {
        let record = unchanging(record);
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|(of, _)| of.key != record.key);
        seen.push_front((record, payloads));
        seen.truncate(MOST);
    }
}

/// Returns a record without its payloads, and without its age.
fn unchanging(mut record: Record) -> Record {
    record.age = Duration::ZERO;
    (record.tag, record.saved, record.outcome) = (Vec::new(), Vec::new(), None);
    record
}

/// The operations that people look at in a time: some open pages. Each takes some kilobytes.
const MOST: usize = 50;
