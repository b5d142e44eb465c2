use lro::Service;

use super::RecordState;

/// A request for a page of records, ordered by key. By default the first 100 records, in any state and without payloads.
///
/// The next page begins [after](Self::after) the last key of this one. A page with fewer records than [`most`](Self::most) is the last.
#[derive(Clone, Debug, PartialEq)]
pub struct ListRequest {
    /// Only records in this state. `None` for all.
    pub state: Option<RecordState>,
    /// Only records of this service and version. `None` for all.
    pub service: Option<Service>,
    /// Only intents and claims whose lease has ended: intents that are unresolved, and records that are due.
    pub overdue: bool,
    /// Only records after this key. `None` begins at the first.
    pub after: Option<String>,
    /// The most records.
    pub most: usize,
    /// Whether the records have their payloads: tag, state of the wait, outcome.
    pub payloads: bool,
}

impl Default for ListRequest {
    fn default() -> Self {
        Self { state: None, service: None, overdue: false, after: None, most: 100, payloads: false }
    }
}
