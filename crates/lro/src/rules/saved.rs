use serde::{Deserialize, Serialize};

use super::{Tally, Trouble};
use crate::{Any, handle::Format};

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
}

impl Saved {
    /// Creates the state to store, in the current format.
    pub fn new(tally: Tally, trouble: Option<Trouble>, metadata: Option<Any>) -> Self {
        Self { format: Format, tally, trouble, metadata }
    }
}
