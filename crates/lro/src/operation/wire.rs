//! The wire form of an operation.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
    ser::SerializeMap,
};
use serde_json::value::RawValue;

use super::{Operation, Outcome, stored};
use crate::{Origin, Status, message::json};

/// The members of an operation. A member that comes twice is an error.
#[derive(Deserialize)]
struct Wire {
    name: Option<String>,
    metadata: Option<Box<RawValue>>,
    done: Option<bool>,
    error: Option<Box<RawValue>>,
    response: Option<Box<RawValue>>,
}

/// Restores stored data. [`Operation::from_json`] parses a reply.
impl<'de> Deserialize<'de> for Operation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(TYPE_NAME, &[], OperationVisitor)
    }
}

/// Reads an object. `Wire` alone would accept an array of its members too.
struct OperationVisitor;

impl<'de> Visitor<'de> for OperationVisitor {
    type Value = Operation;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object, {TYPE_NAME}")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Operation, A::Error> {
        Wire::deserialize(MapAccessDeserializer::new(map))?.operation().map_err(de::Error::custom)
    }
}

impl Wire {
    fn operation(self) -> Result<Operation, String> {
        if self.name.is_none() && self.done.is_none() {
            return Err("it has neither `name` nor `done`".to_owned());
        }
        let mut running_error = None;
        let outcome = match (self.done.unwrap_or_default(), self.error, self.response) {
            (false, error, _) => {
                running_error = error.and_then(|error| error_while_running(&error));
                None
            }
            (true, None, None) => Some(Outcome::Neither),
            (true, Some(error), None) => {
                let error = serde_json::from_str(error.get());
                Some(Outcome::Error(error.map_err(|fault| format!("{ERROR}: {}", json::describe(&fault)))?))
            }
            (true, None, Some(response)) => {
                let response =
                    stored::read(response)?.ok_or("the response of an operation is not an object")?;
                Some(Outcome::Response(response))
            }
            (true, Some(_), Some(_)) => {
                return Err("the operation is done with both an error and a response".to_owned());
            }
        };
        let metadata = self.metadata.map(stored::read).transpose()?;
        Ok(Operation {
            name: self.name.unwrap_or_default(),
            // Metadata that is not an object counts as absent: the reference of Workspace Events shows `[]`.
            metadata: metadata.flatten(),
            outcome,
            running_error,
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
            map.serialize_entry("metadata", metadata)?;
        }
        // proto3 JSON omits a false `done`, but an operation has `name` or `done`.
        if self.name.is_empty() && !self.is_done() {
            map.serialize_entry("done", &false)?;
        }
        if let Some(error) = self.running_error.as_ref().filter(|_| !self.is_done()) {
            map.serialize_entry("error", error)?;
        }
        if let Some(outcome) = &self.outcome {
            map.serialize_entry("done", &true)?;
            match outcome {
                Outcome::Response(response) => map.serialize_entry("response", response)?,
                Outcome::Error(error) => map.serialize_entry("error", error)?,
                Outcome::Neither => {}
            }
        }
        map.end()
    }
}

/// Completes the error about a reply that is not an operation.
pub(super) fn explained(fault: Status, body: &[u8]) -> Status {
    if fault.origin() != Origin::MalformedReply {
        return fault;
    }
    if fault.message().contains(ERROR) {
        // Parses the error in its place, so that line and column count in the body.
        return json::from_json::<FailedOperation>(body).err().unwrap_or(fault);
    }
    Status::in_place_of_operation(body).unwrap_or(fault)
}

/// An operation that is known to have an error.
#[derive(Deserialize)]
struct FailedOperation {
    #[serde(rename = "error")]
    _error: Status,
}

/// Reads an error that does not count. An empty one says nothing.
fn error_while_running(error: &RawValue) -> Option<Status> {
    let error: Status = serde_json::from_str(error.get()).ok()?;
    (error.raw_code() != 0 || !error.message().is_empty()).then(|| error.of_a_call())
}

const TYPE_NAME: &str = "google.longrunning.Operation";

/// Introduces a fault in the error of a failed operation.
const ERROR: &str = "the error of the operation";
