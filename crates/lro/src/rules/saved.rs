use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Age, Ending, Tally, Trouble};
use crate::{Any, OperationName, Report, handle::Format};

/// The state of one operation in the form that a driver stores. Another process resumes the wait from it.
///
/// The serialized form carries a format number. Deserialization rejects a later format.
///
/// ```
/// use lro::rules::Saved;
///
/// let saved = serde_json::to_string(&Saved::default())?;
/// assert!(saved.starts_with(r#"{"format":1,"#));
/// let restored: Saved = serde_json::from_str(&saved)?;
/// assert_eq!(restored.tally.polls, 0);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    format: Format,
    /// The counters of the wait.
    #[serde(default)]
    pub tally: Tally,
    /// The failures, `None` if no call has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// The last metadata, `None` if the service sent none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Any>,
    /// Whether metadata was left out because of its size.
    #[serde(default, skip_serializing_if = "is_not")]
    pub metadata_dropped: bool,
    /// What is known of requests to cancel the operation, `None` if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<Requests>,
    /// The age of the wait at its last call, for a report.
    #[serde(default, skip_serializing_if = "Duration::is_zero", with = "micros")]
    pub elapsed: Age,
    /// Before when the server wants no poll (`Retry-After`). A request to cancel is sent before, and no poll follows it at once.
    #[serde(default, skip_serializing_if = "Duration::is_zero", with = "micros")]
    pub floor: Age,
}

impl Saved {
    /// Creates the state to store, in the current format.
    pub fn new(tally: Tally, trouble: Option<Trouble>, metadata: Option<Any>) -> Self {
        Self { tally, trouble, metadata, ..Self::default() }
    }

    /// Sets the age of the wait at its last call.
    pub fn with_elapsed(self, elapsed: Age) -> Self {
        Self { elapsed, ..self }
    }

    /// Leaves the metadata out. The report says so.
    pub fn drop_metadata(&mut self) {
        self.metadata_dropped |= self.metadata.take().is_some();
    }

    /// Returns the report of a wait that ended in this state.
    pub fn report(&self, name: Option<OperationName>, ending: &Ending) -> Report {
        Report {
            name,
            polls: self.tally.polls,
            failed_calls: self.trouble.as_ref().map_or(0, Trouble::failed),
            elapsed: self.elapsed,
            done: matches!(ending, Ending::Done(_)),
            last_failure: self.trouble.as_ref().and_then(Trouble::last_failure).cloned(),
            last_metadata: self.metadata.clone(),
            metadata_dropped: self.metadata_dropped && self.metadata.is_none(),
        }
    }
}

/// What is known of the requests to cancel an operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Requests {
    /// The requests that failed. They have no budget.
    pub trouble: Trouble,
    /// When the service accepted a request, and the successful replies before it. `None` if it accepted none.
    pub accepted: Option<(Age, u32)>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is that of serde")]
fn is_not(value: &bool) -> bool {
    !*value
}

/// A duration as a number of microseconds.
mod micros {
    use super::{Deserialize, Duration, Serialize};

    pub(super) fn serialize<S: serde::Serializer>(age: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        u64::try_from(age.as_micros()).unwrap_or(u64::MAX).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_micros)
    }
}
