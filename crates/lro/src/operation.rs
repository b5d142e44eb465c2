mod any;
mod encoded;
mod key;
mod name;
mod packed;
mod probe;
mod response;
pub(crate) mod stored;
mod type_url;
mod typed;
mod wire;

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use self::typed::NoResponse;
use crate::{Origin, Status, message::json};

pub use self::{any::Any, name::OperationName, response::Response};

/// One state of an operation, as a server reports it: `google.longrunning.Operation`.
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
    /// The name as the server sent it. Empty if the server sent none.
    pub name: String,
    /// The progress of the work, in a message type that the service defines.
    pub metadata: Option<Any>,
    /// The outcome. `None` while the operation is running.
    pub outcome: Option<Outcome>,
    /// An error that the reply carries although the operation is not done. It is not the outcome.
    pub running_error: Option<Status>,
    /// The least time to wait before the next call, as the server requests it (`Retry-After`).
    ///
    /// It comes from a header of the reply and is not part of the message.
    pub retry_after: Option<Duration>,
}

/// The outcome of an operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The operation succeeded with this response.
    Response(Any),
    /// The operation failed with this error, whose origin is [`Origin::OperationFailed`].
    Error(Status),
    /// The reply has neither a response nor an error. Some services send this for a response without content.
    ///
    /// It decodes as `Empty` and `()`. Any other type is an error.
    Neither,
}

impl Outcome {
    /// Decodes the response as `R`.
    ///
    /// [`Neither`](Self::Neither) decodes as `Empty` and `()`.
    ///
    /// # Errors
    ///
    /// The error of the operation if it failed. [`Origin::MalformedReply`] if there is no response or if it does not
    /// decode as `R`.
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
    /// Creates an operation that is still running.
    pub fn running(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Creates an operation that finished with this response.
    ///
    /// An [`Any`] is stored unchanged. Any other value is converted by [`Any::from_value`], which does not store the
    /// type of a message. A message whose type is checked when it is decoded needs [`Any::pack`].
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

    /// Creates an operation that finished with this error.
    ///
    /// The origin of the error becomes [`Origin::OperationFailed`].
    pub fn failed(name: impl Into<String>, error: Status) -> Self {
        Self::running(name).with_outcome(Err(error))
    }

    /// Sets the metadata.
    pub fn with_metadata(self, metadata: Any) -> Self {
        Self { metadata: Some(metadata), ..self }
    }

    /// Ends the operation with this response or this error, whose origin becomes [`Origin::OperationFailed`].
    pub fn with_outcome(self, outcome: Result<Any, Status>) -> Self {
        let outcome = match outcome {
            Ok(response) => Outcome::Response(response),
            Err(error) => Outcome::Error(error.with_origin(Origin::OperationFailed)),
        };
        Self { outcome: Some(outcome), ..self }
    }

    /// Sets the least time to wait before the next call.
    pub fn with_retry_after(self, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..self }
    }

    /// Parses the name of an operation that a starting call has returned, for the polls that follow.
    ///
    /// An operation that is already done needs none: the reply to a request that is only validated may have an empty name.
    ///
    /// # Errors
    ///
    /// - [`Origin::MalformedReply`]: the name is not valid.
    /// - The error of the reply, if it has one and no name: nothing was started.
    pub fn started_name(&self) -> Result<OperationName, Status> {
        OperationName::parse(&self.name).map_err(|fault| match &self.running_error {
            Some(error) if self.name.is_empty() => error.clone().in_context("the operation was not started"),
            _ => Status::malformed(format!(
                "the operation that was started has no usable name: {}",
                fault.message()
            )),
        })
    }

    /// Returns whether the operation has finished.
    pub fn is_done(&self) -> bool {
        self.outcome.is_some()
    }

    /// Parses the body of a reply.
    ///
    /// Metadata and response are not parsed until they are decoded.
    ///
    /// # Errors
    ///
    /// - `INTERNAL` with [`Origin::CallFailed`] if the body is not JSON, as in [`from_json`](crate::from_json).
    /// - The error of the server with [`Origin::CallFailed`] if the reply has neither `name` nor `done`, but `error`
    ///   ([`Status::in_reply`]).
    /// - `INTERNAL` with [`Origin::MalformedReply`] if the JSON is not an operation: it has neither `name` nor `done`, a
    ///   member has a wrong type or comes twice, or the operation has both an error and a response.
    pub fn from_json(body: &[u8]) -> Result<Self, Status> {
        json::from_json(body).map_err(|fault| wire::explained(fault, body))
    }
}
