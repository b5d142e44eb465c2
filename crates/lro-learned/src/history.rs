use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{SeqAccess, Visitor},
};

use crate::kind::MOST_OPERATIONS;

/// What a [`Learned`](crate::Learned) has learned, for saving: with `serde`, about 1 KB of JSON a kind.
///
/// It holds the names of the kinds and when their operations were seen to finish. As JSON it is
/// `{"format": 1, "kinds": {…}}`. A later format is refused; a history without that member is of format 1.
///
/// A history from elsewhere is bounded in what it may say. Of each kind the last 64 operations are read, numbers that
/// make no sense count as the nearest that do, and no first poll is later than the [longest
/// delay](crate::Learned::longest_delay).
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
    format: Format,
    #[serde(default)]
    kinds: BTreeMap<String, KindHistory>,
}

/// What is remembered of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KindHistory {
    /// When each operation ended, in the natural logarithm of seconds: after the first number and not later than the
    /// second. The second is absent if the wait was given up.
    #[serde(default, deserialize_with = "last_operations")]
    pub(crate) intervals: VecDeque<(f32, Option<f32>)>,
    /// The balance of the ledger, of the waits that have ended.
    #[serde(default)]
    pub(crate) tokens: f32,
    /// How many of the last operations were surprises in a row: late ones if positive, early ones if negative.
    #[serde(default)]
    pub(crate) surprises: i64,
    /// The variance of the progress model, and the number of operations that it was learned from. Early histories call
    /// it `bar`.
    #[serde(default, alias = "bar", skip_serializing_if = "Option::is_none")]
    pub(crate) progress: Option<(f32, u32)>,
}

/// How a history is written. A history says it, so that an older version does not misread a newer one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u32", try_from = "u32")]
struct Format;

impl History {
    pub(crate) fn of(kinds: impl Iterator<Item = (String, KindHistory)>) -> Self {
        let kinds = kinds.filter(|(_, history)| !history.intervals.is_empty()).collect();
        Self { format: Format, kinds }
    }

    pub(crate) fn kinds(&self) -> &BTreeMap<String, KindHistory> {
        &self.kinds
    }
}

impl From<Format> for u32 {
    fn from(_: Format) -> Self {
        FORMAT
    }
}

impl TryFrom<u32> for Format {
    type Error = String;

    fn try_from(format: u32) -> Result<Self, String> {
        match format {
            FORMAT => Ok(Self),
            other => Err(format!(
                "a history of format {other}, and this version of lro-learned reads format {FORMAT}"
            )),
        }
    }
}

/// Reads the last operations of a list of any length, and keeps no more than those in memory.
fn last_operations<'de, D, T>(deserializer: D) -> Result<VecDeque<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Last<T>(VecDeque<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Last<T> {
        type Value = VecDeque<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of operations")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self::Value, A::Error> {
            while let Some(operation) = list.next_element()? {
                if self.0.len() >= MOST_OPERATIONS {
                    self.0.pop_front();
                }
                self.0.push_back(operation);
            }
            Ok(self.0)
        }
    }

    deserializer.deserialize_seq(Last(VecDeque::new()))
}

const FORMAT: u32 = 1;
