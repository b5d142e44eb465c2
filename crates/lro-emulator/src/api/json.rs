//! Messages as JSON.

use bytes::Bytes;
use lro::{Code, Status};
use serde::Serialize;

/// Encodes a message as a body; `INTERNAL` if JSON cannot express it.
pub(crate) fn encode(message: &impl Serialize) -> Result<Bytes, Status> {
    serde_json::to_vec(message)
        .map(Bytes::from)
        .map_err(|error| Status::new(Code::Internal, format!("cannot write the reply: {error}")))
}

/// The `content-type` of every body of the services.
pub(crate) const CONTENT_TYPE: &str = "application/json; charset=UTF-8";
