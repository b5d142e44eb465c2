use lro::rules::{Ending, Saved};
use serde::{Deserialize, Serialize};

use crate::Registration;

/// How a wait ended: the output of [`Polls::poll`](crate::Polls::poll).
///
/// ```
/// # use lro_temporal::Ended;
/// # #[derive(serde::Deserialize)] struct Job {}
/// fn job(ended: Ended) -> Result<Job, lro::Status> {
///     ended.ending.decode() // or the error of the operation, or why the wait was given up
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ended {
    /// The service and the name of the operation.
    pub registration: Registration,
    /// The outcome of the operation as the service sent it, or why the wait was given up.
    #[serde(with = "text")]
    pub ending: Ending,
    /// The counters of the wait, and its last failure.
    #[serde(with = "text")]
    pub saved: Saved,
}

/// A value as the text of its JSON.
///
/// The SDK reads JSON into a tree, which changes the numbers and the order of the members of a message.
pub(crate) mod text {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serde_json::to_string(value).map_err(ser::Error::custom)?.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: de::DeserializeOwned, D: Deserializer<'de>>(
        d: D,
    ) -> Result<T, D::Error> {
        serde_json::from_str(&String::deserialize(d)?).map_err(de::Error::custom)
    }
}
