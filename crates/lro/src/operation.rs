mod any;
mod name;
mod response;
mod typed;

use std::time::Duration;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned},
    ser::SerializeMap,
};
use serde_json::value::RawValue;

use self::typed::NoResponse;
use crate::{
    Origin, Status,
    message::{self, Field, json},
};

pub use self::{any::Any, name::OperationName, response::Response};

/// One state of an operation, `google.longrunning.Operation`, as a server tells it.
///
/// ```
/// use lro::{Operation, Outcome};
///
/// let pending = Operation::from_json(br#"{"name": "operations/1", "metadata": {"@type": "t/example.v1.Progress"}}"#)?;
/// assert!(pending.outcome.is_none());
///
/// let failed = Operation::from_json(br#"{"done": true, "error": {"code": 5, "message": "no such space"}}"#)?;
/// assert!(matches!(failed.outcome, Some(Outcome::Error(status)) if status.message() == "no such space"));
/// # Ok::<(), lro::Status>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operation {
    /// The name as the server gave it; empty where it gave none.
    pub name: String,
    /// What the service tells of the work, in a type of its own.
    pub metadata: Option<Any>,
    /// How the operation finished; `None` while it is running.
    pub outcome: Option<Outcome>,
    /// How long the server asks to wait before the next call (`Retry-After`); no part of the message.
    pub retry_after: Option<Duration>,
}

/// How an operation finished.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// With a response.
    Response(Any),
    /// With an error, of [`Origin::OperationFailed`].
    Error(Status),
    /// With neither, as some services do: a success for those who await `Empty`, else a failure of its own.
    Neither,
}

impl Outcome {
    /// The response, decoded as `R`; [`Neither`](Self::Neither) is one for those who await `Empty` or `()`.
    ///
    /// # Errors
    ///
    /// The error of the operation; [`Origin::MalformedReply`] if there is no response, or one that does not read as `R`.
    pub fn decode<R: DeserializeOwned>(&self) -> Result<R, Status> {
        match self {
            Self::Response(response) => response.decode(),
            Self::Error(status) => Err(status.clone()),
            Self::Neither => R::deserialize(NoResponse)
                .map_err(|_| Status::malformed("the operation finished without a response")),
        }
    }
}

impl Operation {
    /// An operation that is still running.
    pub fn running(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// An operation that finished with this response: an [`Any`] as it is, any other value as [`Any::from_value`] makes
    /// it. A message of a type that is checked needs [`Any::pack`].
    ///
    /// ```
    /// use lro::Operation;
    ///
    /// let pages = Operation::succeeded("operations/1", 42)?;
    /// assert_eq!(pages.outcome.unwrap().decode::<u32>()?, 42);
    /// # Ok::<(), lro::Status>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `INTERNAL` if the value does not serialize.
    pub fn succeeded(name: impl Into<String>, response: impl Serialize) -> Result<Self, Status> {
        let outcome = Some(Outcome::Response(Any::from_value(&response)?));
        Ok(Self { outcome, ..Self::running(name) })
    }

    /// An operation that finished with this error.
    pub fn failed(name: impl Into<String>, error: Status) -> Self {
        let error = error.with_origin(Origin::OperationFailed);
        Self { outcome: Some(Outcome::Error(error)), ..Self::running(name) }
    }

    /// Sets the metadata.
    pub fn with_metadata(self, metadata: Any) -> Self {
        Self { metadata: Some(metadata), ..self }
    }

    /// Sets the time that the server asks to wait before the next call.
    pub fn with_retry_after(self, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..self }
    }

    /// Whether the operation has finished.
    pub fn is_done(&self) -> bool {
        self.outcome.is_some()
    }

    /// Reads the body of a reply.
    ///
    /// # Errors
    ///
    /// `INTERNAL` of [`Origin::CallFailed`] if the body is not JSON (truncated, not UTF-8), and of
    /// [`Origin::MalformedReply`] if the JSON is no operation: a member of a wrong type, or both an error and a response.
    /// What is in metadata and response is looked at when they are decoded.
    pub fn from_json(body: &[u8]) -> Result<Self, Status> {
        json::from_json(body)
    }
}

crate::message! {
    /// The members as they come.
    struct Wire("google.longrunning.Operation") {
        name: String,
        metadata: Option<Raw>,
        done: bool,
        error: Option<Raw>,
        response: Option<Raw>,
    }
}

impl<'de> Deserialize<'de> for Operation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire: Wire = message::read(deserializer)?;
        let outcome = match (wire.done, wire.error, wire.response) {
            (false, _, _) => None,
            (true, None, None) => Some(Outcome::Neither),
            (true, Some(Raw(error)), None) => Some(Outcome::Error(
                serde_json::from_str(error.get())
                    .map_err(|error| de::Error::custom(json::describe(&error)))?,
            )),
            (true, None, Some(Raw(response))) => {
                let response = Any::from_raw(response)
                    .ok_or_else(|| de::Error::custom("the response of an operation is no object"))?;
                Some(Outcome::Response(response))
            }
            (true, Some(_), Some(_)) => {
                return Err(de::Error::custom("the operation is done with both an error and a response"));
            }
        };
        Ok(Self {
            name: wire.name,
            // Workspace Events documents `[]`: what is not an object counts as absent.
            metadata: wire.metadata.and_then(|Raw(raw)| Any::from_raw(raw)),
            outcome,
            retry_after: None,
        })
    }
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.name.is_empty() {
            map.serialize_entry("name", &self.name)?;
        }
        if let Some(metadata) = &self.metadata {
            map.serialize_entry("metadata", metadata.raw())?;
        }
        // JSON leaves a false `done` out.
        if let Some(outcome) = &self.outcome {
            map.serialize_entry("done", &true)?;
            match outcome {
                Outcome::Response(response) => map.serialize_entry("response", response.raw())?,
                Outcome::Error(error) => map.serialize_entry("error", error)?,
                Outcome::Neither => {}
            }
        }
        map.end()
    }
}

/// A member that is looked at later.
#[derive(Clone, Debug)]
struct Raw(Box<RawValue>);

impl Default for Raw {
    fn default() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Field for Raw {
    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        Box::deserialize(value).map(Self)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }

    fn is_absent(&self) -> bool {
        false
    }
}
