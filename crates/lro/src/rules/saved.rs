use serde::{Deserialize, Serialize};

use super::{Tally, Trouble};
use crate::{Any, handle::Format};

/// The state of one operation as a driver stores it, so that another process can go on.
///
/// Its serialization carries a format number; a later format is refused.
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
    /// The state of every operation.
    #[serde(default)]
    pub tally: Tally,
    /// The state of one whose calls have failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// The last metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Any>,
}

impl Saved {
    /// The state to store.
    pub fn new(tally: Tally, trouble: Option<Trouble>, metadata: Option<Any>) -> Self {
        Self { format: Format, tally, trouble, metadata }
    }
}
