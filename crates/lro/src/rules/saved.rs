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
    /// The age of the wait at its last call, for a report.
    #[serde(default, skip_serializing_if = "Duration::is_zero", with = "micros")]
    pub elapsed: Age,
}

impl Saved {
    /// Creates the state to store, in the current format.
    pub fn new(tally: Tally, trouble: Option<Trouble>, metadata: Option<Any>) -> Self {
        Self { format: Format, tally, trouble, metadata, elapsed: Duration::ZERO }
    }

    /// Sets the age of the wait at its last call.
    pub fn with_elapsed(self, elapsed: Age) -> Self {
        Self { elapsed, ..self }
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
            metadata_dropped: false,
        }
    }
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
