use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error as _},
};

use super::{Age, Next, tally::shortened};
use crate::{Any, Code, Origin, Outcome, Status, handle::Format, status::stored::Stored};

/// How a wait ended, in the form that a driver stores.
///
/// The serialized form carries a format number. Deserialization rejects a later format, and a form that is not one ending.
/// Messages in JSON and in protobuf are restored byte by byte. Of a [`GaveUp`](Self::GaveUp), code, message, details, origin,
/// advice and [response](Status::response) are stored. The report is not: [`Saved`](super::Saved) has its numbers.
///
/// ```
/// use lro::{Outcome, Operation, rules::Ending};
///
/// let outcome = Operation::succeeded("operations/1", 42)?.outcome.unwrap();
/// let stored = serde_json::to_string(&Ending::Done(outcome))?;
/// assert!(stored.starts_with(r#"{"format":1,"response":{"#));
/// let restored: Ending = serde_json::from_str(&stored)?;
/// assert_eq!(restored.decode::<u32>()?, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Ending {
    /// The operation is done.
    Done(Outcome),
    /// The wait ended before. The operation may still be running.
    GaveUp(Status),
}

impl Ending {
    /// Returns what a driver stores in place of this ending, which takes `size` bytes in its store, and at most `most` are accepted.
    ///
    /// An outcome becomes `RESOURCE_EXHAUSTED` with both numbers, [`Origin::StoppedAsking`](crate::Origin::StoppedAsking). The status
    /// of a wait that was given up stays, with the first 1,000 characters of its message and without its details.
    pub fn too_large(self, size: usize, most: usize) -> Self {
        match self {
            Self::GaveUp(status) if status.response().is_none() => Self::GaveUp(shortened(status)),
            _ => {
                let message = format!(
                    "the operation is done, and its outcome was not stored: it has {size} bytes, and the limit is {most}"
                );
                let status = Status::new(Code::ResourceExhausted, message);
                Self::GaveUp(status.with_origin(Origin::StoppedAsking))
            }
        }
    }

    /// Decodes the response as `R`.
    ///
    /// # Errors
    ///
    /// That of [`Outcome::decode`] if the operation is done, and otherwise the status with which the wait ended.
    pub fn decode<R: DeserializeOwned>(&self) -> Result<R, Status> {
        match self {
            Self::Done(outcome) => outcome.decode(),
            Self::GaveUp(status) => Err(status.clone()),
        }
    }
}

impl Next {
    /// Returns how the wait ends. An expiry becomes the status [`Expiry::status`](super::Expiry::status).
    ///
    /// # Errors
    ///
    /// The age at which the driver makes another call, if the wait goes on.
    pub fn into_ending(self) -> Result<Ending, Age> {
        match self {
            Self::Ask { at, .. } => Err(at),
            Self::Done(outcome) => Ok(Ending::Done(outcome)),
            Self::Failed { status, .. } => Ok(Ending::GaveUp(status)),
            Self::Expired { why, .. } => Ok(Ending::GaveUp(why.status())),
        }
    }
}

/// The stored form. One of its members is present, beside the format.
#[derive(Serialize, Deserialize)]
struct Form<'a> {
    format: Format,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response: Option<Cow<'a, Any>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Cow<'a, Status>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    neither: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gave_up: Option<Stored<'a>>,
}

impl Serialize for Ending {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let empty = Form { format: Format, response: None, error: None, neither: None, gave_up: None };
        let form = match self {
            Self::Done(Outcome::Response(response)) => {
                Form { response: Some(Cow::Borrowed(response)), ..empty }
            }
            Self::Done(Outcome::Error(status)) => Form { error: Some(Cow::Borrowed(status)), ..empty },
            Self::Done(Outcome::Neither) => Form { neither: Some(true), ..empty },
            Self::GaveUp(status) => Form { gave_up: Some(Stored::end(status)), ..empty },
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Ending {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Form { format: Format, response, error, neither, gave_up } = Form::deserialize(deserializer)?;
        match (response, error, neither, gave_up) {
            (Some(response), None, None, None) => Ok(Self::Done(Outcome::Response(response.into_owned()))),
            (None, Some(status), None, None) => Ok(Self::Done(Outcome::Error(status.into_owned()))),
            (None, None, Some(true), None) => Ok(Self::Done(Outcome::Neither)),
            (None, None, None, Some(stored)) => {
                stored.into_end().map(Self::GaveUp).ok_or_else(|| D::Error::missing_field("origin"))
            }
            _ => Err(D::Error::custom("an ending has one of response, error, neither (true) and gave_up")),
        }
    }
}
