use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a [`Learned`](crate::Learned) has learned, to be saved: with `serde`, about 1 KB of JSON a kind.
///
/// It holds the names of the kinds and when their operations were seen to finish. Numbers that make no sense count as
/// the nearest that do.
///
/// ```
/// use std::time::Duration;
/// use lro_learned::{History, Learned};
///
/// let learned = Learned::new();
/// learned.expect("report", Duration::from_secs(90));
/// let saved = serde_json::to_string(&learned.history())?;
///
/// let history: History = serde_json::from_str(&saved)?;
/// Learned::new().remember(&history);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    #[serde(default)]
    kinds: BTreeMap<String, KindHistory>,
}

/// What is remembered of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KindHistory {
    /// When each operation finished, in the natural logarithm of seconds: after the first and not later than the
    /// second, which is absent if it was given up.
    #[serde(default)]
    pub(crate) intervals: Vec<(f32, Option<f32>)>,
    /// How many polls the kind may be ahead of the classic backoff, by the waits that have ended.
    #[serde(default)]
    pub(crate) tokens: f32,
    /// How many of the last were surprises in a row: later than expected above zero, sooner below.
    #[serde(default)]
    pub(crate) surprises: i64,
    /// How well it tells its progress: the variance, in ln of seconds and beside the doubt, and the operations that it was learned from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bar: Option<(f32, u32)>,
}

impl History {
    pub(crate) fn of(kinds: impl Iterator<Item = (String, KindHistory)>) -> Self {
        Self { kinds: kinds.filter(|(_, memory)| !memory.intervals.is_empty()).collect() }
    }

    pub(crate) fn kinds(&self) -> &BTreeMap<String, KindHistory> {
        &self.kinds
    }
}
